#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kindred {

/// Area under the ROC curve of one user's scores: the share of pairs of a relevant and another item
/// in which the relevant one has the higher score; a pair with equal scores counts half (Mann and
/// Whitney, 1947; Bamber, 1975). 0.5 is chance, 1 is perfect. Reusable, to spare allocations.
class auc_counter {
 public:
  /// Starts over with the scores of the relevant items, in any order, none of them NaN.
  void start(std::span<const float> relevant) {
    relevant_.assign(relevant.begin(), relevant.end());
    std::sort(relevant_.begin(), relevant_.end());
    candidates_ = 0;
    doubled_wins_ = 0;
  }

  /// Counts more candidates: all items that could have been ranked, the relevant ones included,
  /// none of them NaN. O(log relevant) each. Precondition: start() was given a score.
  void add(std::span<const float> candidates) noexcept {
    candidates_ += candidates.size();
    const std::uint64_t all = relevant_.size();
    for (const float score : candidates) {
      if (score < relevant_.front()) {
        doubled_wins_ += 2 * all;  // most candidates, if the model is any good
        continue;
      }
      const auto [equal, above] = std::equal_range(relevant_.begin(), relevant_.end(), score);
      doubled_wins_ += static_cast<std::uint64_t>((relevant_.end() - equal) +  //
                                                  (relevant_.end() - above));
    }
  }

  /// Whether there is a pair to judge by.
  [[nodiscard]] bool defined() const noexcept {
    return !relevant_.empty() && candidates_ > relevant_.size();
  }

  /// Precondition: defined().
  [[nodiscard]] double value() const noexcept {
    // The relevant items among the candidates met each other: r^2 pairs, each with its mirror
    // image, have won r^2 / 2.
    const auto r = static_cast<double>(relevant_.size());
    const auto others = static_cast<double>(candidates_) - r;
    return (static_cast<double>(doubled_wins_) - r * r) / (2 * r * others);
  }

 private:
  std::vector<float> relevant_;
  std::size_t candidates_ = 0;
  std::uint64_t doubled_wins_ = 0;
};

}  // namespace kindred
