#include <kindred/core/error.hpp>
#include <kindred/data/feature_table.hpp>
#include <kindred/source/csv.hpp>
#include <kindred/source/movielens.hpp>
#include <kindred/source/sql_features.hpp>
#include <kindred/source/sqlite.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "../ml_100k.hpp"
#include "../scratch_database.hpp"
#include "sql_conformance.hpp"
#include "support.hpp"

namespace kindred::sql_features_test {

using namespace test;
using sql::ids_of;

TEST_CASE("features are read from SQLite as from any database") {
  scratch_database scratch;
  SUBCASE("left join") { sql::check_features_are_joined(scratch.connection); }
  SUBCASE("hostile names") { sql::check_hostile_feature_names_are_names(scratch.connection); }
}

TEST_CASE("features of ids in text and in numbers") {
  scratch_database scratch({"CREATE TABLE a (id, age)",
                            "INSERT INTO a VALUES ('ann', 31), (7.0, 32), ('8', 33), (NULL, 34), "
                            "(NULL, 35), ('042', 36)"});
  const auto ages = read_features(scratch.connection, {.table = "a", .numeric = {"age"}},
                                  ids_of({"7", "8", "42", "ann"}))
                        .numeric("age");
  CHECK(ages[0] == 32.0F);
  CHECK(ages[1] == 33.0F);
  CHECK(!ages[2]);
  CHECK(ages[3] == 31.0F);
}

TEST_CASE("values of any type that fits") {
  scratch_database scratch({"CREATE TABLE a (id, value)",
                            "INSERT INTO a VALUES (1, 2), (2, 2.5), (3, '2.50'), (4, NULL)"});
  const auto column = [&](sql_feature_options from) {
    from.table = "a";
    return read_features(scratch.connection, from, ids_of({"1", "2", "3", "4"})).column("value");
  };
  const auto numbers = std::get<numeric_column>(column({.numeric = {"value"}}));
  CHECK((numbers[0] == 2.0F && numbers[1] == 2.5F && numbers[2] == 2.5F && !numbers[3]));
  const auto texts = std::get<text_column>(column({.text = {"value"}}));
  CHECK((texts[0] == "2" && texts[1] == "2.5" && texts[2] == "2.50" && texts[3].empty()));
  const auto categories = std::get<categorical_column>(column({.categorical = {"value"}}));
  CHECK(categories.vocabulary().size() == 3);
  CHECK(categories[3] == unknown_index);
  const auto sets = std::get<multi_hot_column>(column({.multi_hot = {"value"}, .separator = '.'}));
  CHECK(sql::categories_of(sets, 1) == "2, 5");
  CHECK(sql::categories_of(sets, 2) == "2, 50");
}

TEST_CASE("a year is that of a date, or a number") {
  scratch_database scratch({"CREATE TABLE a (id INTEGER PRIMARY KEY, day)",
                            "INSERT INTO a (day) VALUES ('1995-12-31 23:59:59'), ('1969-01-01'), "
                            "(1984), ('1985'), ('0001-01-01'), (NULL)"});
  const auto years = read_features(scratch.connection, {.table = "a", .year = {"day"}},
                                   ids_of({"1", "2", "3", "4", "5", "6"}))
                         .numeric("day");
  CHECK((years[0] == 1995.0F && years[1] == 1969.0F && years[2] == 1984.0F));
  CHECK((years[3] == 1985.0F && years[4] == 1.0F && !years[5]));
}

TEST_CASE("a cell that does not fit is named") {
  scratch_database scratch({"CREATE TABLE a (id, value)"});
  sqlite_connection& db = scratch.connection;
  const auto trouble = [&](const std::string& row, sql_feature_options from) {
    const sql_transaction transaction(db);
    db.execute("INSERT INTO a VALUES (1, 1), " + row);
    from.table = "a";
    const auto error =
        error_of<format_error>([&] { static_cast<void>(read_features(db, from, ids_of({"2"}))); });
    CHECK(error.line() == 2);
    return std::string(error.what()).substr(db.name().size());
  };
  CHECK(trouble("(2, 'old')", {.numeric = {"value"}}) ==
        ", table 'a':2, column 2: 'value' is not a number: 'old'");
  CHECK(trouble("(2, 9e999)", {.numeric = {"value"}}) ==
        ", table 'a':2, column 2: 'value' is not finite: 'inf'");
  CHECK(trouble("(2, x'00')", {.numeric = {"value"}, .text = {"id"}}) ==
        ", table 'a':2, column 2: 'value' is bytes, not a number: '1 bytes'");
  CHECK(trouble("(2, x'00')", {.categorical = {"value"}}) ==
        ", table 'a':2, column 2: 'value' is bytes, not text: '1 bytes'");
  CHECK(trouble("(2, 'soon')", {.year = {"value"}}) ==
        ", table 'a':2, column 2: 'value' is neither a date nor a number: 'soon'");
  CHECK(trouble("(2.5, 1)", {.numeric = {"value"}}) ==
        ", table 'a':2, column 1: 'id' is not a whole number: '2.5'");
}

TEST_CASE("an id with two rows is named") {
  scratch_database scratch(
      {"CREATE TABLE a (id, age)", "INSERT INTO a VALUES (1, 2), (3, 4), (3, 4), ('1', 3)"});
  sqlite_connection& db = scratch.connection;
  const auto read = [&](const std::vector<std::string>& ids) {
    return read_features(db, {.table = "a", .numeric = {"age"}}, ids_of(ids));
  };
  CHECK(std::string(error_of<data_error>([&] { read({"1"}); }).what()) ==
        std::string(db.name()) + ", table 'a': '1' occurs twice in the column 'id'");
  CHECK(read({"2"}).rows() == 1);
}

TEST_CASE("features that are asked for wrongly") {
  scratch_database scratch({"CREATE TABLE a (id, age)"});
  const auto option = [&](const sql_feature_options& from) {
    return error_of<option_error>(
               [&] { static_cast<void>(read_features(scratch.connection, from, {})); })
        .name();
  };
  CHECK(option({.numeric = {"age"}}) == "table");
  CHECK(option({.table = "a", .query = "SELECT 1", .numeric = {"age"}}) == "table");
  CHECK(option({.table = "a", .parameters = {1}, .numeric = {"age"}}) == "parameters");
  CHECK(option({.table = "a"}) == "numeric");
  CHECK(option({.table = "a", .numeric = {"age"}, .retry = {.attempts = -1}}) == "attempts");
  CHECK(option({.table = "a", .id = "", .numeric = {"age"}}) == "name of a table or column");

  const auto read = [&](const sql_feature_options& from) {
    return read_features(scratch.connection, from, {});
  };
  CHECK(read({.table = "a", .numeric = {"age"}}).rows() == 0);
  CHECK_THROWS_AS(read({.table = "a", .numeric = {"ages"}}), database_error);
  CHECK_THROWS_AS(read({.table = "b", .numeric = {"age"}}), database_error);
  CHECK_THROWS_AS(read({.table = "a", .numeric = {"age"}, .text = {"age"}}), data_error);
}

TEST_CASE("MovieLens 100K's users come out of SQLite as they went in") {
  const auto folder = data_folder();
  if (!folder) {
    MESSAGE("skipped: KINDRED_DATA does not name the folder of the data sets");
    return;
  }
  const auto wanted = movielens::load(*folder + "/ml-100k");
  const auto& ages = wanted.users.numeric("age");
  scratch_database scratch(
      {"CREATE TABLE users (user_id INT, age INT, gender CHAR(1), "
       "occupation TEXT, zip TEXT)"});
  sqlite_connection& db = scratch.connection;
  const auto insert = db.prepare("INSERT INTO users VALUES (?, ?, ?, ?, ?)");
  sql_transaction transaction(db);
  for (index u = wanted.ratings.num_users(); u-- > 0;) {
    const auto category = [&](std::string_view name) {
      const auto& column = wanted.users.categorical(name);
      return column.vocabulary().id(column[u]);
    };
    insert->run(std::array<sql_value, 5>{wanted.ratings.users().id(u), double{*ages[u]},
                                         category("gender"), category("occupation"),
                                         category("zip")});
  }
  transaction.commit();
  const auto users = read_features(db,
                                   {.table = "users",
                                    .id = "user_id",
                                    .numeric = {"age"},
                                    .categorical = {"gender", "occupation", "zip"}},
                                   wanted.ratings.users());
  CHECK(users.names() == wanted.users.names());
  CHECK(std::ranges::equal(users.numeric("age").values(), ages.values()));
  for (const std::string name : {"gender", "occupation", "zip"}) {
    CHECK(std::ranges::equal(users.categorical(name).codes(),
                             wanted.users.categorical(name).codes()));
    CHECK(std::ranges::equal(users.categorical(name).vocabulary().text(),
                             wanted.users.categorical(name).vocabulary().text()));
  }
}

}  // namespace kindred::sql_features_test
