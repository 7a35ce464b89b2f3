#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/parallel.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/data/detail/assemble.hpp>

#include <cmath>
#include <cstddef>
#include <span>
#include <utility>

namespace kindred {

/// The ratings as 1 where they are at least `threshold` and 0 where they are less: liked or not, as
/// a cross-entropy wants it. Shares all but the values. O(ratings), in parallel.
/// Throws option_error if the threshold is not finite.
[[nodiscard]] inline dataset binarize(const dataset& data, float threshold) {
  require_option(std::isfinite(threshold), "threshold", threshold, "the finite numbers");
  const auto binary = [&](std::span<const float> values) {
    aligned_vector<float> result(values.size());
    parallel_for(values.size(), 1 << 16, [&](std::size_t begin, std::size_t end) {
      for (std::size_t r = begin; r < end; ++r) result[r] = values[r] >= threshold ? 1.0F : 0.0F;
    });
    return result;
  };
  detail::dataset_storage storage = data.storage();
  storage.row_values = binary(data.row_values());
  storage.column_values = binary(data.column_values());
  detail::summarize(storage);
  return dataset(std::move(storage));
}

}  // namespace kindred
