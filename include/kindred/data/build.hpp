#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/data/detail/assemble.hpp>
#include <kindred/data/detail/counting_sort.hpp>
#include <kindred/data/detail/sort_ratings.hpp>
#include <kindred/data/id_map.hpp>
#include <kindred/data/rating_columns.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace kindred {

namespace detail {

inline void require_rating_count(std::size_t count) {
  if (count > static_cast<std::size_t>(std::numeric_limits<index>::max()))
    throw data_error(to_text(count) + " ratings are more than a dataset holds (2147483647)");
}

/// The first row of 0 .. rows-1 that `matches`, or `rows`.
template <class Predicate>
[[nodiscard]] std::size_t find_first_row(std::size_t rows, const Predicate& matches) {
  const row_chunks chunks(rows, 128);
  std::vector<std::size_t> found(chunks.count(), rows);
  chunks.for_each([&](std::size_t c, std::size_t begin, std::size_t end) {
    std::size_t row = begin;
    while (row < end && !matches(row)) ++row;
    if (row < end) found[c] = row;
  });
  return found.empty() ? rows : *std::min_element(found.begin(), found.end());
}

inline void check_indices(std::span<const index> indices, index bound, const char* what) {
  const std::size_t row = find_first_row(
      indices.size(), [&](std::size_t r) { return indices[r] < 0 || indices[r] >= bound; });
  if (row < indices.size())
    throw data_error("rating " + to_text(row) + ": " + what + " index " + to_text(indices[row]) +
                     " is not in 0 .. " + to_text(bound - 1));
}

inline void check_columns(const id_map& users, const id_map& items, const rating_columns& columns) {
  const std::size_t rows = columns.size();
  require_rating_count(rows);
  if (columns.users.size() != rows || columns.items.size() != rows ||
      (!columns.times.empty() && columns.times.size() != rows) ||
      (!columns.weights.empty() && columns.weights.size() != rows))
    throw data_error("rating columns differ in length");
  check_indices(columns.users, users.size(), "user");
  check_indices(columns.items, items.size(), "item");
  const auto& values = columns.values;
  const std::size_t value = find_first_row(rows, [&](auto r) { return !std::isfinite(values[r]); });
  if (value < rows)
    throw data_error("rating " + to_text(value) + ": value " + to_text(values[value]) +
                     " is not finite");
  const auto& weights = columns.weights;
  const std::size_t weight = find_first_row(
      weights.size(), [&](auto r) { return !std::isfinite(weights[r]) || weights[r] <= 0; });
  if (weight < weights.size())
    throw data_error("rating " + to_text(weight) + ": weight " + to_text(weights[weight]) +
                     " is not finite and positive");
}

template <class Record>
[[noreturn]] void throw_duplicate(const id_map& users, const id_map& items,
                                  std::span<const Record> sorted) {
  const auto at = std::adjacent_find(
      sorted.begin(), sorted.end(),
      [](const auto& a, const auto& b) { return a.user == b.user && a.item == b.item; });
  throw data_error("user " + quoted(users.id(at->user)) + " rates item " +
                   quoted(items.id(at->item)) + " more than once");
}

/// Fills the rows of `storage`, which has its ids, and frees the columns.
template <class Record>
void build_rows(dataset_storage& storage, rating_columns columns, duplicate_policy duplicates) {
  const bool with_times = !columns.times.empty();
  const bool with_weights = !columns.weights.empty();
  const auto records =
      sort_ratings<Record>(std::move(columns), storage.users.size(), storage.items.size());
  const std::span<const Record> sorted = records;
  const pair_groups<Record> groups(sorted);
  if (duplicates == duplicate_policy::error && groups.size() < sorted.size())
    throw_duplicate(storage.users, storage.items, sorted);
  write_rows(sorted, groups, duplicates, with_times, with_weights, storage);
}

}  // namespace detail

/// The dataset of ratings in any order. O(ratings + users + items), in parallel; the same bits on
/// any number of threads. Memory at its peak, ids excluded: 28 bytes a rating, 12 more with times,
/// 8 more with weights (what remains are 16, 8 and 4). Throws data_error if the columns differ in
/// length, an index is not in its id map, a value is not finite, a weight is not finite and
/// positive, there are more than 2^31 - 1 ratings, or, under duplicate_policy::error, a user rates
/// an item twice.
[[nodiscard]] inline dataset make_dataset(id_map users, id_map items, rating_columns columns,
                                          duplicate_policy duplicates = duplicate_policy::last) {
  detail::check_columns(users, items, columns);
  detail::dataset_storage storage;
  storage.users = std::move(users);
  storage.items = std::move(items);
  if (columns.times.empty() && columns.weights.empty())
    detail::build_rows<detail::plain_record>(storage, std::move(columns), duplicates);
  else
    detail::build_rows<detail::full_record>(storage, std::move(columns), duplicates);
  return detail::assemble(std::move(storage));
}

/// The same from arrays of the caller, which are copied.
[[nodiscard]] inline dataset make_dataset(id_map users, id_map items,
                                          std::span<const index> user_indices,
                                          std::span<const index> item_indices,
                                          std::span<const float> values,
                                          std::span<const std::int64_t> times = {},
                                          std::span<const float> weights = {}) {
  return make_dataset(std::move(users), std::move(items),
                      rating_columns{{user_indices.begin(), user_indices.end()},
                                     {item_indices.begin(), item_indices.end()},
                                     {values.begin(), values.end()},
                                     {times.begin(), times.end()},
                                     {weights.begin(), weights.end()}});
}

}  // namespace kindred
