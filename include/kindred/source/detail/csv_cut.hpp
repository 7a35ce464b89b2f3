#pragma once

#include <kindred/core/parallel.hpp>
#include <kindred/source/detail/csv_row.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <vector>

namespace kindred::detail {

[[nodiscard]] inline bool contains_in_parallel(std::string_view text, char c) {
  constexpr std::size_t grain = std::size_t{1} << 20;
  std::atomic<bool> found = false;
  parallel_for(text.size(), grain, [&](std::size_t begin, std::size_t end) {
    if (std::memchr(text.data() + begin, c, end - begin) != nullptr)
      found.store(true, std::memory_order_relaxed);
  });
  return found;
}

/// Line ends are row ends.
inline void cut_lines(std::string_view text, bool is_last, std::size_t piece_bytes,
                      std::vector<std::size_t>& cuts) {
  const std::size_t end = is_last ? text.size() : text.rfind('\n') + 1;  // npos + 1 is 0
  while (cuts.back() < end) {
    const std::size_t least = std::min(cuts.back() + piece_bytes, end) - 1;
    cuts.push_back(std::min(text.find('\n', least), end - 1) + 1);
  }
}

/// Row by row, since whether a line end is a row end depends on all the quotes before it.
inline void cut_rows(std::string_view text, bool is_last, const csv_dialect& dialect,
                     std::size_t piece_bytes, std::vector<std::size_t>& cuts) {
  csv_scanner scanner(dialect, text, is_last, 0);
  std::size_t end = 0;
  while (end < text.size() && scanner.scan(text.data() + end) != row_status::cut_off &&
         scanner.next() != nullptr) {
    end = static_cast<std::size_t>(scanner.next() - text.data());
    if (end - cuts.back() >= piece_bytes) cuts.push_back(end);
  }
  if (cuts.back() < end) cuts.push_back(end);
}

/// Cuts the whole rows of `text`, which begins with a row, into pieces of about `piece_bytes`:
/// piece i is from cuts[i] to cuts[i + 1]. The single cut 0 means that the text holds no whole row.
inline void cut(std::string_view text, bool is_last, const csv_dialect& dialect,
                std::size_t piece_bytes, std::vector<std::size_t>& cuts) {
  cuts.assign(1, 0);
  if (dialect.quoted && contains_in_parallel(text, '"'))
    cut_rows(text, is_last, dialect, piece_bytes, cuts);
  else
    cut_lines(text, is_last, piece_bytes, cuts);
}

}  // namespace kindred::detail
