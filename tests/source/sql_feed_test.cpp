#include <kindred/core/error.hpp>
#include <kindred/data/rating_source.hpp>
#include <kindred/source/column_choice.hpp>
#include <kindred/source/sql_connection.hpp>
#include <kindred/source/sql_feed.hpp>
#include <kindred/source/sqlite.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "../scratch_database.hpp"
#include "../sqlite_place.hpp"
#include "sql_conformance.hpp"
#include "sql_feed_checks.hpp"
#include "support.hpp"

namespace kindred::sql_feed_test {

using namespace test;

namespace {

/// How SQLite reads each table of a query.
std::vector<std::string> plan_of(sql_connection& db, const std::string& query) {
  const auto explain = db.prepare("EXPLAIN QUERY PLAN " + query);
  explain->run(std::vector<sql_value>(
      static_cast<std::size_t>(std::count(query.begin(), query.end(), '?'))));
  std::vector<std::string> steps;
  while (explain->next()) {
    const auto step = std::string(std::get<std::string_view>(explain->row()[3]));
    if (step.starts_with("SCALAR SUBQUERY") || step == "SCAN CONSTANT ROW") continue;
    const bool is_by_index =
        step.starts_with("SEARCH r USING ") && step.find("INDEX feed_index") != step.npos;
    steps.push_back(is_by_index ? "by feed_index" : step);
  }
  return steps;
}

rating_batch polled(sql_feed& feed) {
  rating_batch batch;
  feed.poll(batch);
  return batch;
}

constexpr std::chrono::milliseconds always{0};

}  // namespace

TEST_CASE("every change arrives once, however writers and reader interleave") {
  for (const feed::spelling& spelled : feed::spellings)
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
      CAPTURE(spelled.name);
      CAPTURE(seed);
      const connector connect = sqlite_place();
      feed::interleaving(connect, spelled, seed).run(300);
    }
}

TEST_CASE("a SQLite table is followed as one of any database") {
  for (const feed::spelling& spelled : feed::spellings) {
    CAPTURE(spelled.name);
    feed::check_order_and_positions(sqlite_place(), spelled);
    feed::check_lost_connections(sqlite_place(), spelled);
    feed::check_ends_and_places(sqlite_place(), spelled);
    feed::check_plans(sqlite_place(), spelled, plan_of);
  }
}

TEST_CASE("a feed finds the columns of ratings, and takes created for the time") {
  scratch_database scratch(
      {"CREATE TABLE a (k INT, made TEXT, who TEXT, movieId INT, stars REAL, w REAL)",
       "INSERT INTO a VALUES (1, '2001-01-01 00:00:01.5', 'ann', 5, 4.5, 2)"});
  const sql_feed_options options{
      .table = "a", .user = "who", .weight = "w", .created = "made", .key = "k"};
  sql_feed feed(scratch.connection, options);
  const rating_batch batch = polled(feed);
  CHECK(batch.users.texts.size() == 1);
  CHECK(batch.items.integers == std::vector<std::int64_t>{5});
  CHECK(batch.values == std::vector{4.5F});
  CHECK(batch.times == std::vector<std::int64_t>{978307201});
  CHECK(batch.weights == std::vector{2.0F});
  CHECK(feed.name() == std::string(scratch.connection.name()) + ", table 'a'");

  sql_feed_options bare = options;
  bare.time = bare.weight = bare.rating = column_choice::none();
  sql_feed without(scratch.connection, bare);
  const rating_batch less = polled(without);
  CHECK(less.values == std::vector{1.0F});
  CHECK(less.times.empty());
  CHECK(less.weights.empty());

  scratch.connection.execute("ALTER TABLE a ADD COLUMN timestamp INT DEFAULT 7");
  sql_feed with_time(scratch.connection, options);
  CHECK(polled(with_time).times == std::vector<std::int64_t>{7});
}

