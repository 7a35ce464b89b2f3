#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace kindred::detail {

/// What WARP multiplies its loss by where the k-th of the items drawn, k = 1 .. trials, is the
/// first to come close to the positive, at [k - 1]: 1 + 1/2 + ... + 1/r, with r = (items - 1) / k,
/// at least 1, as an estimate of the positive's rank.
[[nodiscard]] inline std::vector<float> make_rank_weights(std::size_t items, std::size_t trials) {
  std::vector<double> harmonic(std::max<std::size_t>(items, 2));
  for (std::size_t r = 1; r < harmonic.size(); ++r)
    harmonic[r] = harmonic[r - 1] + 1 / static_cast<double>(r);
  std::vector<float> weights(trials);
  for (std::size_t k = 1; k <= trials; ++k)
    weights[k - 1] =
        static_cast<float>(harmonic[std::max<std::size_t>((harmonic.size() - 1) / k, 1)]);
  return weights;
}

}  // namespace kindred::detail
