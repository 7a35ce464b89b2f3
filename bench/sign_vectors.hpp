#pragma once

#include <kindred/core/random.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kindred::bench {

/// Numbers that make vectors of one length, so that no search can leave one out unseen.
inline std::vector<float> signs(std::size_t size, std::uint64_t seed) {
  const counter_rng random(seed, 0);
  std::vector<float> values(size);
  for (std::size_t n = 0; n < size; ++n) values[n] = random.uniform(n) < 0.5 ? 0.125F : -0.125F;
  return values;
}

}  // namespace kindred::bench
