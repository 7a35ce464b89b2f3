#pragma once

#include <kindred/core/random.hpp>
#include <kindred/core/types.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kindred::detail {

inline constexpr std::uint64_t negative_sample_stream = 0x6e656761;

/// Appends to `sample` as many different items as are wanted, or all there are, uniformly drawn
/// from those that are neither in `seen` nor in `relevant`, which are sorted. Depends on seed and
/// user alone. O(wanted * log) on average while most items are to be had, never more than O(items *
/// log).
inline void sample_negatives(index user, index items, std::span<const index> seen,
                             std::span<const index> relevant, index wanted, std::uint64_t seed,
                             std::vector<index>& sample) {
  const counter_rng seeds(seed, negative_sample_stream);
  const random_permutation order(static_cast<std::uint64_t>(items),
                                 seeds.bits(static_cast<std::uint64_t>(user)));
  for (std::uint64_t draw = 0; draw < order.size() && wanted > 0; ++draw) {
    const auto item = static_cast<index>(order(draw));
    if (std::ranges::binary_search(seen, item) || std::ranges::binary_search(relevant, item))
      continue;
    sample.push_back(item);
    --wanted;
  }
}

}  // namespace kindred::detail
