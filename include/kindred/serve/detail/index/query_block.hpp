#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/serve/detail/index/bounds.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace kindred::detail {

/// Queries as the kernels read them, in groups of `width`.
struct query_block {
  std::size_t width = 1;
  aligned_vector<float> factors;       ///< [group][factor][user], or
  aligned_vector<std::int32_t> words;  ///< [group][factor / 4][user][words]
  std::vector<std::int8_t> bytes;      ///< of one query
  std::vector<std::int32_t> starts;    ///< one a user, with words
  std::vector<float> scales;           ///< one a user, with words
  std::vector<query_bounds> bounds;    ///< one a user
  std::vector<float> thresholds;       ///< one a user; NaN: no score reaches it

  /// Bounds and thresholds of as many queries as fit, of which there is none yet.
  void clear(std::size_t groups) {
    bounds.assign(groups * width, {});
    thresholds.assign(groups * width, std::numeric_limits<float>::quiet_NaN());
  }
};

}  // namespace kindred::detail
