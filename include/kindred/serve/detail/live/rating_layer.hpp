#pragma once

#include <kindred/core/types.hpp>
#include <kindred/data/merge.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

namespace kindred::detail::live {

/// Leaves the last of neighbours that are of the same user and item.
inline void keep_last(std::vector<rating_change>& sorted) {
  const auto same_pair = [](const rating_change& a, const rating_change& b) {
    return !in_row_order(a, b) && !in_row_order(b, a);
  };
  // Of equals, unique() keeps the first it meets: going backwards, that is the last.
  const auto kept = std::unique(sorted.rbegin(), sorted.rend(), same_pair);
  sorted.erase(sorted.begin(), kept.base());
}

/// Ratings that came since some moment, by user and by item; the last of each pair.
class rating_layer {
 public:
  /// By item.
  [[nodiscard]] std::span<const rating_change> of_user(index user) const {
    const auto found = by_user_.find(user);
    if (found == by_user_.end()) return {};
    return found->second;
  }
  /// Who has a rating of the item here, in order of arrival.
  [[nodiscard]] std::span<const index> raters_of(index item) const {
    const auto found = by_item_.find(item);
    if (found == by_item_.end()) return {};
    return found->second;
  }
  /// Null if there is none here.
  [[nodiscard]] const rating_change* find(index user, index item) const {
    const auto ratings = of_user(user);
    const auto at =
        std::lower_bound(ratings.begin(), ratings.end(), rating_change{user, item}, in_row_order);
    return at != ratings.end() && at->item == item ? &*at : nullptr;
  }

  void set(const rating_change& rating) {
    auto& ratings = by_user_[rating.user];
    const auto at = std::lower_bound(ratings.begin(), ratings.end(), rating, in_row_order);
    if (at != ratings.end() && at->item == rating.item) {
      *at = rating;
      return;
    }
    ratings.insert(at, rating);
    ++size_;
    by_item_[rating.item].push_back(rating.user);
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Calls `f(user, ratings)` for all users here, in no order.
  template <class Function>
  void for_each_user(const Function& f) const {
    for (const auto& [user, ratings] : by_user_) f(user, std::span<const rating_change>(ratings));
  }

 private:
  std::unordered_map<index, std::vector<rating_change>> by_user_;
  std::unordered_map<index, std::vector<index>> by_item_;
  std::size_t size_ = 0;
};

/// From the oldest to the newest.
using rating_layers = std::vector<std::shared_ptr<const rating_layer>>;

/// What the layers come to: sorted, and the last of each pair.
[[nodiscard]] inline std::vector<rating_change> changes_of(const rating_layers& layers) {
  std::vector<rating_change> all;
  for (const auto& layer : layers)
    layer->for_each_user([&](index, std::span<const rating_change> ratings) {
      all.insert(all.end(), ratings.begin(), ratings.end());
    });
  std::stable_sort(all.begin(), all.end(), in_row_order);
  keep_last(all);
  return all;
}

}  // namespace kindred::detail::live
