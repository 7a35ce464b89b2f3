#include <kindred/core/error.hpp>
#include <kindred/data/load.hpp>
#include <kindred/source/csv.hpp>
#include <kindred/source/sql_source.hpp>
#include <kindred/source/sqlite.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "../ml_100k.hpp"
#include "../scratch_database.hpp"
#include "../temporary_folder.hpp"
#include "sql_conformance.hpp"
#include "support.hpp"

namespace kindred::sql_source_test {

using namespace test;

namespace {

std::vector<source_row> rows_of(sql_connection& db, const sql_source_options& from) {
  const auto all = contents_of(sql_source{db, from});
  CHECK(all.rejected.empty());
  return all.rows;
}

using rows = std::vector<source_row>;

}  // namespace

TEST_CASE("a SQLite table holds what any database would") {
  scratch_database scratch;
  sqlite_connection& db = scratch.connection;
  SUBCASE("rows") { sql::check_rows_equal_memory(db); }
  SUBCASE("parameters") { sql::check_parameters_select(db); }
  SUBCASE("NULL") { sql::check_null_fields_are_rejected(db); }
  SUBCASE("text keys") { sql::check_text_keys(db); }
  SUBCASE("hostile names") { sql::check_hostile_names_are_names(db); }
}

TEST_CASE("columns are found by the usual names, chosen, or left out") {
  scratch_database scratch(
      {"CREATE TABLE events (stamp INT, weight REAL, MovieID INT, who TEXT, "
       "User INT, score REAL, timestamp INT)",
       "INSERT INTO events VALUES (9, 0.5, 2, 'ann', 1, 4.5, 7)"});
  sqlite_connection& db = scratch.connection;
  const auto all = contents_of(sql_source{db, {.table = "events"}});
  CHECK(all.rows == rows{{"1", "2", 4.5F, 7, 0.5F}});
  CHECK((all.has_times && all.has_weights));
  CHECK(rows_of(db, {.table = "events", .user = "who", .time = 1}) ==
        rows{{"ann", "2", 4.5F, 9, 0.5F}});

  const auto none = column_choice::none();
  const auto bare = contents_of(
      sql_source{db, {.table = "events", .rating = none, .time = none, .weight = none}});
  CHECK(bare.rows == rows{{"1", "2", 1}});
  CHECK(!bare.has_times);
  CHECK(!bare.has_weights);
}

TEST_CASE("a query names its columns itself") {
  scratch_database scratch(
      {"CREATE TABLE a (x INT, y INT)", "INSERT INTO a VALUES (1, 2), (3, 4)"});
  sqlite_connection& db = scratch.connection;
  CHECK(rows_of(db,
                {.query = "SELECT x AS user, y AS item, x + y AS rating FROM a ORDER BY x DESC"}) ==
        rows{{"3", "4", 7}, {"1", "2", 3}});
  CHECK(rows_of(db, {.query = "SELECT y, x FROM a -- and that is all",
                     .user = "x",
                     .item = "y",
                     .key = "x"}) == rows{{"1", "2"}, {"3", "4"}});
  CHECK(rows_of(db, {.query = "SELECT y, x FROM a;", .user = 2, .item = 1}) ==
        rows{{"1", "2"}, {"3", "4"}});
}

TEST_CASE("parameters are copied") {
  scratch_database scratch(
      {"CREATE TABLE a (user INT, item TEXT)",
       "INSERT INTO a VALUES (1, 'something that is longer than a few bytes')"});
  sqlite_connection& db = scratch.connection;
  std::string text = "something that is longer than a few bytes";
  sql_source source(db, {.query = "SELECT * FROM a WHERE item = ?", .parameters = {text}});
  std::fill(text.begin(), text.end(), '?');
  CHECK(contents_of(source).rows.size() == 1);
}

TEST_CASE("a source can be moved, before and while it is read") {
  scratch_database scratch;
  sqlite_connection& db = scratch.connection;
  sql_source first(
      db, {.query = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20000) "
                    "SELECT i AS user, ? AS item FROM n",
           .parameters = {"short"}});
  sql_source second(std::move(first));
  rating_batch batch;
  REQUIRE(second.next(batch));
  const rows rest = contents_of(sql_source(std::move(second))).rows;
  REQUIRE(batch.size() + rest.size() == 20'000);
  CHECK(rest.back() == source_row{"20000", "short"});
}

TEST_CASE("a table may be in another schema") {
  const temporary_folder folder;
  sqlite_connection db(folder.path("main.db"));
  const auto attach = db.prepare("ATTACH ? AS \"the other\"");
  const std::string path = folder.path("other.db");
  attach->run(std::array<sql_value, 1>{path});
  db.execute("CREATE TABLE \"the other\".ratings (user INT, item INT)");
  db.execute("INSERT INTO ratings VALUES (1, 2)");
  db.execute("CREATE TABLE main.ratings (user INT, item INT)");
  CHECK(rows_of(db, {.table = "ratings"}).empty());
  CHECK(rows_of(db, {.table = "ratings", .schema = "the other"}).size() == 1);
  CHECK(rows_of(db, {.table = "ratings", .schema = "the other", .key = "user"}).size() == 1);
}

TEST_CASE("ids are whole numbers of 64 bits, or text") {
  scratch_database scratch({"CREATE TABLE a (user, item)",
                            "INSERT INTO a VALUES (9223372036854775807, -9223372036854775808), "
                            "(7.0, '18446744073709551615'), ('7', 'x'), ('Z\u00fcrich', 3)"});
  sqlite_connection& db = scratch.connection;
  CHECK(rows_of(db, {.table = "a"}) == rows{{"9223372036854775807", "-9223372036854775808"},
                                            {"7", "18446744073709551615"},
                                            {"7", "x"},
                                            {"Z\u00fcrich", "3"}});
}

TEST_CASE("times are ticks or dates") {
  scratch_database scratch(
      {"CREATE TABLE a (user INT, item INT, time)",
       "INSERT INTO a VALUES (1, 1, 1999), (1, 2, -1.5), (1, 3, '2001-01-01'), "
       "(1, 4, datetime('2001-01-01 10:00:00'))"});
  sqlite_connection& db = scratch.connection;
  const auto times_of = [&](std::int64_t ticks_per_second) {
    std::vector<std::int64_t> times;
    for (const source_row& row : rows_of(db, {.table = "a", .ticks_per_second = ticks_per_second}))
      times.push_back(row.time);
    return times;
  };
  CHECK(times_of(1) == std::vector<std::int64_t>{1999, -2, 978307200, 978343200});
  CHECK(times_of(1000) == std::vector<std::int64_t>{1, -1, 978307200, 978343200});
}

TEST_CASE("a row that is no rating is rejected, and says why") {
  scratch_database scratch(
      {"CREATE TABLE a (id INTEGER PRIMARY KEY, user, item, rating, time, weight)",
       "INSERT INTO a (user, item, rating, time, weight) VALUES "
       "(x'01', 'i', 1, 1, 1), (1.5, 'i', 1, 1, 1), (1, x'', 1, 1, 1), "
       "(1, 'i', 'good', 1, 1), (1, 'i', 9e999, 1, 1), (1, 'i', 1e300, 1, 1), "
       "(1, 'i', 1, 'soon', 1), (1, 'i', 1, 1, 0), (1, 'i', 1, 1, NULL), "
       "(1, 'i', 1, 1, -9e999)"});
  sqlite_connection& db = scratch.connection;
  const auto all = contents_of(sql_source{db, {.table = "a", .key = "id"}});
  CHECK(all.rows.empty());
  const std::vector<std::tuple<std::uint64_t, std::string, std::string>> wanted{
      {1, "1 bytes", "user id is bytes, not text"},
      {1, "1.5", "user id is not a whole number"},
      {2, "0 bytes", "item id is bytes, not text"},
      {3, "good", "rating is not a number"},
      {3, "inf", "rating is not finite"},
      {3, "1e+300", "rating is out of the range of a float"},
      {4, "soon", "time is neither a number nor a date"},
      {5, "0", "weight is not positive"},
      {5, "", "weight is NULL"},
      {5, "-inf", "weight is not finite"}};
  REQUIRE(all.rejected.size() == wanted.size());
  for (std::size_t r = 0; r < wanted.size(); ++r) {
    const rejected_row& row = all.rejected[r];
    CHECK(row.line == r + 1);
    CHECK(std::tuple(row.column, row.value, row.reason) == wanted[r]);
  }
  CHECK(std::string(error_of<format_error>([&] {
                      static_cast<void>(load(sql_source{db, {.table = "a", .key = "id"}}));
                    }).what()) ==
        std::string(db.name()) + ", table 'a':1, column 1: user id is bytes, not text: '1 bytes'");
}

TEST_CASE("rows come in the order of a key, which is unique") {
  scratch_database scratch(
      {"CREATE TABLE a (k, user INT, item INT)",
       "INSERT INTO a VALUES (5, 1, 5), ('b', 1, 12), (-3, 1, 1), ('a', 1, 11)"});
  sqlite_connection& db = scratch.connection;
  const sql_source_options by_key{.table = "a", .key = "k"};
  CHECK(rows_of(db, by_key) == rows{{"1", "1"}, {"1", "5"}, {"1", "11"}, {"1", "12"}});

  const auto trouble_with = [&](const std::string& key) {
    sql_transaction transaction(db);
    db.execute("INSERT INTO a VALUES (" + key + ", 2, 2)");
    return std::string(error_of<data_error>([&] { contents_of(sql_source{db, by_key}); }).what());
  };
  const std::string start = std::string(db.name()) + ", table 'a': the key 'k' ";
  CHECK(trouble_with("5") == start + "is not unique: 5 comes behind 5");
  CHECK(trouble_with("'a'") == start + "is not unique: 'a' occurs twice");
  CHECK(trouble_with("NULL") == start + "is NULL in a row");
  CHECK(trouble_with("0.5") == start + "is neither an integer nor text");
  CHECK(trouble_with("x'00'") == start + "is neither an integer nor text");
}

TEST_CASE("rows are fetched as they are asked for") {
  scratch_database scratch;
  sqlite_connection& db = scratch.connection;
  sql_source endless(db,
                     {.query = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
                               "SELECT i AS user, -i AS item FROM n"});
  rating_batch batch;
  std::size_t read = 0;
  for (int n = 0; n < 3; ++n) {
    REQUIRE(endless.next(batch));
    CHECK(batch.size() <= 1 << 14);
    read += batch.size();
    CHECK(batch.lines.back() == read);
    CHECK(batch.items.integers.back() == -static_cast<std::int64_t>(read));
  }
}

TEST_CASE("a source is at its end once, and lets go of the connection there") {
  scratch_database scratch({"CREATE TABLE a (user INT, item INT)", "INSERT INTO a VALUES (1, 2)"});
  sqlite_connection& db = scratch.connection;
  sql_source source(db, {.table = "a"});
  rating_batch batch;
  CHECK(source.next(batch));
  CHECK(!source.next(batch));
  db.execute("INSERT INTO a VALUES (1, 3)");
  CHECK(!source.next(batch));
  CHECK(batch.size() == 0);
  db.execute("DROP TABLE a");
}

TEST_CASE("what cannot be read is named at once") {
  scratch_database scratch({"CREATE TABLE a (user INT, item INT, rating REAL)"});
  sqlite_connection& db = scratch.connection;
  const auto option = [&](sql_source_options from) {
    return error_of<option_error>([&] { sql_source{db, std::move(from)}; }).name();
  };
  CHECK(option({}) == "table");
  CHECK(option({.table = "a", .query = "SELECT 1"}) == "table");
  CHECK(option({.schema = "main", .query = "SELECT 1"}) == "schema");
  CHECK(option({.table = "a", .parameters = {1}}) == "parameters");
  CHECK(option({.table = "a", .ticks_per_second = 0}) == "ticks_per_second");
  CHECK(option({.table = "a", .retry = {.attempts = -1}}) == "attempts");

  const auto missing = [&](sql_source_options from) {
    const auto error = error_of<format_error>([&] { sql_source{db, std::move(from)}; });
    return std::string(error.what()).substr(db.name().size());
  };
  CHECK(missing({.table = "a", .user = "users"}) ==
        ", table 'a': has no column named 'users': 'user, item, rating'");
  CHECK(missing({.table = "a", .key = "id"}) == ", table 'a': has no column named 'id'");
  CHECK(missing({.table = "a", .weight = 4}) ==
        ", table 'a': has no column 4: 'user, item, rating'");
  CHECK(missing({.query = "SELECT item FROM a"}) ==
        ", query: has no column for the user id: 'item'");
  CHECK(missing({.query = "DELETE FROM a"}) == ", query: has no column for the user id");

  CHECK_THROWS_AS(sql_source(db, {.table = "b"}), database_error);
  CHECK_THROWS_AS(sql_source(db, {.query = "SELECT user, item FROM a; DROP TABLE a"}),
                  database_error);
  CHECK_THROWS_AS(contents_of(sql_source{db, {.query = "SELECT * FROM a WHERE user = ?"}}),
                  data_error);
}

TEST_CASE("MovieLens 100K comes out of SQLite as it went in") {
  const auto folder = data_folder();
  if (!folder) {
    MESSAGE("KINDRED_DATA names no folder: MovieLens 100K is not read");
    return;
  }
  const dataset wanted = load(csv_source{*folder + "/ml-100k/u.data"});
  scratch_database scratch(
      {"CREATE TABLE ratings (id INTEGER PRIMARY KEY, user_id INT, movie_id TEXT, "
       "rating DECIMAL(2, 1), rated_at DATETIME)"});
  sqlite_connection& db = scratch.connection;
  {
    sql_transaction transaction(db);
    const auto insert = db.prepare(
        "INSERT INTO ratings (user_id, movie_id, rating, rated_at) "
        "VALUES (?, ?, ?, datetime(?, 'unixepoch'))");
    csv_source file(*folder + "/ml-100k/u.data");
    for (rating_batch batch; file.next(batch);)
      for (std::size_t r = 0; r < batch.size(); ++r)
        insert->run(std::array<sql_value, 4>{batch.users.integers[r], batch.items.integers[r],
                                             double{batch.values[r]}, batch.times[r]});
    transaction.commit();
  }
  const dataset ratings =
      load(sql_source{db, {.table = "ratings", .time = "rated_at", .key = "id"}});
  REQUIRE(ratings.size() == 100'000);
  CHECK(std::ranges::equal(ratings.users().text(), wanted.users().text()));
  CHECK(std::ranges::equal(ratings.items().text(), wanted.items().text()));
  CHECK(std::ranges::equal(ratings.user_offsets(), wanted.user_offsets()));
  CHECK(std::ranges::equal(ratings.row_items(), wanted.row_items()));
  CHECK(std::ranges::equal(ratings.row_values(), wanted.row_values()));
  CHECK(std::ranges::equal(ratings.row_times(), wanted.row_times()));
}

}  // namespace kindred::sql_source_test
