#pragma once

#include <kindred/core/error.hpp>
#include <kindred/data/rating_source.hpp>
#include <kindred/source/detail/feed_mark.hpp>
#include <kindred/source/detail/feed_position.hpp>
#include <kindred/source/detail/feed_queries.hpp>
#include <kindred/source/detail/sql_cells.hpp>
#include <kindred/source/detail/sql_reconnect.hpp>
#include <kindred/source/detail/sql_row_reader.hpp>
#include <kindred/source/sql_connection.hpp>
#include <kindred/source/sql_feed_options.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace kindred {

/// A change_feed that follows a table whose rows say when they were written, and have a key.
///
///   kindred::sql_feed feed{db, {.table = "ratings", .created = "created_at", .key = "id"}};
///   for (kindred::rating_batch batch;; wait()) {
///     feed.poll(batch);
///     ...
///   }
///
/// Each (created, key) is handed out once, in this order: new rows, and those that an UPDATE gave a
/// later `created`. What else is updated, and what is deleted, is not noticed; a row where one of
/// the two is NULL comes when that is no longer so. Rows that are no ratings are reported in
/// `rating_batch::rejected`, once, by their number in the feed and their key.
///
/// A row may become visible behind later ones, since its transaction ended after theirs. So what
/// was written during the last `late_commit_window`, as counted from the latest `created` there is,
/// is read again every `review_interval`, and what had not been there is handed out. What commits
/// later than that is missed. A `created` in the future shortens the window by as much as it is
/// ahead.
///
/// The table needs an index on (created, key). A poll costs what it hands out, and now and then
/// what the window holds; in memory are the batch and about 100 bytes for each row of the window.
///
/// A lost connection is made anew: nothing is lost, and nothing comes twice. The connection must
/// outlive the feed, and may be used for other things between its calls.
class sql_feed {
 public:
  /// Starts before the first row. Throws option_error, format_error if a column is not there,
  /// database_error.
  explicit sql_feed(sql_connection& db, sql_feed_options options)
      : db_(&db),
        options_(checked(std::move(options))),
        name_(std::string(db.name()) + ", table " + detail::quoted(options_.table)),
        queries_(detail::with_reconnects(
            db, options_.retry, [&] { return detail::feed_queries(db, options_, name_); })),
        reader_(queries_.places, options_.ticks_per_second) {}

  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  /// Throws data_error where the order of times and keys is none: a `created` that is no time or
  /// sorts by something else, a key that is not unique or neither an integer nor text;
  /// database_error if a lost connection does not come back; `cancelled`. The feed stays where it
  /// was.
  void poll(rating_batch& batch) {
    if (is_at_end_ && (!cursor_.is_set() || std::chrono::steady_clock::now() >= next_review_))
      ask([&] { begin_review(); });
    do ask([&] { read_page(batch); });
    while (batch.size() + batch.rejected.size() == 0 && !is_at_end_);
  }

  /// As long as what the window holds: O(rows of the window).
  [[nodiscard]] std::string position() const { return done_.text(); }

  void seek(std::string_view position) {
    start(detail::feed_position::parse(position, options_.ticks_per_second));
  }

  /// Goes behind the row of that time and key, whether it is there or not; what is before it, late
  /// commits included, is not handed out. Throws data_error if they are no time and no key.
  void seek_behind(const sql_value& created, const sql_value& key) {
    detail::feed_position done;
    place(done.bound, created, key);
    start(std::move(done));
  }

  /// Goes behind all rows that there are: what is handed out is what commits from now on, so that
  /// a dataset that is loaded after this misses nothing of it. Throws as `poll`.
  void seek_end() {
    ask([&] {
      for (std::int64_t limit = 1024; !read_latest(limit);) limit *= 8;
    });
  }

 private:
  using seconds_limits = std::numeric_limits<std::int64_t>;

  /// What reading a page changes.
  struct page {
    rating_batch& batch;
    detail::feed_mark cursor;
    detail::feed_mark bound;
    std::string last_mark{};
    detail::feed_marks seen{};  ///< not handed out before
    std::int64_t rows = 0;
    std::uint64_t number = 0;
  };

