#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/random.hpp>
#include <kindred/data/change_feed.hpp>
#include <kindred/data/rating_source.hpp>
#include <kindred/source/sql_connection.hpp>
#include <kindred/source/sql_feed.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../brittle_connection.hpp"
#include "support.hpp"

/// What holds of a feed whatever the database is.
namespace kindred::test::feed {

static_assert(change_feed<sql_feed>);

/// How a table of changes spells times and keys. A time is milliseconds of 2024-01-01.
struct spelling {
  std::string name;
  std::string created_type;
  std::function<std::string(std::int64_t)> created;  ///< as SQL
  std::string key_type;
  std::function<std::string(std::int64_t)> key;
  std::int64_t ticks_per_second = 1;
};

inline constexpr std::int64_t midnight = 1'704'067'200;

inline std::string clock_text(std::int64_t milliseconds, bool with_fraction) {
  const auto digits = [](std::int64_t number, std::size_t count) {
    const std::string text = std::to_string(number);
    return std::string(count - text.size(), '0') + text;
  };
  const std::int64_t seconds = milliseconds / 1000;
  std::string text = "'2024-01-01 " + digits(seconds / 3600, 2) + ':' +
                     digits(seconds / 60 % 60, 2) + ':' + digits(seconds % 60, 2);
  if (with_fraction) text += '.' + digits(milliseconds % 1000, 3) + "000";
  return text + '\'';
}

inline const std::vector<spelling> spellings{
    {"whole seconds, whole keys", "BIGINT",
     [](auto ms) { return std::to_string(midnight + ms / 1000); }, "BIGINT",
     [](auto n) { return std::to_string(n - 50); }},
    {"milliseconds, text keys", "BIGINT",
     [](auto ms) { return std::to_string(midnight * 1000 + ms); }, "VARCHAR(100)",
     [](auto n) { return "'k, %\u00fc \"" + std::to_string(n) + "'"; }, 1000},
    {"real seconds", "DOUBLE PRECISION",
     [](auto ms) {
       return std::to_string(midnight + ms / 1000) + "." + std::to_string(ms % 1000 / 100);
     },
     "BIGINT", [](auto n) { return std::to_string(7 * n % 100003); }},
    {"DATETIME", "DATETIME", [](auto ms) { return clock_text(ms, false); }, "BIGINT",
     [](auto n) { return std::to_string(n); }},
    {"DATETIME of microseconds, text keys", "DATETIME(6)",
     [](auto ms) { return clock_text(ms, true); }, "VARCHAR(100)",
     [](auto n) { return "'" + std::to_string(n * 7919 % 100003) + "'"; }}};

/// A table of changes, each with a number of its own, by which it is found again in a batch: it is
/// the item.
class change_table {
 public:
  change_table(sql_connection& db, const spelling& spelled, std::string name = "changes")
      : db_(db), spelled_(spelled), name_(std::move(name)) {
    db.execute("CREATE TABLE " + db.quoted(name_) + " (id " + spelled.key_type +
               " NOT NULL PRIMARY KEY, created " + spelled.created_type +
               ", user_id BIGINT, item_id BIGINT, rating DOUBLE PRECISION)");
    db.execute("CREATE INDEX feed_index ON " + db.quoted(name_) + " (created, id)");
  }

  struct change {
    std::int64_t key;
    std::int64_t created;  ///< milliseconds
  };

  /// At once.
  void insert(const std::vector<change>& changes) {
    std::string rows;
    for (const change& one : changes)
      rows += (rows.empty() ? " (" : ", (") + spelled_.key(one.key) + ", " +
              spelled_.created(one.created) + ", 7, " + std::to_string(note(one)) + ", 2.5)";
    db_.execute("INSERT INTO " + db_.quoted(name_) + " VALUES" + rows);
  }

