#pragma once

#include <kindred/core/error.hpp>
#include <kindred/source/detail/feed_mark.hpp>
#include <kindred/source/detail/sql_cells.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace kindred::detail {

/// Texts of marks, and their times.
using feed_marks = std::unordered_map<std::string, std::int64_t>;

/// How far a feed has come.
struct feed_position {
  feed_mark bound{};  ///< nothing up to here is asked for any more
  feed_marks seen{};  ///< of the rows behind it that were handed out

  /// Visible ASCII characters and spaces.
  [[nodiscard]] std::string text() const {
    std::vector<std::string_view> sorted;
    sorted.reserve(seen.size());
    for (const auto& [mark, time] : seen) sorted.push_back(mark);
    std::sort(sorted.begin(), sorted.end());
    std::string text(head);
    text += bound.is_set() ? bound.text() : before_all;
    for (const std::string_view mark : sorted) (text += ' ') += mark;
    return text;
  }

  /// What text() has written. Throws format_error for what it never writes.
  [[nodiscard]] static feed_position parse(std::string_view text, std::int64_t ticks_per_second) {
    std::size_t at = text.starts_with(head) ? head.size() : text.size() + 1;
    const auto next = [&] {
      const std::size_t begin = std::min(at, text.size());
      const std::string_view word = text.substr(begin, text.find(' ', begin) - begin);
      at = begin + word.size() + 1;
      return word;
    };
    const auto mark_of = [&](std::string_view word) {
      feed_mark mark;
      if (!mark.read(word) ||
          read_time(mark.created.value(), ticks_per_second, mark.time) != nullptr)
        throw format_error("position of an sql_feed", 0, at - word.size(), std::string(word),
                           "was not written by one");
      return mark;
    };
    feed_position position;
    const std::string_view first = next();
    if (first != before_all) position.bound = mark_of(first);
    while (at <= text.size()) {
      const feed_mark mark = mark_of(next());
      position.seen.emplace(mark.text(), mark.time);
    }
    return position;
  }

 private:
  static constexpr std::string_view head = "sql_feed 1 ";
  static constexpr std::string_view before_all = "-";
};

}  // namespace kindred::detail
