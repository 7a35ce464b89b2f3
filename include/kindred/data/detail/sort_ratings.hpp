#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/data/detail/counting_sort.hpp>
#include <kindred/data/rating_columns.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace kindred::detail {

/// A rating on its way through the sort.
struct plain_record {
  index user;
  index item;
  float value;
};

/// The same with what else came with it; carrying it along is faster than fetching it afterwards.
struct full_record : plain_record {
  float weight;
  std::int64_t time;
};

template <class Record>
[[nodiscard]] Record record_of(const rating_columns& columns, std::size_t row) noexcept {
  const plain_record plain{columns.users[row], columns.items[row], columns.values[row]};
  if constexpr (std::is_same_v<Record, full_record>)
    return {plain, columns.weights.empty() ? 1.0F : columns.weights[row],
            columns.times.empty() ? 0 : columns.times[row]};
  else
    return plain;
}

/// The ratings by (user, item, arrival): stable counting sorts by item, then by user. Frees the
/// columns as soon as it can.
template <class Record>
[[nodiscard]] aligned_vector<Record> sort_ratings(rating_columns columns, index num_users,
                                                  index num_items) {
  const std::size_t rows = columns.size();
  aligned_vector<Record> sorted;
  const auto store = [&](std::size_t place, const Record& record) { sorted[place] = record; };
  {
    const auto visit = [&](std::size_t begin, std::size_t end, const auto& f) {
      for (std::size_t r = begin; r < end; ++r) f(record_of<Record>(columns, r));
    };
    const auto item_of = [](const Record& record) { return record.item; };
    const auto offsets = count_offsets(rows, num_items, visit, item_of);
    const auto partitioned = partition<Record>(rows, offsets, visit, item_of);
    columns = {};
    sorted.resize(rows);
    place_records(partitioned, offsets, item_of, store);
  }
  const auto visit = [&](std::size_t begin, std::size_t end, const auto& f) {
    for (std::size_t r = begin; r < end; ++r) f(sorted[r]);
  };
  const auto user_of = [](const Record& record) { return record.user; };
  const auto offsets = count_offsets(rows, num_users, visit, user_of);
  place_records(partition<Record>(rows, offsets, visit, user_of), offsets, user_of, store);
  return sorted;
}

/// The one rating that stands for several of the same pair, which are in order of arrival.
template <class Record>
[[nodiscard]] Record merge_duplicates(std::span<const Record> group,
                                      duplicate_policy policy) noexcept {
  if (policy == duplicate_policy::first) return group.front();
  Record merged = group.back();
  if (policy == duplicate_policy::mean) {
    double sum = 0;
    for (const Record& record : group) sum += double{record.value};
    merged.value = static_cast<float>(sum / static_cast<double>(group.size()));
  } else if (policy == duplicate_policy::max) {
    merged = group.front();
    for (const Record& record : group)
      if (record.value >= merged.value) merged = record;
  }
  return merged;
}

/// Sorted ratings, seen as groups of the same pair.
template <class Record>
class pair_groups {
 public:
  explicit pair_groups(std::span<const Record> sorted)
      : sorted_(sorted), chunks_(sorted.size(), 128), begins_(chunks_.count()) {
    chunks_.for_each([&](std::size_t c, std::size_t begin, std::size_t end) {
      std::size_t groups = 0;
      for (std::size_t r = begin; r < end; ++r) groups += begins_group(r) ? 1U : 0U;
      begins_[c] = groups;
    });
    size_ = exclusive_scan(std::span(begins_));
  }

  /// Number of distinct pairs.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Calls `f(number of the group, its ratings, user of the rating before it or -1)`, in parallel.
  template <class Function>
  void for_each(const Function& f) const {
    chunks_.for_each([&](std::size_t c, std::size_t begin, std::size_t end) {
      std::size_t group = begins_[c];
      for (std::size_t r = begin; r < end; ++r) {
        if (!begins_group(r)) continue;
        std::size_t stop = r + 1;
        while (stop < sorted_.size() && !begins_group(stop)) ++stop;
        f(group++, sorted_.subspan(r, stop - r), r == 0 ? index{-1} : sorted_[r - 1].user);
      }
    });
  }

 private:
  [[nodiscard]] bool begins_group(std::size_t r) const noexcept {
    return r == 0 || sorted_[r].user != sorted_[r - 1].user ||
           sorted_[r].item != sorted_[r - 1].item;
  }

  std::span<const Record> sorted_;
  row_chunks chunks_;
  std::vector<std::size_t> begins_;  ///< number of the first group that begins in a chunk
  std::size_t size_ = 0;
};

/// Writes the rows of `storage`, one for each group, with times and weights if asked to.
template <class Record>
void write_rows(std::span<const Record> sorted, const pair_groups<Record>& groups,
                duplicate_policy policy, bool with_times, bool with_weights,
                dataset_storage& storage) {
  const std::size_t rows = groups.size();
  aligned_vector<index> offsets(static_cast<std::size_t>(storage.users.size()) + 1);
  aligned_vector<index> items(rows);
  aligned_vector<float> values(rows);
  aligned_vector<std::int64_t> times(with_times ? rows : 0);
  aligned_vector<float> weights(with_weights ? rows : 0);
  groups.for_each([&](std::size_t row, std::span<const Record> group, index before) {
    const Record merged = merge_duplicates(group, policy);
    for (index u = before; u < merged.user; ++u)
      offsets[static_cast<std::size_t>(u + 1)] = static_cast<index>(row);
    items[row] = merged.item;
    values[row] = merged.value;
    if constexpr (std::is_same_v<Record, full_record>) {
      if (with_times) times[row] = merged.time;
      if (with_weights) weights[row] = merged.weight;
    }
  });
  const index last = sorted.empty() ? -1 : sorted.back().user;
  std::fill(offsets.begin() + last + 1, offsets.end(), static_cast<index>(rows));
  storage.user_offsets = std::move(offsets);
  storage.row_items = std::move(items);
  storage.row_values = std::move(values);
  storage.row_times = std::move(times);
  storage.row_weights = std::move(weights);
}

}  // namespace kindred::detail