TEST_CASE("what commits later than the window is missed, and not before") {
  scratch_database scratch({"CREATE TABLE a (id INTEGER PRIMARY KEY, created INT, user, item)",
                            "INSERT INTO a VALUES (1, 100, 1, 1), (2, 101, 1, 1)"});
  sqlite_connection& db = scratch.connection;
  sql_feed feed(
      db,
      {.table = "a", .late_commit_window = std::chrono::seconds(10), .review_interval = always});
  CHECK(polled(feed).size() == 2);
  db.execute("INSERT INTO a VALUES (3, 50, 1, 1)");  // nothing is out of reach yet
  CHECK(polled(feed).size() == 1);
  db.execute("INSERT INTO a VALUES (4, 115, 1, 1)");
  CHECK(polled(feed).size() == 1);
  db.execute("INSERT INTO a VALUES (5, 100, 1, 1), (6, 105, 1, 1)");
  CHECK(polled(feed).size() == 1);
  CHECK(feed.position() == "sql_feed 1 i101,i2 i105,i6 i115,i4");
}

TEST_CASE("the window is read again after a while, what is new at once") {
  scratch_database scratch({"CREATE TABLE a (id INTEGER PRIMARY KEY, created INT, user, item)",
                            "INSERT INTO a VALUES (1, 100, 1, 1)"});
  sqlite_connection& db = scratch.connection;
  const sql_feed_options options{.table = "a", .review_interval = std::chrono::hours(1)};
  sql_feed feed(db, options);
  CHECK(polled(feed).size() == 1);
  db.execute("INSERT INTO a VALUES (2, 99, 1, 1), (3, 100, 1, 1), (4, 101, 1, 1)");
  CHECK(polled(feed).size() == 2);
  CHECK(polled(feed).size() == 0);
  feed.seek(feed.position());
  CHECK(polled(feed).size() == 1);
}

TEST_CASE("a row with another time is a change, a deleted one is none") {
  scratch_database scratch({"CREATE TABLE a (id INTEGER PRIMARY KEY, created INT, user, item)",
                            "INSERT INTO a VALUES (1, 100, 1, 1), (2, 100, 1, 2)"});
  sqlite_connection& db = scratch.connection;
  sql_feed feed(db, {.table = "a", .review_interval = always});
  CHECK(polled(feed).size() == 2);
  db.execute("UPDATE a SET item = 3 WHERE id = 1");
  CHECK(polled(feed).size() == 0);
  db.execute("UPDATE a SET created = 101 WHERE id = 1");
  CHECK(polled(feed).items.integers == std::vector<std::int64_t>{3});
  db.execute("DELETE FROM a");
  CHECK(polled(feed).size() == 0);
  db.execute("INSERT INTO a VALUES (1, 101, 1, 1), (3, 101, 1, 4)");  // the first was there
  CHECK(polled(feed).items.integers == std::vector<std::int64_t>{4});
}

TEST_CASE("a row without a time or a key is not there yet") {
  scratch_database scratch({"CREATE TABLE a (id INT, created INT, user, item)",
                            "INSERT INTO a VALUES (1, NULL, 1, 1), (NULL, 100, 1, 2)"});
  sqlite_connection& db = scratch.connection;
  sql_feed feed(db, {.table = "a", .review_interval = always});
  CHECK(polled(feed).size() == 0);
  db.execute("INSERT INTO a VALUES (7, 100, 1, 3)");
  CHECK(polled(feed).size() == 1);
  feed.seek_end();
  db.execute("UPDATE a SET created = 100, id = item WHERE item IN (1, 2)");
  CHECK(polled(feed).size() == 2);
  CHECK(polled(feed).size() == 0);
}

TEST_CASE("a row that is no rating is reported once, and passed") {
  scratch_database scratch({"CREATE TABLE a (id TEXT, created INT, user, item, rating)",
                            "INSERT INTO a VALUES ('x', 100, 1, 1, 'good'), ('y', 100, 1, 1, 2), "
                            "('z', 101, NULL, 1, 2)"});
  sqlite_connection& db = scratch.connection;
  sql_feed feed(db, {.table = "a", .review_interval = always, .batch_rows = 1});
  rating_batch batch = polled(feed);
  CHECK(batch.size() == 0);
  REQUIRE(batch.rejected.size() == 1);
  CHECK(batch.rejected[0].line == 1);
  CHECK(batch.rejected[0].column == 5);
  CHECK(batch.rejected[0].value == "good");
  CHECK(batch.rejected[0].reason == "rating is not a number, where id is 'x'");
  batch = polled(feed);
  CHECK(batch.lines == std::vector<std::uint64_t>{2});
  CHECK(batch.rejected.empty());
  batch = polled(feed);
  REQUIRE(batch.rejected.size() == 1);
  CHECK(batch.rejected[0].reason == "user id is NULL, where id is 'z'");
  CHECK(polled(feed).rejected.empty());
}

