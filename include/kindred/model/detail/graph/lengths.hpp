#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

namespace kindred::detail {

/// d^exponent for each length d of lists, of which there is at least 1.
[[nodiscard]] inline aligned_vector<float> powers_of_lengths(std::span<const index> offsets,
                                                             double exponent) {
  aligned_vector<float> powers;
  powers.reserve(offsets.size());
  for (std::size_t i = 0; i + 1 < offsets.size(); ++i)
    powers.push_back(static_cast<float>(
        std::pow(std::max(static_cast<double>(offsets[i + 1] - offsets[i]), 1.0), exponent)));
  return powers;
}

}  // namespace kindred::detail
