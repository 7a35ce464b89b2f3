#pragma once

#include <kindred/core/parallel.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/build.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/data/detail/assemble.hpp>
#include <kindred/data/detail/counting_sort.hpp>
#include <kindred/data/id_map.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <tuple>
#include <utility>

namespace kindred {

/// A rating that is new, or takes the place of the same user's rating of the same item.
struct rating_change {
  index user = 0;
  index item = 0;
  float value = 0;
  float weight = 1;
  std::int64_t time = 0;
};

/// The order of the rows of a dataset: by user, then by item.
[[nodiscard]] inline bool in_row_order(const rating_change& a, const rating_change& b) noexcept {
  return std::tie(a.user, a.item) < std::tie(b.user, b.item);
}

namespace detail {

/// Calls `f(rating)` for the ratings of a user, old and new, by item.
template <class Function>
void for_each_merged(const dataset& data, std::span<const rating_change> changes, index user,
                     const Function& f) {
  const auto begin =
      std::lower_bound(changes.begin(), changes.end(), user,
                       [](const rating_change& change, index u) { return change.user < u; });
  const auto end = std::find_if(begin, changes.end(),
                                [&](const rating_change& change) { return change.user != user; });
  auto next = begin;
  if (user < data.num_users()) {
    const rating_list old = data.by_user(user);
    const auto times = data.times_of(user);
    const auto weights = data.weights_of(user);
    for (std::size_t n = 0; n < old.size(); ++n) {
      const index item = old.indices()[n];
      while (next != end && next->item < item) f(*next++);
      if (next != end && next->item == item) continue;
      f(rating_change{user, item, old.values()[n], weights.empty() ? 1.0F : weights[n],
                      times.empty() ? 0 : times[n]});
    }
  }
  while (next != end) f(*next++);
}

/// Fills the rows of `to`, which has its ids.
inline void merge_rows(const dataset& data, std::span<const rating_change> changes,
                       dataset_storage& to) {
  constexpr std::size_t grain = 256;
  const auto users = static_cast<std::size_t>(to.users.size());
  aligned_vector<index> offsets(users + 1, 0);
  parallel_for(users, grain, [&](std::size_t first, std::size_t last) {
    for (std::size_t u = first; u < last; ++u)
      for_each_merged(data, changes, static_cast<index>(u),
                      [&](const rating_change&) { ++offsets[u]; });
  });
  exclusive_scan(std::span(offsets));

  const auto rows = static_cast<std::size_t>(offsets.back());
  const bool with_weights =
      data.has_weights() || std::any_of(changes.begin(), changes.end(),
                                        [](const auto& change) { return change.weight != 1; });
  aligned_vector<index> items(rows);
  aligned_vector<float> values(rows);
  aligned_vector<std::int64_t> times(data.has_times() ? rows : 0);
  aligned_vector<float> weights(with_weights ? rows : 0);
  parallel_for(users, grain, [&](std::size_t first, std::size_t last) {
    auto row = static_cast<std::size_t>(offsets[first]);
    for (std::size_t u = first; u < last; ++u)
      for_each_merged(data, changes, static_cast<index>(u), [&](const rating_change& rating) {
        items[row] = rating.item;
        values[row] = rating.value;
        if (!times.empty()) times[row] = rating.time;
        if (!weights.empty()) weights[row] = rating.weight;
        ++row;
      });
  });
  to.user_offsets = std::move(offsets);
  to.row_items = std::move(items);
  to.row_values = std::move(values);
  to.row_times = std::move(times);
  to.row_weights = std::move(weights);
}

}  // namespace detail

/// A dataset with some changes, as make_dataset would make it of the old ratings and then the
/// changes: the same bits. `users` and `items` begin with the ids of `data`; changes are sorted by
/// `in_row_order` and unique. They give times if `data` has some; their weights make it have some
/// if they are not all 1. O(ratings), in parallel, and without a sort of what is old. Throws
/// data_error for an index that is not in its id map, or for more than 2^31 - 1 ratings.
[[nodiscard]] inline dataset merge(const dataset& data, id_map users, id_map items,
                                   std::span<const rating_change> changes) {
  detail::require_rating_count(data.size() + changes.size());
  for (const rating_change& change : changes) {
    detail::check_indices({&change.user, 1}, users.size(), "user");
    detail::check_indices({&change.item, 1}, items.size(), "item");
  }
  detail::dataset_storage storage;
  storage.users = std::move(users);
  storage.items = std::move(items);
  detail::merge_rows(data, changes, storage);
  return detail::assemble(std::move(storage));
}

}  // namespace kindred
