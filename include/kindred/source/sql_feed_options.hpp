#pragma once

#include <kindred/source/column_choice.hpp>
#include <kindred/source/sql_retry.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace kindred {

/// Which table an sql_feed follows, and how.
struct sql_feed_options {
  std::string table{};
  std::string schema{};  ///< of the table; empty for the one that the connection looks in

  column_choice user{};
  column_choice item{};
  column_choice rating{};  ///< each value is 1 if there is none
  column_choice time{};    ///< `created` if there is none by a usual name
  column_choice weight{};  ///< no weights if there is none

  /// When a row was written: integers or reals, or DATE, DATETIME or TIMESTAMP, all in one unit.
  std::string created = "created";
  /// Integers or text, of which no two rows of one time have the same.
  std::string key = "id";

  /// Longer than any transaction takes from the time that it writes to `created` to its end, and
  /// than the clocks of those who write differ; >= 0
  std::chrono::seconds late_commit_window{10};
  /// How often that window is read again, at most; what is newer is read by every poll. >= 0
  std::chrono::milliseconds review_interval{500};

  int batch_rows = 4096;  ///< that a poll reads at most in one go; >= 1
  sql_retry retry{};

  /// The unit of times that are plain numbers: 1 for seconds, 1000 for milliseconds.
  std::int64_t ticks_per_second = 1;
};

}  // namespace kindred
