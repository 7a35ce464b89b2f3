#pragma once

#include <kindred/core/parallel.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/data/detail/counting_sort.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace kindred::detail {

/// Calls `f(user, row)` for the rows begin .. end-1, in order.
template <class Function>
void for_each_row(std::span<const index> user_offsets, std::size_t begin, std::size_t end,
                  const Function& f) {
  if (begin >= end) return;
  const auto owner =
      std::upper_bound(user_offsets.begin(), user_offsets.end(), static_cast<index>(begin)) - 1;
  auto user = static_cast<std::size_t>(owner - user_offsets.begin());
  for (std::size_t row = begin; row < end; ++row) {
    while (static_cast<std::size_t>(user_offsets[user + 1]) <= row) ++user;
    f(static_cast<index>(user), row);
  }
}

/// Fills the columns from the rows. Peak memory above both: 12 bytes a rating.
inline void fill_columns(dataset_storage& storage) {
  struct record {
    index item;
    index user;
    float value;
  };
  const std::size_t rows = storage.row_values.size();
  const auto visit = [&](std::size_t begin, std::size_t end, const auto& f) {
    for_each_row(storage.user_offsets.span(), begin, end, [&](index user, std::size_t row) {
      f(record{storage.row_items[row], user, storage.row_values[row]});
    });
  };
  const auto item_of = [](const record& r) { return r.item; };

  storage.item_offsets = count_offsets(rows, storage.items.size(), visit, item_of);
  const std::span<const index> offsets = storage.item_offsets.span();
  const auto partitioned = partition<record>(rows, offsets, visit, item_of);
  aligned_vector<index> users(rows);
  aligned_vector<float> values(rows);
  place_records(partitioned, offsets, item_of, [&](std::size_t place, const record& r) {
    users[place] = r.user;
    values[place] = r.value;
  });
  storage.column_users = std::move(users);
  storage.column_values = std::move(values);
}

/// Fills the mean, the least and the greatest rating.
inline void summarize(dataset_storage& storage) {
  const std::span<const float> values = storage.row_values.span();
  if (values.empty()) return;
  const double sum = parallel_sum(values.size(), [&](std::size_t begin, std::size_t end) {
    double part = 0;
    for (const float value : values.subspan(begin, end - begin)) part += double{value};
    return part;
  });
  storage.mean = sum / static_cast<double>(values.size());

  const row_chunks chunks(values.size(), 128);
  std::vector<std::pair<float, float>> extremes(chunks.count());
  chunks.for_each([&](std::size_t c, std::size_t begin, std::size_t end) {
    const auto [least, greatest] =
        std::minmax_element(values.begin() + static_cast<std::ptrdiff_t>(begin),
                            values.begin() + static_cast<std::ptrdiff_t>(end));
    extremes[c] = {*least, *greatest};
  });
  storage.min_value = values[0];
  storage.max_value = values[0];
  for (const auto& [least, greatest] : extremes) {
    storage.min_value = std::min(storage.min_value, least);
    storage.max_value = std::max(storage.max_value, greatest);
  }
}

/// The dataset of the given ids and rows, which are sorted, unique and finite.
[[nodiscard]] inline dataset assemble(dataset_storage rows) {
  fill_columns(rows);
  summarize(rows);
  return dataset(std::move(rows));
}

}  // namespace kindred::detail
