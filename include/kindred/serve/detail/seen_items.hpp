#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace kindred::detail {

/// Who rated what in the training data, without the ratings: shares two arrays of the dataset.
class seen_items {
 public:
  seen_items() = default;
  explicit seen_items(const dataset& train)
      : seen_items(train.storage().user_offsets, train.storage().row_items, train.num_items()) {}
  /// The items of user u, ascending, are items[offsets[u]] .. items[offsets[u + 1] - 1].
  seen_items(shared_array<index> offsets, shared_array<index> items, index num_items)
      : offsets_(std::move(offsets)), items_(std::move(items)) {
    std::vector<index> counts(static_cast<std::size_t>(num_items));
    for (const index item : items_) ++counts[static_cast<std::size_t>(item)];
    aligned_vector<float> scores(counts.size());
    std::transform(counts.begin(), counts.end(), scores.begin(),
                   [](index count) { return static_cast<float>(count); });
    popularity_ = std::move(scores);
  }

  /// Ascending; empty for a user who is not known.
  [[nodiscard]] std::span<const index> of(index user) const noexcept {
    const auto u = static_cast<std::size_t>(user);
    if (user < 0 || u + 1 >= offsets_.size()) return {};
    const auto begin = static_cast<std::size_t>(offsets_[u]);
    return items_.span().subspan(begin, static_cast<std::size_t>(offsets_[u + 1]) - begin);
  }
  /// How many users rated each item.
  [[nodiscard]] std::span<const float> popularity() const noexcept { return popularity_.span(); }

  [[nodiscard]] const shared_array<index>& offsets() const noexcept { return offsets_; }
  [[nodiscard]] const shared_array<index>& items() const noexcept { return items_; }

 private:
  shared_array<index> offsets_;
  shared_array<index> items_;
  shared_array<float> popularity_;
};

/// Lists that a file holds, and that may be anything.
/// Throws data_error unless they are ascending lists of items, one for each user.
[[nodiscard]] inline seen_items checked_seen_items(shared_array<index> offsets,
                                                   shared_array<index> items, index num_users,
                                                   index num_items) {
  const auto refuse_unless = [](bool sound) {
    if (!sound) throw data_error("the lists of seen items contradict each other or the ids");
  };
  refuse_unless(offsets.size() == static_cast<std::size_t>(num_users) + 1 && offsets[0] == 0 &&
                static_cast<std::size_t>(offsets[offsets.size() - 1]) == items.size() &&
                std::is_sorted(offsets.begin(), offsets.end()));
  for (std::size_t u = 0; u + 1 < offsets.size(); ++u) {
    index next = 0;
    for (auto n = static_cast<std::size_t>(offsets[u]);
         n < static_cast<std::size_t>(offsets[u + 1]); ++n) {
      refuse_unless(items[n] >= next && items[n] < num_items);
      next = items[n] + 1;
    }
  }
  return {std::move(offsets), std::move(items), num_items};
}

}  // namespace kindred::detail
