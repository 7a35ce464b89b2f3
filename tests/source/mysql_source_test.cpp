#include <kindred/data/load.hpp>
#include <kindred/source/mysql.hpp>
#include <kindred/source/sql_source.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "../mariadb_server.hpp"
#include "sql_conformance.hpp"
#include "support.hpp"

namespace kindred::mysql_source_test {

using namespace test;

TEST_CASE("a MariaDB table holds what any database would") {
  if (!has_mariadb()) return;
  mysql_connection db(shared_mariadb().new_database());
  SUBCASE("rows") { sql::check_rows_equal_memory(db); }
  SUBCASE("parameters") { sql::check_parameters_select(db); }
  SUBCASE("NULL") { sql::check_null_fields_are_rejected(db); }
  SUBCASE("text keys") { sql::check_text_keys(db); }
  SUBCASE("hostile names") { sql::check_hostile_names_are_names(db); }
}

TEST_CASE("ratings of MariaDB's own types are read as what they are") {
  if (!has_mariadb()) return;
  mysql_connection db(shared_mariadb().new_database());
  db.execute(
      "CREATE TABLE ratings (id BIGINT UNSIGNED PRIMARY KEY, user_id BIGINT UNSIGNED, "
      "movie_id VARCHAR(40), rating DECIMAL(2,1), created_at DATETIME(6), weight FLOAT)");
  db.execute(
      "INSERT INTO ratings VALUES "
      "(1, 18446744073709551615, 'caf\u00e9', 4.5, '1998-01-01 00:00:00.999999', 0.1), "
      "(2, 9223372036854775807, '42', 0.5, '2000-02-29 23:59:59', 1), "
      "(3, 7, 'it''s', 3, '1969-12-31 23:59:59.5', 2), (4, 8, NULL, 3, NULL, 2)");
  const auto all =
      contents_of(sql_source{db, {.table = "ratings", .time = "created_at", .key = "id"}});
  CHECK(all.rows ==
        std::vector<source_row>{{"18446744073709551615", "caf\u00e9", 4.5F, 883612800, 0.1F},
                                {"9223372036854775807", "42", 0.5F, 951868799, 1},
                                {"7", "it's", 3, -1, 2}});
  REQUIRE(all.rejected.size() == 1);
  CHECK(all.rejected[0].reason == "item id is NULL");

  db.execute("UPDATE ratings SET created_at = '2038-01-19 03:14:07'");
  db.execute("ALTER TABLE ratings MODIFY created_at TIMESTAMP NULL, MODIFY rating FLOAT(3,1)");
  db.execute("UPDATE ratings SET rating = 4.1");
  const auto changed =
      contents_of(sql_source{db, {.table = "ratings", .time = "created_at", .key = "id"}});
  REQUIRE(changed.rows.size() == 3);
  CHECK(changed.rows[0].value == 4.1F);
  CHECK(changed.rows[0].time == 2147483647);
}

TEST_CASE("ratings come out of a join") {
  if (!has_mariadb()) return;
  mysql_connection db(shared_mariadb().new_database());
  db.execute("CREATE TABLE seen (who INT, what INT)");
  db.execute("INSERT INTO seen VALUES (1, 10), (2, 10), (2, 20)");
  db.execute("CREATE TABLE names (what INT PRIMARY KEY, name VARCHAR(20))");
  db.execute("INSERT INTO names VALUES (10, 'ten'), (20, 'twenty')");
  const std::string join =
      "SELECT who AS user, name AS item FROM seen JOIN names USING (what) WHERE who = ? ORDER BY "
      "name";
  const std::vector<source_row> wanted{{"2", "ten"}, {"2", "twenty"}};
  CHECK(contents_of(sql_source{db, {.query = join, .parameters = {std::int64_t{2}}}}).rows ==
        wanted);
}

}  // namespace kindred::mysql_source_test