TEST_CASE("a feed starts behind any row") {
  scratch_database scratch({"CREATE TABLE a (id TEXT, created INT, user, item)",
                            "INSERT INTO a VALUES ('a', 100, 1, 0), ('b', 100, 1, 1), "
                            "('a', 200, 1, 2), ('b', 200, 1, 3)"});
  sql_feed feed(scratch.connection, {.table = "a"});
  const auto items_behind = [&](const sql_value& created, const sql_value& key) {
    feed.seek_behind(created, key);
    return polled(feed).items.integers;
  };
  using items = std::vector<std::int64_t>;
  CHECK(items_behind(100, "a") == items{1, 2, 3});
  CHECK(items_behind(100, "b") == items{2, 3});
  CHECK(items_behind(150, "") == items{2, 3});
  CHECK(items_behind(200, "b").empty());
  CHECK(items_behind(0, "") == items{0, 1, 2, 3});
  const std::string position = feed.position();
  CHECK_THROWS_AS(feed.seek_behind("soon", "a"), data_error);
  CHECK_THROWS_AS(feed.seek_behind({}, "a"), data_error);
  CHECK_THROWS_AS(feed.seek_behind(100, {}), data_error);
  CHECK_THROWS_AS(feed.seek_behind(100, sql_bytes{"a"}), data_error);
  CHECK(feed.position() == position);
}

TEST_CASE("a position that is damaged is a format_error, and the feed stays") {
  scratch_database scratch({"CREATE TABLE a (id TEXT, created, user, item)",
                            "INSERT INTO a VALUES (' ,%\n', 1.5, 1, 0), ('é', 90, 1, 1)"});
  sql_feed feed(scratch.connection, {.table = "a"});
  CHECK(feed.position() == "sql_feed 1 -");
  CHECK(polled(feed).size() == 2);
  const std::string position = feed.position();
  CHECK(position == "sql_feed 1 r1.5,t%20%2C%25%0A i90,t%C3%A9");
  for (const std::string bad : {"",
                                "sql_feed 1",
                                "sql_feed 1 ",
                                "sql_feed 2 -",
                                " sql_feed 1 -",
                                "sql_feed 1  -",
                                "sql_feed 1 - ",
                                "sql_feed 1 - -",
                                "sql_feed 1 5,6",
                                "sql_feed 1 i5",
                                "sql_feed 1 i5,",
                                "sql_feed 1 ,i5",
                                "sql_feed 1 i5,i6,i7",
                                "sql_feed 1 i5x,i6",
                                "sql_feed 1 i5,i6 i7",
                                "sql_feed 1 i5,i99999999999999999999",
                                "sql_feed 1 t,i6",
                                "sql_feed 1 tx,i6",
                                "sql_feed 1 i5,t%",
                                "sql_feed 1 i5,t%2",
                                "sql_feed 1 i5,t%2g",
                                "sql_feed 1 rnan,i6",
                                "sql_feed 1 rinf,i6",
                                "sql_feed 1 i5,b00"}) {
    CAPTURE(bad);
    const auto error = error_of<format_error>([&] { feed.seek(bad); });
    CHECK(std::string(error.what()).starts_with("position of an sql_feed"));
    CHECK(error.column() >= 1);
    CHECK(feed.position() == position);
  }
  CHECK(error_of<format_error>([&] { feed.seek("sql_feed 1 i5,i6 x7,i8"); }).column() == 18);
  CHECK(polled(feed).size() == 0);
}