  /// Gives a row another time; false if that is spelled as the one it has.
  bool touch(std::int64_t key, std::int64_t created) {
    if (spelled_.created(created) == spelled_.created(all_[current_.at(key)].created)) return false;
    const std::int64_t number = note({key, created});
    db_.execute("UPDATE " + db_.quoted(name_) + " SET created = " + spelled_.created(created) +
                ", item_id = " + std::to_string(number) + " WHERE id = " + spelled_.key(key));
    return true;
  }

  void remove(std::int64_t key) {
    db_.execute("DELETE FROM " + db_.quoted(name_) + " WHERE id = " + spelled_.key(key));
    current_.erase(key);
  }

  /// Every change there ever was, by its number.
  [[nodiscard]] const std::vector<change>& all() const noexcept { return all_; }
  /// The numbers of those that are there, by their key.
  [[nodiscard]] const std::map<std::int64_t, std::size_t>& current() const noexcept {
    return current_;
  }
  [[nodiscard]] std::int64_t seconds_of(std::size_t number) const {
    return midnight + all_.at(number).created / 1000;
  }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const spelling& spelled() const noexcept { return spelled_; }

  /// Follows it, and reviews with every poll.
  [[nodiscard]] sql_feed_options options(std::int64_t window, int batch_rows = 4096) const {
    return {.table = name_,
            .late_commit_window = std::chrono::seconds(window),
            .review_interval = std::chrono::milliseconds(0),
            .batch_rows = batch_rows,
            .ticks_per_second = spelled_.ticks_per_second};
  }

 private:
  std::int64_t note(const change& one) {
    current_[one.key] = all_.size();
    all_.push_back(one);
    return static_cast<std::int64_t>(all_.size()) - 1;
  }

  sql_connection& db_;
  spelling spelled_;
  std::string name_;
  std::vector<change> all_;
  std::map<std::int64_t, std::size_t> current_;
};

/// The numbers of the changes of a batch.
inline std::vector<std::size_t> numbers_of(const rating_batch& batch) {
  return {batch.items.integers.begin(), batch.items.integers.end()};
}

/// Those of all batches until one is empty.
inline std::vector<std::size_t> rest_of(sql_feed& feed) {
  std::vector<std::size_t> numbers;
  rating_batch batch;
  for (feed.poll(batch); batch.size() > 0; feed.poll(batch)) {
    const auto more = numbers_of(batch);
    numbers.insert(numbers.end(), more.begin(), more.end());
  }
  return numbers;
}

inline std::vector<std::size_t> sorted(std::vector<std::size_t> numbers) {
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

inline std::vector<std::size_t> up_to(std::size_t count) {
  std::vector<std::size_t> numbers(count);
  for (std::size_t n = 0; n < count; ++n) numbers[n] = n;
  return numbers;
}

/// A reader that keeps what it has read and its position together, as a model file does, and dies
/// now and then; and writers whose transactions end in another order than they began.
class interleaving {
 public:
  static constexpr std::int64_t window = 2;

  interleaving(const connector& connect, const spelling& spelled, std::uint64_t seed)
      : connect_(connect), rng_(seed), writer_(connect()), table_(*writer_, spelled) {
    restart();
  }

  void run(int steps) {
    for (int s = 0; s < steps; ++s) step();
    while (!open_.empty()) commit(0);
    restart();
    do read();
    while (was_new_);
    for (const auto& entry : table_.current()) {
      const std::size_t number = entry.second;
      CAPTURE(number);
      CHECK(counts_[number] == 1);
    }
    for (const auto& [number, count] : counts_) CHECK(count == 1);
    CHECK(position_.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVW"
                                      "XYZ-.:_%, ") == std::string::npos);
  }

 private:
  std::uint64_t draw(std::uint64_t bound) {
    return rng_.below(draws_++, static_cast<std::uint32_t>(bound));
  }

  void step() {
    switch (draw(10)) {
      case 0:
      case 1:
        open_.emplace_back();
        for (std::uint64_t rows = 1 + draw(3); rows > 0; --rows)
          open_.back().push_back({next_key_++, now_});
        break;
      case 2:
      case 3:
        if (!open_.empty()) commit(draw(open_.size()));
        break;
      case 4:
        if (!table_.current().empty()) table_.touch(some_key(), now_);
        break;
      case 5:
        if (!table_.current().empty() && draw(2) == 0) table_.remove(some_key());
        break;
      case 6:
      case 7:
        pass_time();
        break;
      case 8:
        if (draw(3) == 0) crash();
        break;
      default:
        read();
    }
  }

  void commit(std::size_t which) {
    table_.insert(open_[which]);
    open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(which));
  }

