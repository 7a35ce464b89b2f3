#pragma once

#include <kindred/core/error.hpp>
#include <kindred/kernel/top_k.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace kindred::detail {

/// The scores from 0 for the lowest to 1 for the highest, or all 0 if they are the same.
/// Throws data_error if one is not finite.
[[nodiscard]] inline std::vector<double> scale_scores(std::span<const scored_item> candidates) {
  std::vector<double> scaled;
  for (const scored_item& c : candidates) {
    if (!std::isfinite(c.score))
      throw data_error("the score of item " + to_text(c.item) + " is not finite");
    scaled.push_back(static_cast<double>(c.score));
  }
  if (scaled.empty()) return scaled;
  const auto [low, high] = std::ranges::minmax(scaled);
  for (double& x : scaled) x = high > low ? (x - low) / (high - low) : 0;
  return scaled;
}

/// Picks k candidates one after the other, by their number: each time the one of the highest
/// `gain(c)`, of several the first, and tells `take(c)`.
template <class Gain, class Take>
[[nodiscard]] std::vector<scored_item> pick_greedily(std::span<const scored_item> candidates,
                                                     std::size_t k, const Gain& gain,
                                                     const Take& take) {
  std::vector<bool> taken(candidates.size());
  std::vector<scored_item> picked;
  while (picked.size() < std::min(k, candidates.size())) {
    std::size_t best = candidates.size();
    double highest = 0;
    for (std::size_t c = 0; c < candidates.size(); ++c) {
      if (taken[c]) continue;
      const double g = gain(c);
      if (best == candidates.size() || g > highest) {
        best = c;
        highest = g;
      }
    }
    taken[best] = true;
    picked.push_back(candidates[best]);
    take(best);
  }
  return picked;
}

}  // namespace kindred::detail
