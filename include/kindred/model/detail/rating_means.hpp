#pragma once

#include <kindred/backend/concepts.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>

#include <cstddef>
#include <numeric>

namespace kindred::detail {

/// Mean rating of each of `count` users or items, whose ratings are `ratings_of(k)`; `otherwise` if
/// there are none.
template <host_backend Backend, class Ratings>
[[nodiscard]] aligned_vector<float> rating_means(const Backend& backend, index count,
                                                 double otherwise, const Ratings& ratings_of) {
  aligned_vector<float> means(static_cast<std::size_t>(count));
  backend.for_range(means.size(), [&](std::size_t first, std::size_t last) {
    for (std::size_t k = first; k < last; ++k) {
      const auto values = ratings_of(static_cast<index>(k)).values();
      const double sum = std::accumulate(values.begin(), values.end(), 0.0);
      means[k] =
          static_cast<float>(values.empty() ? otherwise : sum / static_cast<double>(values.size()));
    }
  });
  return means;
}

}  // namespace kindred::detail
