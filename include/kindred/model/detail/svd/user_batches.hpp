#pragma once

#include <kindred/core/random.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kindred::detail {

/// The ratings of one item by users of one batch.
struct batch_item {
  std::size_t item = 0;
  std::span<const index> users;  ///< by their place in the batch
  std::span<const index> rows;   ///< of the dataset
};

/// Users with ratings in seeded random order, cut into batches, and for each batch its ratings by
/// item. Holds 8 bytes a rating, and 8 for each item of each batch.
class user_batches {
 public:
  user_batches(const dataset& train, std::size_t batch, std::uint64_t seed)
      : first_users_{0}, first_items_{0}, first_entries_{0} {
    const auto count = static_cast<std::size_t>(train.num_users());
    const random_permutation order(count, seed);
    std::vector<entry> entries;
    for (std::size_t n = 0; n < count; ++n) {
      const auto user = static_cast<index>(order(n));
      if (!train.by_user(user).empty()) add(train, user, entries);
      if (users_.size() - first_users_.back() == batch || n + 1 == count) finish(entries);
    }
  }

  [[nodiscard]] std::size_t size() const noexcept { return first_users_.size() - 1; }
  [[nodiscard]] std::size_t most_users() const noexcept { return most_users_; }
  [[nodiscard]] std::span<const index> users(std::size_t batch) const noexcept {
    return std::span(users_).subspan(first_users_[batch],
                                     first_users_[batch + 1] - first_users_[batch]);
  }
  [[nodiscard]] std::size_t items(std::size_t batch) const noexcept {
    return first_items_[batch + 1] - first_items_[batch];
  }
  /// Precondition: n < items(batch).
  [[nodiscard]] batch_item item(std::size_t batch, std::size_t n) const noexcept {
    const std::size_t at = first_items_[batch] + n;
    const std::size_t begin = first_entries_[at];
    const std::size_t count = first_entries_[at + 1] - begin;
    return {static_cast<std::size_t>(items_[at]), std::span(entry_users_).subspan(begin, count),
            std::span(entry_rows_).subspan(begin, count)};
  }

 private:
  struct entry {
    index item;
    index user;
    index row;
  };

  void add(const dataset& train, index user, std::vector<entry>& entries) {
    const auto place = static_cast<index>(users_.size() - first_users_.back());
    index row = train.user_offsets()[static_cast<std::size_t>(user)];
    for (const index item : train.by_user(user).indices()) entries.push_back({item, place, row++});
    users_.push_back(user);
  }

  void finish(std::vector<entry>& entries) {
    if (entries.empty()) return;
    std::sort(entries.begin(), entries.end(), [](const entry& a, const entry& b) {
      return a.item != b.item ? a.item < b.item : a.user < b.user;
    });
    for (std::size_t n = 0; n < entries.size(); ++n) {
      entry_users_.push_back(entries[n].user);
      entry_rows_.push_back(entries[n].row);
      if (n + 1 < entries.size() && entries[n + 1].item == entries[n].item) continue;
      items_.push_back(entries[n].item);
      first_entries_.push_back(entry_rows_.size());
    }
    first_items_.push_back(items_.size());
    most_users_ = std::max(most_users_, users_.size() - first_users_.back());
    first_users_.push_back(users_.size());
    entries.clear();
  }

  std::size_t most_users_ = 0;
  std::vector<std::size_t> first_users_;
  std::vector<std::size_t> first_items_;
  std::vector<std::size_t> first_entries_;  ///< of each item of each batch
  std::vector<index> users_;
  std::vector<index> items_;
  std::vector<index> entry_users_;
  std::vector<index> entry_rows_;
};

}  // namespace kindred::detail