  std::int64_t some_key() {
    const auto at = static_cast<std::ptrdiff_t>(draw(table_.current().size()));
    return std::next(table_.current().begin(), at)->first;
  }

  /// No transaction stays open for longer than the window.
  void pass_time() {
    now_ += static_cast<std::int64_t>(draw(draw(2) == 0 ? 300 : 1500));
    for (std::size_t t = open_.size(); t-- > 0;)
      if (open_[t].front().created < now_ - 1000 * window) commit(t);
  }

  void read() {
    rating_batch batch;
    feed_->poll(batch);
    CHECK(batch.rejected.empty());
    CHECK(std::is_sorted(batch.times.begin(), batch.times.end()));
    const auto numbers = numbers_of(batch);
    for (std::size_t r = 0; r < numbers.size(); ++r) {
      CHECK(++counts_[numbers[r]] == 1);
      CHECK(batch.times[r] == table_.seconds_of(numbers[r]));
    }
    was_new_ = !numbers.empty();
    position_ = feed_->position();
  }

  /// What the last polls brought is lost, and so is how far they came.
  void crash() {
    rating_batch batch;
    for (std::uint64_t polls = draw(3); polls > 0; --polls) feed_->poll(batch);
    restart();
  }

  void restart() {
    feed_.reset();
    reader_ = connect_();
    feed_.emplace(*reader_, table_.options(window, 1 + static_cast<int>(draw(7))));
    if (!position_.empty()) feed_->seek(position_);
  }

  const connector& connect_;
  counter_rng rng_;
  std::uint64_t draws_ = 0;
  std::unique_ptr<sql_connection> writer_;
  change_table table_;
  std::vector<std::vector<change_table::change>> open_;
  std::int64_t next_key_ = 0;
  std::int64_t now_ = 40'000'000;

  std::unique_ptr<sql_connection> reader_;
  std::optional<sql_feed> feed_;
  std::string position_;
  std::map<std::size_t, int> counts_;
  bool was_new_ = true;
};

/// Twenty rows, of which several have the same time.
inline void insert_twenty(change_table& table) {
  std::vector<change_table::change> changes;
  for (std::int64_t n = 0; n < 20; ++n) changes.push_back({n, 1000 * (n / 4)});
  table.insert(changes);
}

inline void check_order_and_positions(const connector& connect, const spelling& spelled) {
  const auto db = connect();
  change_table table(*db, spelled);
  insert_twenty(table);
  for (const int batch_rows : {1, 4, 7, 100}) {
    CAPTURE(batch_rows);
    for (std::size_t polls = 0; polls <= 24; polls += 3) {
      CAPTURE(polls);
      std::vector<std::size_t> numbers;
      rating_batch batch;
      sql_feed first(*db, table.options(2, batch_rows));
      for (std::size_t p = 0; p < polls; ++p) {
        first.poll(batch);
        CHECK(batch.size() <= static_cast<std::size_t>(batch_rows));
        const auto more = numbers_of(batch);
        numbers.insert(numbers.end(), more.begin(), more.end());
        CHECK(batch.lines.size() == more.size());
        if (!more.empty()) CHECK(batch.lines.back() == numbers.size());
      }
      sql_feed second(*db, table.options(2));
      second.seek(first.position());
      CHECK(second.position() == first.position());
      const auto rest = rest_of(second);
      numbers.insert(numbers.end(), rest.begin(), rest.end());
      for (std::size_t n = 1; n < numbers.size(); ++n)
        CHECK(table.seconds_of(numbers[n - 1]) <= table.seconds_of(numbers[n]));
      CHECK(sorted(numbers) == up_to(20));
      CHECK(rest_of(first) == rest);
    }
  }
}

