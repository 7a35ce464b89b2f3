#pragma once

#include <kindred/serve/detail/index/bounds.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory_resource>
#include <vector>

namespace kindred::detail {

/// Queries as the kernels read them, in groups of `width`.
struct query_block {
  template <class T>
  using array = std::pmr::vector<T>;

  explicit query_block(std::pmr::memory_resource* memory = std::pmr::get_default_resource())
      : factors(memory),
        words(memory),
        bytes(memory),
        starts(memory),
        scales(memory),
        bounds(memory),
        thresholds(memory) {}

  std::size_t width = 1;
  array<float> factors;        ///< [group][factor][user], or
  array<std::int32_t> words;   ///< [group][factor / 4][user][words]
  array<std::int8_t> bytes;    ///< of one query
  array<std::int32_t> starts;  ///< one a user, with words
  array<float> scales;         ///< one a user, with words
  array<query_bounds> bounds;  ///< one a user
  array<float> thresholds;     ///< one a user; NaN: no score reaches it

  /// Bounds and thresholds of as many queries as fit, of which there is none yet.
  void clear(std::size_t groups) {
    bounds.assign(groups * width, {});
    thresholds.assign(groups * width, std::numeric_limits<float>::quiet_NaN());
  }
};

}  // namespace kindred::detail
