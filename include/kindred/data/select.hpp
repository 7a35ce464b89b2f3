#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/parallel.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/data/detail/assemble.hpp>
#include <kindred/data/detail/counting_sort.hpp>
#include <kindred/data/id_map.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace kindred {

namespace detail {

/// Copies `from` at each chosen row to where it goes; nothing if there is nothing to copy.
template <class T>
[[nodiscard]] aligned_vector<T> select_column(std::span<const T> from,
                                              std::span<const index> user_offsets,
                                              std::span<const std::uint8_t> marks,
                                              std::uint8_t chosen, std::span<const index> places) {
  if (from.empty()) return {};
  aligned_vector<T> to(static_cast<std::size_t>(places.back()));
  parallel_for(places.size() - 1, 256, [&](std::size_t first, std::size_t last) {
    auto place = static_cast<std::size_t>(places[first]);
    const auto end = static_cast<std::size_t>(user_offsets[last]);
    for (auto row = static_cast<std::size_t>(user_offsets[first]); row < end; ++row)
      if (marks[row] == chosen) to[place++] = from[row];
  });
  return to;
}

/// The ratings whose mark is `chosen`, with the ids of the whole.
[[nodiscard]] inline dataset select_marked(const dataset& data, std::span<const std::uint8_t> marks,
                                           std::uint8_t chosen) {
  const std::span<const index> offsets = data.user_offsets();
  aligned_vector<index> places(offsets.size(), 0);
  parallel_for(offsets.size() - 1, 256, [&](std::size_t first, std::size_t last) {
    for (std::size_t u = first; u < last; ++u)
      for (auto row = static_cast<std::size_t>(offsets[u]);
           row < static_cast<std::size_t>(offsets[u + 1]); ++row)
        places[u] += marks[row] == chosen ? 1 : 0;
  });
  exclusive_scan(std::span(places));

  dataset_storage rows;
  rows.users = data.users();
  rows.items = data.items();
  rows.row_items = select_column(data.row_items(), offsets, marks, chosen, places);
  rows.row_values = select_column(data.row_values(), offsets, marks, chosen, places);
  rows.row_times = select_column(data.row_times(), offsets, marks, chosen, places);
  rows.row_weights = select_column(data.row_weights(), offsets, marks, chosen, places);
  rows.user_offsets = std::move(places);
  return assemble(std::move(rows));
}

}  // namespace detail

/// The ratings whose `keep` is not 0, one for each row of `data` in its order. The result shares
/// the ids of `data`, so that indices mean the same in both. O(ratings + users + items), in
/// parallel. Throws data_error if `keep` does not have data.size() elements.
[[nodiscard]] inline dataset select_rows(const dataset& data, std::span<const std::uint8_t> keep) {
  if (keep.size() != data.size())
    throw data_error("select_rows: " + detail::to_text(keep.size()) + " marks for " +
                     detail::to_text(data.size()) + " ratings");
  aligned_vector<std::uint8_t> marks(keep.size());
  parallel_for(keep.size(), 1 << 16, [&](std::size_t begin, std::size_t end) {
    for (std::size_t row = begin; row < end; ++row) marks[row] = keep[row] != 0 ? 1 : 0;
  });
  return detail::select_marked(data, marks, 1);
}

}  // namespace kindred