/// Wherever it is lost, on the way from the beginning and from the end.
inline void check_lost_connections(const connector& connect, const spelling& spelled) {
  const auto writer = connect();
  change_table table(*writer, spelled);
  insert_twenty(table);
  const auto follow = [&](int lose_after, bool from_end) {
    brittle_connection db(connect);
    db.lose_after(lose_after);
    sql_feed_options options = table.options(2, 6);
    options.retry = {.attempts = 1};
    sql_feed feed(db, options);
    if (from_end) feed.seek_end();
    CHECK(sorted(rest_of(feed)) == up_to(from_end ? 0 : 20));
    return db.was_lost();
  };
  for (const bool from_end : {false, true}) {
    int calls = 0;
    while (follow(calls, from_end)) ++calls;
    CHECK(calls > 10);
  }

  brittle_connection db(connect);
  sql_feed_options options = table.options(2);
  options.retry = {.attempts = 0};
  sql_feed feed(db, options);
  db.lose_after(12);
  rating_batch batch;
  CHECK(error_of<database_error>([&] { feed.poll(batch); }).is_connection_lost());
  db.reconnect();
  CHECK(sorted(rest_of(feed)) == up_to(20));
}

inline void check_ends_and_places(const connector& connect, const spelling& spelled) {
  const auto db = connect();
  change_table table(*db, spelled);
  sql_feed empty(*db, table.options(5));
  CHECK(rest_of(empty).empty());
  empty.seek_end();
  insert_twenty(table);
  CHECK(sorted(rest_of(empty)) == up_to(20));

  sql_feed feed(*db, table.options(2));
  feed.seek_end();
  CHECK(rest_of(feed).empty());
  table.insert({{100, 3500}, {101, 4000}, {102, 9000}});  // the first two late
  CHECK(sorted(rest_of(feed)) == std::vector<std::size_t>{20, 21, 22});
  feed.seek(sql_feed(*db, table.options(2)).position());
  CHECK(sorted(rest_of(feed)) == up_to(23));

  std::vector<change_table::change> many;  // more than one look at the end sees
  for (std::int64_t n = 0; n < 1500; ++n) many.push_back({1000 + n, 10'000 + n % 1000});
  table.insert(many);
  feed.seek_end();
  CHECK(rest_of(feed).empty());
  table.insert({{5000, 10'500}});
  CHECK(rest_of(feed) == std::vector<std::size_t>{1523});
}

/// Each range is read from the index, without sorting; `plan_of` says how, for every table.
inline void check_plans(
    const connector& connect, const spelling& spelled,
    const std::function<std::vector<std::string>(sql_connection&, const std::string&)>& plan_of) {
  const auto real = connect();
  change_table table(*real, spelled);
  std::vector<change_table::change> many;
  for (std::int64_t n = 0; n < 2000; ++n) many.push_back({n, 1000 * (n / 4)});
  table.insert(many);
  brittle_connection db(connect);
  sql_feed feed(db, table.options(2, 100));
  feed.seek_end();
  feed.seek(sql_feed(db, table.options(2)).position());
  static_cast<void>(rest_of(feed));
  std::size_t queries = 0;
  for (const std::string& text : db.texts()) {
    if (text.starts_with("SELECT *")) continue;
    ++queries;
    CAPTURE(text);
    for (const std::string& step : plan_of(*real, text)) CHECK(step == "by feed_index");
  }
  CHECK(queries >= 5);
}

}  // namespace kindred::test::feed