  static sql_feed_options checked(sql_feed_options options) {
    constexpr std::chrono::seconds century{3'155'760'000};
    require_option(!options.table.empty(), "table", options.table, "{a table}");
    require_option(options.late_commit_window.count() >= 0 && options.late_commit_window <= century,
                   "late_commit_window", options.late_commit_window.count(),
                   "[0, 3155760000] seconds");
    require_option(options.review_interval.count() >= 0 && options.review_interval <= century,
                   "review_interval", options.review_interval.count(),
                   "[0, 3155760000000] milliseconds");
    require_option(options.batch_rows >= 1, "batch_rows", options.batch_rows, "[1, 2147483647]");
    require_option(options.ticks_per_second > 0, "ticks_per_second", options.ticks_per_second,
                   "[1, 9223372036854775807]");
    detail::check_retry(options.retry);
    return options;
  }

  /// Runs what asks the database, again where the connection is lost.
  template <class Work>
  void ask(const Work& work) {
    detail::with_reconnects(*db_, options_.retry, [&] {
      try {
        work();
      } catch (...) {
        queries_.forget();
        throw;
      }
    });
  }

  void start(detail::feed_position done) noexcept {
    done_ = std::move(done);
    horizon_ = seconds_limits::min();
    cursor_ = {};
    is_at_end_ = true;
  }

  [[nodiscard]] std::int64_t time_of(const sql_value& created) const {
    std::int64_t seconds = 0;
    if (const char* const trouble = detail::read_time(created, options_.ticks_per_second, seconds))
      throw data_error(name_ + ": the time " + detail::quoted(options_.created) + ' ' + trouble +
                       ": " + detail::quoted(detail::cell_text(created)));
    return seconds;
  }

  /// The time before which nothing is missing that commits in time.
  [[nodiscard]] std::int64_t horizon_before(std::int64_t newest) const noexcept {
    const std::int64_t window = options_.late_commit_window.count();
    return newest < seconds_limits::min() + window ? seconds_limits::min() : newest - window;
  }

  void place(detail::feed_mark& mark, const sql_value& created, const sql_value& key) const {
    mark.time = time_of(created);
    mark.created.keep(created);
    if (!mark.key.keep(key) || mark.key.is_null())
      throw data_error(name_ + ": the key " + detail::quoted(options_.key) +
                       " is neither an integer nor text");
  }

  /// Goes back to where all before is certain. What that is has to be found out before the rows are
  /// read: a row that is missing then, and is before it, was not written in time.
  void begin_review() {
    sql_statement& extent = queries_.extent.run(*db_, {});
    detail::feed_mark start = done_.bound;
    std::int64_t horizon = seconds_limits::min();
    while (extent.next()) {
      const auto row = extent.row();
      if (std::holds_alternative<std::monostate>(row[0])) continue;  // there are no rows
      horizon = horizon_before(time_of(row[1]));
      if (!start.is_set()) start.created.keep(row[0]);
    }
    // The last review went past these, or they are deleted.
    std::erase_if(done_.seen, [&](const auto& entry) { return entry.second < horizon_; });
    horizon_ = horizon;
    cursor_ = std::move(start);
    is_at_end_ = false;
    next_review_ = std::chrono::steady_clock::now() + options_.review_interval;
  }

  void read_page(rating_batch& batch) {
    reader_.start(batch);
    page read{.batch = batch, .cursor = cursor_, .bound = done_.bound, .number = rows_};
    const sql_value created = cursor_.created.value();
    const sql_value key = cursor_.key.value();
    const std::int64_t limit = options_.batch_rows;
    if (cursor_.key.is_null()) {
      read_rows(queries_.from, std::array{created, sql_value(limit)}, read);
    } else {
      read_rows(queries_.same_time, std::array{created, key, sql_value(limit)}, read);
      if (read.rows < limit)
        read_rows(queries_.later, std::array{created, sql_value(limit - read.rows)}, read);
    }
    done_.seen.reserve(done_.seen.size() + read.seen.size());
    done_.seen.merge(read.seen);  // nothing from here on can fail
    done_.bound = std::move(read.bound);
    cursor_ = std::move(read.cursor);
    rows_ = read.number;
    is_at_end_ = read.rows < limit;
  }

  void read_rows(detail::sql_query& query, std::span<const sql_value> parameters, page& read) {
    sql_statement& select = query.run(*db_, parameters);
    for (; select.next(); ++read.rows) read_row(select.row(), read);
  }

  void read_row(std::span<const sql_value> row, page& read) {
    const std::int64_t time_before = read.cursor.time;
    place(read.cursor, row[0], row[1]);
    std::string mark = read.cursor.text();
    if (read.cursor.time < time_before)
      throw data_error(name_ + ": " + detail::quoted(options_.created) +
                       " does not sort by time at " + detail::quoted(detail::cell_text(row[0])));
    if (mark == read.last_mark)
      throw data_error(name_ + ": the key " + detail::quoted(options_.key) + " is not unique: " +
                       detail::quoted(detail::cell_text(row[1])) + " occurs twice");
    const bool is_certain = read.cursor.time < horizon_;
    if (is_certain) read.bound = read.cursor;
    if (!done_.seen.contains(mark)) {
      hand_out(row, read.batch, ++read.number);
      if (!is_certain) read.seen.emplace(mark, read.cursor.time);
    }
    read.last_mark = std::move(mark);
  }

  void hand_out(std::span<const sql_value> row, rating_batch& batch, std::uint64_t number) {
    const std::size_t rejected = batch.rejected.size();
    reader_.read(row, number);
    if (batch.rejected.size() > rejected)
      batch.rejected.back().reason +=
          ", where " + options_.key + " is " + detail::quoted(detail::cell_text(row[1]));
  }

  /// Whether the last `limit` rows were enough to find out where the end is.
  bool read_latest(std::int64_t limit) {
    sql_statement& latest = queries_.latest.run(*db_, std::array{sql_value(limit)});
    detail::feed_position done;
    std::int64_t horizon = 0;
    std::int64_t rows = 0;
    for (; latest.next(); ++rows) {
      if (done.bound.is_set()) continue;
      detail::feed_mark mark;
      place(mark, latest.row()[0], latest.row()[1]);
      if (rows == 0) horizon = horizon_before(mark.time);
      if (mark.time < horizon)
        done.bound = std::move(mark);
      else
        done.seen.emplace(mark.text(), mark.time);
    }
    if (!done.bound.is_set() && rows == limit) return false;
    start(std::move(done));
    return true;
  }

  sql_connection* db_;
  sql_feed_options options_;
  std::string name_;
  detail::feed_queries queries_;
  detail::sql_row_reader reader_;

  detail::feed_position done_;
  std::int64_t horizon_ = seconds_limits::min();  ///< of the last review
  detail::feed_mark cursor_;                      ///< the last row that was read
  bool is_at_end_ = true;                         ///< nothing was behind `cursor_`
  std::chrono::steady_clock::time_point next_review_;
  std::uint64_t rows_ = 0;  ///< that were handed out
};

}  // namespace kindred
