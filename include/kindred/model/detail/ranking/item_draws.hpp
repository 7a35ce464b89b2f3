#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>

namespace kindred::detail {

/// Draws items in proportion to a power of their number of ratings, and never one without.
class item_draws {
 public:
  item_draws() = default;
  /// `counts` are the numbers of ratings.
  item_draws(shared_array<index> counts, double power) : counts_(std::move(counts)) {
    aligned_vector<double> sums(counts_.size());
    double sum = 0;
    for (std::size_t i = 0; i < sums.size(); ++i) {
      if (counts_[i] > 0) {
        sum += std::pow(counts_[i], power);
        ++rated_;
      }
      sums[i] = sum;
    }
    sums_ = std::move(sums);
  }

  [[nodiscard]] const shared_array<index>& counts() const noexcept { return counts_; }
  /// How many items can be drawn.
  [[nodiscard]] std::size_t rated() const noexcept { return rated_; }

  /// `uniform` is in [0, 1). O(log items). Precondition: rated() > 0.
  [[nodiscard]] index draw(double uniform) const noexcept {
    const double sum = sums_[sums_.size() - 1];
    const double* const found = std::upper_bound(sums_.begin(), sums_.end(),
                                                 std::min(uniform * sum, std::nextafter(sum, 0.0)));
    return static_cast<index>(found - sums_.begin());
  }

 private:
  shared_array<index> counts_;
  shared_array<double> sums_;  ///< of the powers up to each item
  std::size_t rated_ = 0;
};

}  // namespace kindred::detail
