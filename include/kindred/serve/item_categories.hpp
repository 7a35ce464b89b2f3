#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/encoded_rows.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace kindred {

/// The categories of items: genres, brands, sellers. An item may have several, or none; so does one
/// that is not known. Categories are numbers from 0 on. Immutable and cheap to copy.
class item_categories {
 public:
  item_categories() = default;

  /// `lists[i]` are those of item i, each once. Throws data_error if one is negative or occurs
  /// twice.
  explicit item_categories(const std::vector<std::vector<index>>& lists) {
    aligned_vector<std::size_t> offsets = {0};
    aligned_vector<index> numbers;
    for (std::vector<index> list : lists) {
      std::ranges::sort(list);
      if (!list.empty() && (list.front() < 0 || std::ranges::adjacent_find(list) != list.end()))
        throw data_error("item_categories: item " + detail::to_text(offsets.size() - 1) +
                         " has a category twice, or one below 0");
      numbers.insert(numbers.end(), list.begin(), list.end());
      offsets.push_back(numbers.size());
      if (!list.empty()) count_ = std::max(count_, static_cast<std::size_t>(list.back()) + 1);
    }
    offsets_ = std::move(offsets);
    numbers_ = std::move(numbers);
  }

  /// The slots of encoded features: encode categories only, and no item ids.
  explicit item_categories(const encoded_rows& items) : item_categories(lists_of(items)) {}

  /// Of an item, ascending.
  [[nodiscard]] std::span<const index> operator[](index item) const noexcept {
    const auto i = static_cast<std::size_t>(item);
    if (item < 0 || i + 1 >= offsets_.size()) return {};
    return numbers_.span().subspan(offsets_[i], offsets_[i + 1] - offsets_[i]);
  }
  /// One more than the highest category.
  [[nodiscard]] std::size_t count() const noexcept { return count_; }

 private:
  static std::vector<std::vector<index>> lists_of(const encoded_rows& items) {
    std::vector<std::vector<index>> lists;
    for (index i = 0; i < items.size(); ++i) {
      const std::span<const index> slots = items[i].all().slots;
      lists.emplace_back(slots.begin(), slots.end());
    }
    return lists;
  }

  std::size_t count_ = 0;
  shared_array<std::size_t> offsets_;
  shared_array<index> numbers_;
};

}  // namespace kindred
