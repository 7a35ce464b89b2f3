#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/random.hpp>
#include <kindred/data/feature_table.hpp>
#include <kindred/data/id_map.hpp>
#include <kindred/data/id_map_builder.hpp>
#include <kindred/source/memory.hpp>
#include <kindred/source/sql_connection.hpp>
#include <kindred/source/sql_features.hpp>
#include <kindred/source/sql_source.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "support.hpp"

/// What holds of ratings and features whatever the database is. Each check makes tables of its own
/// in a database that is empty, and drops them.
namespace kindred::test::sql {

using rating = std::tuple<std::int64_t, std::string, double, std::int64_t>;

/// More than two batches.
inline std::vector<rating> some_ratings(std::size_t count = 40'000) {
  const counter_rng rng(7);
  std::vector<rating> ratings;
  for (std::size_t r = 0; r < count; ++r) {
    const std::uint64_t bits = rng.bits(r);
    ratings.emplace_back(bits % 1000, "item " + std::to_string(bits % 77),
                         static_cast<double>(bits % 10) / 2, 978'300'760 + bits % 1'000'000);
  }
  return ratings;
}

/// A table of that name with columns id, user_id, item_id, rating, rated_at, dropped at the end.
class rating_table {
 public:
  rating_table(sql_connection& db, const std::string& name, const std::vector<rating>& ratings)
      : db_(db), table_(db.quoted(name)) {
    db.execute("CREATE TABLE " + table_ +
               " (id BIGINT PRIMARY KEY, user_id BIGINT, item_id VARCHAR(100), rating DOUBLE, "
               "rated_at BIGINT)");
    insert(ratings);
  }
  rating_table(const rating_table&) = delete;
  rating_table& operator=(const rating_table&) = delete;
  ~rating_table() { db_.execute("DROP TABLE " + table_); }

  /// Numbers them on, in steps of 3.
  void insert(const std::vector<rating>& ratings) {
    sql_transaction transaction(db_);
    const auto statement = db_.prepare("INSERT INTO " + table_ + " VALUES (?, ?, ?, ?, ?)");
    for (const auto& [user, item, value, time] : ratings)
      statement->run(std::array<sql_value, 5>{next_id_ += 3, user, item, value, time});
    transaction.commit();
  }

  [[nodiscard]] std::int64_t count() const {
    const auto statement = db_.prepare("SELECT COUNT(*) FROM " + table_);
    statement->run();
    REQUIRE(statement->next());
    return std::get<std::int64_t>(statement->row()[0]);
  }

