#pragma once

#include <kindred/core/random.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace kindred::detail {

/// Draws items in proportion to a power of their number of ratings, and never one without: a
/// function of the seed and the number of the draw.
class popularity_sampler {
 public:
  /// Precondition: there are ratings.
  popularity_sampler(const dataset& ratings, double power, std::uint64_t seed)
      : random_(seed, 0x706f7075U) {
    double sum = 0;
    for (index item = 0; item < ratings.num_items(); ++item) {
      const auto count = static_cast<double>(ratings.by_item(item).size());
      sum += count > 0 ? std::pow(count, power) : 0.0;
      ends_.push_back(sum);
    }
    for (std::size_t item = 0; item < ends_.size(); ++item) {
      const double share = (ends_[item] - (item == 0 ? 0.0 : ends_[item - 1])) / sum;
      log_q_.push_back(static_cast<float>(std::log(share)));
    }
  }

  /// O(log items).
  [[nodiscard]] index draw(std::uint64_t number) const noexcept {
    const double at = ends_.back() * (1 - random_.uniform(number));  // in (0, sum]
    return static_cast<index>(std::lower_bound(ends_.begin(), ends_.end(), at) - ends_.begin());
  }
  /// The logarithm of the probability of an item.
  [[nodiscard]] float log_q(index item) const noexcept {
    return log_q_[static_cast<std::size_t>(item)];
  }

 private:
  std::vector<double> ends_;  ///< of each item's part of 0 .. sum
  std::vector<float> log_q_;
  counter_rng random_;
};

}  // namespace kindred::detail
