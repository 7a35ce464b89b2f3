#pragma once

#include <kindred/core/types.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace kindred::detail {

/// How often each item is recommended, by the depth of the lists. Written from many threads.
class item_exposure {
 public:
  item_exposure(std::size_t items, std::vector<index> depths)
      : items_(items), depths_(std::move(depths)) {
    std::ranges::sort(depths_);
    counts_.resize(items * depths_.size(), 0);
  }

  /// Precondition: the list is no longer than the greatest depth.
  void see(std::span<const index> list) noexcept {
    std::size_t level = 0;
    for (std::size_t at = 0; at < list.size(); ++at) {
      while (static_cast<std::size_t>(depths_[level]) <= at) ++level;
      std::atomic_ref(counts_[level * items_ + static_cast<std::size_t>(list[at])])
          .fetch_add(1, std::memory_order_relaxed);
    }
  }

  /// For every item, how many lists have it among their first k, which is one of the depths.
  [[nodiscard]] std::vector<index> counts(index k) const {
    std::vector<index> sums(items_, 0);
    for (std::size_t level = 0; level < depths_.size() && depths_[level] <= k; ++level)
      for (std::size_t i = 0; i < items_; ++i) sums[i] += counts_[level * items_ + i];
    return sums;
  }

 private:
  std::size_t items_;
  std::vector<index> depths_;
  std::vector<index> counts_;  // of the ranks beyond the depth before, depth by depth
};

}  // namespace kindred::detail
