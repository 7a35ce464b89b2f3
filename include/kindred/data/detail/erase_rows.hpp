#pragma once

#include <kindred/data/rating_source.hpp>

#include <cstddef>
#include <utility>
#include <vector>

namespace kindred::detail {

/// Takes the given rows, ascending, out of a column; an empty column stays empty.
template <class T>
void erase_rows(std::vector<T>& column, const std::vector<std::size_t>& rows) {
  if (column.empty()) return;
  std::size_t next = 0;
  std::size_t kept = 0;
  for (std::size_t r = 0; r < column.size(); ++r) {
    if (next < rows.size() && rows[next] == r)
      ++next;
    else
      column[kept++] = std::move(column[r]);
  }
  column.resize(kept);
}

/// Takes them out of every column of a batch.
inline void erase_rows(rating_batch& batch, const std::vector<std::size_t>& rows) {
  for (id_column* const ids : {&batch.users, &batch.items}) {
    erase_rows(ids->integers, rows);
    erase_rows(ids->texts, rows);
  }
  erase_rows(batch.values, rows);
  erase_rows(batch.times, rows);
  erase_rows(batch.weights, rows);
  erase_rows(batch.lines, rows);
}

}  // namespace kindred::detail