TEST_CASE("an order that is none is refused, and the feed stays") {
  scratch_database scratch({"CREATE TABLE a (id, created, user, item)"});
  sqlite_connection& db = scratch.connection;
  const auto trouble_with = [&](const std::string& rows) {
    sql_transaction transaction(db);
    db.execute("INSERT INTO a VALUES (1, 100, 1, 1), " + rows);
    sql_feed feed(db, {.table = "a"});
    rating_batch batch;
    const auto error = error_of<data_error>([&] { feed.poll(batch); });
    CHECK(feed.position() == "sql_feed 1 -");
    return std::string(error.what()).substr(feed.name().size());
  };
  CHECK(trouble_with("(2, 'soon', 1, 1)") ==
        ": the time 'created' is neither a number nor a date: 'soon'");
  CHECK(trouble_with("(2, x'00', 1, 1)") == ": the time 'created' is bytes, not a time: '1 bytes'");
  CHECK(trouble_with("(2, '1970-01-01', 1, 1)") ==
        ": 'created' does not sort by time at '1970-01-01'");
  CHECK(trouble_with("(2, '9', 1, 1), (2, '10', 1, 1)") ==
        ": 'created' does not sort by time at '10'");
  CHECK(trouble_with("(1, 100, 1, 1)") == ": the key 'id' is not unique: '1' occurs twice");
  CHECK(trouble_with("(x'00', 100, 1, 1)") == ": the key 'id' is neither an integer nor text");
}

TEST_CASE("names of a feed are names, whatever is in them") {
  for (const std::string& name : test::sql::hostile_names) {
    CAPTURE(name);
    scratch_database scratch({"CREATE TABLE bait (a)", "CREATE TABLE ratings (a)"});
    sqlite_connection& db = scratch.connection;
    const std::string quoted = db.quoted(name);
    const std::string other = db.quoted(name + " 2");
    db.execute("CREATE TABLE IF NOT EXISTS " + quoted + " (" + quoted + " INT, " + other +
               " TEXT, user INT, item INT)");
    db.execute("INSERT INTO " + quoted + " VALUES (5, '" +
               std::string(name.find('\'') == name.npos ? name : "x") + "', 1, 2)");
    sql_feed feed(db, {.table = name, .created = name, .key = name + " 2"});
    CHECK(polled(feed).size() == 1);
    feed.seek(feed.position());
    CHECK(polled(feed).size() == 0);
    feed.seek_end();
    db.execute("SELECT a FROM bait");
    CHECK_THROWS_AS(sql_feed(db, {.table = "ratings", .created = name}), format_error);
  }
}

TEST_CASE("options of a feed are checked") {
  scratch_database scratch({"CREATE TABLE a (id INT, created INT, user INT, item INT)"});
  sqlite_connection& db = scratch.connection;
  const auto option = [&](sql_feed_options options) {
    return error_of<option_error>([&] { sql_feed{db, std::move(options)}; }).name();
  };
  using namespace std::chrono_literals;
  CHECK(option({}) == "table");
  CHECK(option({.table = "a", .late_commit_window = -1s}) == "late_commit_window");
  CHECK(option({.table = "a", .late_commit_window = std::chrono::seconds::max()}) ==
        "late_commit_window");
  CHECK(option({.table = "a", .review_interval = -1ms}) == "review_interval");
  CHECK(option({.table = "a", .batch_rows = 0}) == "batch_rows");
  CHECK(option({.table = "a", .retry = {.attempts = -1}}) == "attempts");
  CHECK(option({.table = "a", .ticks_per_second = 0}) == "ticks_per_second");
  const auto missing = [&](sql_feed_options options) {
    const auto error = error_of<format_error>([&] { sql_feed{db, std::move(options)}; });
    return std::string(error.what()).substr(db.name().size());
  };
  CHECK(missing({.table = "a", .created = "at"}) == ", table 'a': has no column named 'at'");
  CHECK(missing({.table = "a", .key = "k"}) == ", table 'a': has no column named 'k'");
  CHECK_THROWS_AS(sql_feed(db, {.table = "b"}), database_error);
}

}  // namespace kindred::sql_feed_test
