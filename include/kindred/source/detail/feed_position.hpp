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

namespace kindred::detail {

/// Texts of marks, and their times. The list of them is kept, since it is asked for after every
/// poll.
class feed_marks {
 public:
  [[nodiscard]] bool contains(const std::string& mark) const { return times_.contains(mark); }

  /// All marks in the order they came, with a space before each.
  [[nodiscard]] const std::string& list() const noexcept { return list_; }

  void add(const std::string& mark, std::int64_t time) {
    if (times_.emplace(mark, time).second) (list_ += ' ') += mark;
  }

  /// All of `added` or, on an exception, none. Precondition: none of them is there.
  void add(feed_marks&& added) {
    times_.reserve(times_.size() + added.times_.size());
    list_ += added.list_;
    times_.merge(added.times_);
  }

  /// Forgets those before a time. O(what there is).
  void forget_before(std::int64_t time) {
    if (std::erase_if(times_, [&](const auto& entry) { return entry.second < time; }) == 0) return;
    std::string kept;
    for (std::size_t at = 1, end = 0; at < list_.size(); at = end + 1) {
      end = std::min(list_.find(' ', at), list_.size());
      const std::string mark = list_.substr(at, end - at);
      if (contains(mark)) (kept += ' ') += mark;
    }
    list_ = std::move(kept);
  }

 private:
  std::unordered_map<std::string, std::int64_t> times_;
  std::string list_;
};

/// How far a feed has come.
struct feed_position {
  feed_mark bound{};  ///< nothing up to here is asked for any more
  feed_marks seen{};  ///< of the rows behind it that were handed out

  /// Visible ASCII characters and spaces.
  [[nodiscard]] std::string text() const {
    std::string text(head);
    text += bound.is_set() ? bound.text() : before_all;
    return text += seen.list();
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
      position.seen.add(mark.text(), mark.time);
    }
    return position;
  }

 private:
  static constexpr std::string_view head = "sql_feed 1 ";
  static constexpr std::string_view before_all = "-";
};

}  // namespace kindred::detail