 private:
  sql_connection& db_;
  std::string table_;
  std::int64_t next_id_ = 0;
};

/// Names and texts that try to be SQL.
inline const std::vector<std::string> hostile_names{"ratings\"; DROP TABLE ratings; --",
                                                    "ratings`; DROP TABLE ratings; --",
                                                    "ratings'; DROP TABLE ratings; --",
                                                    "ratings\"\"`` WHERE 1 = 1",
                                                    "a.b",
                                                    "]",
                                                    "?",
                                                    "SELECT",
                                                    "r",
                                                    "\\\"\\`\\'"};

inline void check_rows_equal_memory(sql_connection& db) {
  const std::vector<rating> ratings = some_ratings();
  const rating_table table(db, "ratings", ratings);
  const source_contents wanted = contents_of(memory_source{ratings});
  const auto with_key =
      contents_of(sql_source{db, {.table = "ratings", .time = "rated_at", .key = "id"}});
  CHECK(with_key == wanted);
  const auto by_query = contents_of(
      sql_source{db,
                 {.query = "SELECT user_id, item_id, rating, rated_at FROM ratings ORDER BY id",
                  .time = "rated_at"}});
  CHECK(by_query == wanted);
  auto unordered = contents_of(sql_source{db, {.table = "ratings", .time = "rated_at"}}).rows;
  auto sorted = wanted.rows;
  const auto by_all = [](const source_row& a, const source_row& b) {
    return std::tie(a.user, a.item, a.value, a.time) < std::tie(b.user, b.item, b.value, b.time);
  };
  std::sort(unordered.begin(), unordered.end(), by_all);
  std::sort(sorted.begin(), sorted.end(), by_all);
  CHECK(unordered == sorted);
}

inline void check_parameters_select(sql_connection& db) {
  const std::vector<rating> ratings{{1, "a", 4, 10}, {2, "b", 3, 20}, {2, "it's", 5, 30}};
  const rating_table table(db, "ratings", ratings);
  const auto rows_of = [&](const std::string& condition, std::vector<sql_value> parameters,
                           const std::string& key = {}) {
    return contents_of(sql_source{db,
                                  {.query = "SELECT * FROM ratings WHERE " + condition,
                                   .parameters = std::move(parameters),
                                   .key = key}})
        .rows;
  };
  for (const std::string key : {"", "id"}) {
    CAPTURE(key);
    CHECK(rows_of("rated_at > ? AND rating < ?", {10, 4.5}, key) ==
          std::vector<source_row>{{"2", "b", 3}});
    CHECK(rows_of("item_id = ?", {"it's"}, key) == std::vector<source_row>{{"2", "it's", 5}});
    CHECK(rows_of("item_id = ?", {"' OR 1 = 1 --"}, key).empty());
    CHECK(rows_of("item_id = ?", {std::monostate{}}, key).empty());
  }
}

inline void check_null_fields_are_rejected(sql_connection& db) {
  const rating_table table(db, "ratings", {{1, "a", 4, 10}});
  db.execute(
      "INSERT INTO ratings VALUES (10, NULL, 'a', 1, 1), (11, 1, NULL, 1, 1), "
      "(12, 1, 'a', NULL, 1), (13, 1, 'a', 1, NULL), (14, 1, '', 1, 1), "
      "(15, 2, 'a', 1, 1)");
  const auto all =
      contents_of(sql_source{db, {.table = "ratings", .time = "rated_at", .key = "id"}});
  CHECK(all.lines == std::vector<std::uint64_t>{1, 7});
  const std::vector<std::tuple<std::uint64_t, std::uint64_t, std::string>> wanted{
      {2, 1, "user id is NULL"},
      {3, 2, "item id is NULL"},
      {4, 3, "rating is NULL"},
      {5, 4, "time is NULL"},
      {6, 2, "item id is empty"}};
  REQUIRE(all.rejected.size() == wanted.size());
  for (std::size_t r = 0; r < wanted.size(); ++r) {
    const rejected_row& row = all.rejected[r];
    CHECK(std::tuple(row.line, row.column, row.reason) == wanted[r]);
    CHECK(row.value.empty());
  }
}

inline void check_text_keys(sql_connection& db) {
  db.execute("CREATE TABLE named (name VARCHAR(50) PRIMARY KEY, user_id BIGINT, item_id BIGINT)");
  const auto insert = db.prepare("INSERT INTO named VALUES (?, ?, ?)");
  const std::vector<std::string> names{"b", "a", "it's; DROP TABLE named", "10", "9"};
  for (std::size_t n = 0; n < names.size(); ++n)
    insert->run(std::array<sql_value, 3>{names[n], static_cast<std::int64_t>(n), 1});
  const auto all = contents_of(sql_source{db, {.table = "named", .key = "name"}});
  std::vector<std::string> order;
  for (const source_row& row : all.rows) order.push_back(names.at(std::stoul(row.user)));
  CHECK(order == std::vector<std::string>{"10", "9", "a", "b", "it's; DROP TABLE named"});
  db.execute("DROP TABLE named");
}

/// As ids, as names of tables and of columns, and as the schema.
inline void check_hostile_names_are_names(sql_connection& db) {
  std::vector<rating> ratings;
  for (const std::string& name : hostile_names) ratings.emplace_back(1, name, 2.5, 3);
  rating_table bait(db, "ratings", ratings);
  const std::string untouched = "DROP TABLE ratings";

  const auto ids = contents_of(sql_source{db, {.table = "ratings", .key = "id"}});
  for (std::size_t n = 0; n < hostile_names.size(); ++n)
    CHECK(ids.rows.at(n).item == hostile_names[n]);

  for (const std::string& name : hostile_names) {
    CAPTURE(name);
    CHECK_THROWS_AS(sql_source(db, {.table = name}), database_error);
    CHECK_THROWS_AS(sql_source(db, {.table = "ratings", .schema = name}), database_error);
    CHECK_THROWS_AS(sql_source(db, {.table = "ratings", .user = name}), format_error);
    CHECK_THROWS_AS(sql_source(db, {.table = "ratings", .key = name}), format_error);
    {
      const rating_table table(db, name, {{7, "x", 5, 0}});
      CHECK(contents_of(sql_source{db, {.table = name, .key = "id"}}).rows.size() == 1);
    }
    const std::string column = db.quoted(name);
    db.execute("CREATE TABLE odd (" + column + " BIGINT, item_id BIGINT)");
    db.execute("INSERT INTO odd VALUES (5, 6)");
    CHECK(contents_of(sql_source{db, {.table = "odd", .user = name, .key = name}}).rows ==
          std::vector<source_row>{{"5", "6"}});
    db.execute("DROP TABLE odd");
  }
  for (const std::string& name : {std::string("a\0b", 3), std::string("ratings\0", 8)}) {
    CHECK_THROWS_AS(sql_source(db, {.table = name}), option_error);
    CHECK_THROWS_AS(sql_source(db, {.table = "ratings", .schema = name}), option_error);
  }
  CHECK(bait.count() == static_cast<std::int64_t>(hostile_names.size()));
}

inline id_map ids_of(const std::vector<std::string>& ids) {
  id_map_builder builder;
  for (const std::string& id : ids) builder.intern(id);
  return builder.finish();
}

/// The categories of a row, in their order.
inline std::string categories_of(const multi_hot_column& column, index row) {
  std::string all;
  for (const index category : column[row])
    all += (all.empty() ? "" : ", ") + std::string(column.vocabulary().id(category));
  return all;
}

/// Users without a row keep theirs, empty; others have none.
inline void check_features_are_joined(sql_connection& db) {
  db.execute(
      "CREATE TABLE movies (id BIGINT PRIMARY KEY, title VARCHAR(100), release_date DATE, "
      "genre VARCHAR(100), budget DECIMAL(8, 2), studio INT)");
  db.execute(
      "INSERT INTO movies VALUES "
      "(31, 'Am\xC3\xA9lie', '2001-04-25', 'Comedy|Romance', 77.25, 7), "
      "(5, NULL, NULL, NULL, NULL, NULL), (99, 'nobody rated it', '1990-01-01', 'Drama', 1, 7), "
      "(40, '', '1929-12-31', 'Drama||Comedy|Drama', 0, 8)");
  const feature_table movies = read_features(db,
                                             {.table = "movies",
                                              .numeric = {"budget"},
                                              .year = {"release_date"},
                                              .categorical = {"studio"},
                                              .multi_hot = {"genre"},
                                              .text = {"title"}},
                                             ids_of({"40", "new", "5", "31"}));
  CHECK(movies.rows() == 4);
  CHECK(movies.names() ==
        std::vector<std::string>{"budget", "release_date", "studio", "genre", "title"});
  const auto row = [&](index r) {
    const auto number = [&](std::string_view name) {
      const auto value = movies.numeric(name)[r];
      return value ? detail::to_text(*value) : "none";
    };
    const index studio = movies.categorical("studio")[r];
    return std::vector<std::string>{
        number("budget"), number("release_date"),
        studio == unknown_index ? "none"
                                : std::string(movies.categorical("studio").vocabulary().id(studio)),
        categories_of(movies.multi_hot("genre"), r), std::string(movies.text("title")[r])};
  };
  CHECK(row(0) == std::vector<std::string>{"0", "1929", "8", "Drama, Comedy", ""});
  CHECK(row(1) == std::vector<std::string>{"none", "none", "none", "", ""});
  CHECK(row(2) == std::vector<std::string>{"none", "none", "none", "", ""});
  CHECK(row(3) ==
        std::vector<std::string>{"77.25", "2001", "7", "Comedy, Romance", "Am\xC3\xA9lie"});

  const feature_table by_query = read_features(
      db,
      {.query = "SELECT id AS movie, studio * 2 AS twice FROM movies WHERE studio > ? -- all",
       .parameters = {7},
       .id = "movie",
       .numeric = {"twice"}},
      ids_of({"40", "31"}));
  CHECK(by_query.numeric("twice")[0] == 16.0F);
  CHECK(!by_query.numeric("twice")[1]);
  db.execute("DROP TABLE movies");
}

inline void check_hostile_feature_names_are_names(sql_connection& db) {
  const rating_table bait(db, "ratings", {{1, "a", 2.5, 3}});
  const id_map ids = ids_of({"1"});
  for (const std::string& name : hostile_names) {
    CAPTURE(name);
    const auto read = [&](sql_feature_options from) { return read_features(db, from, ids); };
    CHECK_THROWS_AS(read({.table = name, .numeric = {"a"}}), database_error);
    CHECK_THROWS_AS(read({.table = "ratings", .schema = name, .numeric = {"rating"}}),
                    database_error);
    CHECK_THROWS_AS(read({.table = "ratings", .id = name, .numeric = {"rating"}}), database_error);
    CHECK_THROWS_AS(read({.table = "ratings", .id = "user_id", .numeric = {name}}), database_error);
    db.execute("CREATE TABLE odd (id BIGINT, " + db.quoted(name) + " BIGINT)");
    db.execute("INSERT INTO odd VALUES (1, 6)");
    CHECK(read({.table = "odd", .numeric = {name}}).numeric(name)[0] == 6.0F);
    CHECK(!read({.table = "odd", .id = name, .numeric = {"id"}}).numeric("id")[0]);
    db.execute("DROP TABLE odd");
  }
  CHECK(bait.count() == 1);
}

}  // namespace kindred::test::sql
