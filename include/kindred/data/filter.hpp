#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/parallel.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/data/detail/assemble.hpp>
#include <kindred/data/detail/core_peeling.hpp>
#include <kindred/data/id_map.hpp>
#include <kindred/data/select.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace kindred {

/// How many ratings users and items need to stay.
struct min_counts {
  index user_ratings = 0;  ///< >= 0
  index item_ratings = 0;  ///< >= 0
};

namespace detail {

/// Calls `mark(user, row)` for each row, in parallel.
template <class Mark>
[[nodiscard]] aligned_vector<std::uint8_t> mark_rows(const dataset& data, const Mark& mark) {
  aligned_vector<std::uint8_t> marks(data.size());
  parallel_for(data.size(), 1 << 14, [&](std::size_t begin, std::size_t end) {
    for_each_row(data.user_offsets(), begin, end,
                 [&](index user, std::size_t row) { marks[row] = mark(user, row) ? 1 : 0; });
  });
  return marks;
}

/// The ratings whose user and item are both kept.
[[nodiscard]] inline dataset select_ids(const dataset& data,
                                        std::span<const std::uint8_t> keep_user,
                                        std::span<const std::uint8_t> keep_item) {
  const auto items = data.row_items();
  const auto marks = mark_rows(data, [&](index user, std::size_t row) {
    return keep_user[static_cast<std::size_t>(user)] != 0 &&
           keep_item[static_cast<std::size_t>(items[row])] != 0;
  });
  return select_marked(data, marks, 1);
}

[[nodiscard]] inline std::vector<std::uint8_t> with_at_least(std::span<const index> offsets,
                                                             index count) {
  std::vector<std::uint8_t> keep(offsets.size() - 1);
  for (std::size_t k = 0; k < keep.size(); ++k)
    keep[k] = offsets[k + 1] - offsets[k] >= count ? 1 : 0;
  return keep;
}

/// filter_min_counts() and k_core() without dropping ids.
[[nodiscard]] inline dataset select_min_counts(const dataset& data, const min_counts& least) {
  require_option(least.user_ratings >= 0, "user_ratings", least.user_ratings, "[0, 2147483647]");
  require_option(least.item_ratings >= 0, "item_ratings", least.item_ratings, "[0, 2147483647]");
  return select_ids(data, with_at_least(data.user_offsets(), least.user_ratings),
                    with_at_least(data.item_offsets(), least.item_ratings));
}
[[nodiscard]] inline dataset select_core(const dataset& data, index k) {
  require_option(k >= 0, "k_core", k, "[0, 2147483647]");
  const core_peeling core(data, k);
  return select_ids(data, core.users(), core.items());
}

/// The ids that have ratings, in their order.
struct rated_ids {
  rated_ids(const id_map& ids, std::span<const index> old_offsets)
      : new_index(static_cast<std::size_t>(ids.size()), unknown_index), offsets(1, 0) {
    aligned_vector<std::uint64_t> ends(1, 0);
    aligned_vector<char> text;
    for (std::size_t k = 0; k < new_index.size(); ++k) {
      if (old_offsets[k] == old_offsets[k + 1]) continue;
      new_index[k] = static_cast<index>(offsets.size() - 1);
      offsets.push_back(old_offsets[k + 1]);
      const auto id = ids.id(static_cast<index>(k));
      text.insert(text.end(), id.begin(), id.end());
      ends.push_back(text.size());
    }
    map = id_map(std::move(ends), std::move(text));
  }

  [[nodiscard]] aligned_vector<index> renumber(std::span<const index> old) const {
    aligned_vector<index> result(old.size());
    parallel_for(old.size(), 1 << 16, [&](std::size_t begin, std::size_t end) {
      for (std::size_t r = begin; r < end; ++r)
        result[r] = new_index[static_cast<std::size_t>(old[r])];
    });
    return result;
  }

  id_map map;
  std::vector<index> new_index;   ///< of each old one; unknown_index if it is gone
  aligned_vector<index> offsets;  ///< the old ones without those of the ids that are gone
};

}  // namespace detail

/// The dataset without the users and items that have no ratings; the others keep their order, so
/// that indices close up. Shares the values, times and weights. O(ratings + users + items).
[[nodiscard]] inline dataset drop_unrated(const dataset& data) {
  detail::dataset_storage storage = data.storage();
  detail::rated_ids users(data.users(), data.user_offsets());
  detail::rated_ids items(data.items(), data.item_offsets());
  storage.row_items = items.renumber(data.row_items());
  storage.column_users = users.renumber(data.column_users());
  storage.users = std::move(users.map);
  storage.items = std::move(items.map);
  storage.user_offsets = std::move(users.offsets);
  storage.item_offsets = std::move(items.offsets);
  return dataset(std::move(storage));
}

/// The ratings for which `keep(user, item, value)` or `keep(user, item, value, time)` holds; it is
/// called once for each, by several threads at a time. The result shares the ids of `data`.
/// Throws data_error if `keep` takes a time and there are none.
template <class Predicate>
[[nodiscard]] dataset filter_rows(const dataset& data, const Predicate& keep) {
  constexpr bool timeless = std::is_invocable_r_v<bool, const Predicate&, index, index, float>;
  if (!timeless && !data.has_times() && !data.empty())
    throw data_error("filter_rows: the predicate takes a time and the ratings have none");
  const auto marks = detail::mark_rows(data, [&](index user, std::size_t row) -> bool {
    if constexpr (timeless)
      return keep(user, data.row_items()[row], data.row_values()[row]);
    else
      return keep(user, data.row_items()[row], data.row_values()[row], data.row_times()[row]);
  });
  return detail::select_marked(data, marks, 1);
}

/// Keeps the users and the items that have enough ratings in `data`. The numbers are taken once, so
/// that what is kept can have fewer ratings afterwards; see k_core(). Ids left without ratings are
/// dropped. Throws option_error if a number is negative.
[[nodiscard]] inline dataset filter_min_counts(const dataset& data, const min_counts& least) {
  return drop_unrated(detail::select_min_counts(data, least));
}

/// The largest part of the data in which every user and every item has at least `k` ratings. The
/// other ids are dropped. O(ratings). Throws option_error if k is negative.
[[nodiscard]] inline dataset k_core(const dataset& data, index k) {
  return drop_unrated(detail::select_core(data, k));
}

}  // namespace kindred
