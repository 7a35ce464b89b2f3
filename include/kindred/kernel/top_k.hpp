#pragma once

#include <algorithm>
#include <cstddef>
#include <kindred/core/types.hpp>
#include <limits>
#include <span>

namespace kindred {

/// An item and its score for some user.
struct scored_item {
  index item = unknown_index;
  float score = 0;

  friend bool operator==(const scored_item&, const scored_item&) = default;
};

/// The order of a ranking: higher score first, then lower index, so that it has no ties.
[[nodiscard]] constexpr bool ranks_before(const scored_item& a, const scored_item& b) noexcept {
  return a.score > b.score || (a.score == b.score && a.item < b.item);
}

/// Keeps the best of many scored items, in memory of the caller: as many as `best` has room for.
/// What it holds in the end does not depend on the order of the pushes. Never allocates; a push
/// that is too low costs one comparison, another O(log k).
class top_k_selector {
 public:
  /// Overwrites `best`, which must outlive the selector.
  explicit top_k_selector(std::span<scored_item> best) noexcept : best_(best) {
    if (best.empty()) threshold_ = std::numeric_limits<float>::infinity();
  }

  /// A score below this is never selected: minus infinity until there are k items, then the score
  /// of the last of them. Plus infinity for k = 0.
  [[nodiscard]] float threshold() const noexcept { return threshold_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Considers an item; NaN is never selected. Precondition: no item is pushed twice.
  void push(scored_item candidate) noexcept {
    if (candidate.score >= threshold_) insert(candidate);
  }

  /// Ranks what was selected, best first, and returns it: a part of the caller's memory. The
  /// selector is done then.
  [[nodiscard]] std::span<scored_item> finish() noexcept {
    const auto selected = best_.first(size_);
    std::sort_heap(selected.begin(), selected.end(), ranks_before);
    return selected;
  }

 private:
  // The selected items are a heap with the one that ranks last on top.
  void insert(scored_item candidate) noexcept {
    if (best_.empty()) return;
    const auto begin = best_.begin();
    if (size_ == best_.size()) {
      if (!ranks_before(candidate, best_.front())) return;
      std::pop_heap(begin, best_.end(), ranks_before);
      best_.back() = candidate;
    } else {
      best_[size_++] = candidate;
    }
    std::push_heap(begin, begin + static_cast<std::ptrdiff_t>(size_), ranks_before);
    if (size_ == best_.size()) threshold_ = best_.front().score;
  }

  std::span<scored_item> best_;
  std::size_t size_ = 0;
  float threshold_ = -std::numeric_limits<float>::infinity();
};

}  // namespace kindred
