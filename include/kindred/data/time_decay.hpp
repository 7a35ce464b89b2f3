#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/parallel.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/data/detail/split_marks.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

namespace kindred {

/// How fast ratings grow old.
struct time_decay_options {
  std::chrono::seconds half_life = std::chrono::days(365);  ///< > 0
  /// When the age of a rating is zero, in Unix seconds; without it, the time of the latest rating.
  std::optional<std::int64_t> now{};
};

/// The same ratings, the weight of each (1 where there are none) multiplied by
/// 2^(-age / half_life): tastes drift, and old ratings say less (Ding and Li, "Time weight
/// collaborative filtering", CIKM 2005; Koren, "Collaborative filtering with temporal dynamics",
/// KDD 2009). Ratings later than `now` keep their weight; none falls below the least normal float.
/// Shares all but the weights with `data`. O(ratings), in parallel. Throws option_error, and
/// data_error if the ratings have no times.
[[nodiscard]] inline dataset weight_by_age(const dataset& data,
                                           const time_decay_options& options = {}) {
  require_option(options.half_life.count() > 0, "half_life", options.half_life.count(),
                 "(0, inf) seconds");
  if (data.empty()) return data;
  detail::require_times(data, "weight_by_age");
  const auto times = data.row_times();
  const auto weights = data.row_weights();
  const auto now = static_cast<double>(options.now ? *options.now : std::ranges::max(times));
  const auto half_life = static_cast<double>(options.half_life.count());

  aligned_vector<float> decayed(data.size());
  parallel_for(data.size(), 1 << 12, [&](std::size_t begin, std::size_t end) {
    for (std::size_t row = begin; row < end; ++row) {
      const double age = std::max(0.0, now - static_cast<double>(times[row]));
      const double weight = weights.empty() ? 1.0 : static_cast<double>(weights[row]);
      decayed[row] = std::max(static_cast<float>(weight * std::exp2(-age / half_life)),
                              std::numeric_limits<float>::min());
    }
  });
  detail::dataset_storage storage = data.storage();
  storage.row_weights = std::move(decayed);
  return dataset(std::move(storage));
}

}  // namespace kindred
