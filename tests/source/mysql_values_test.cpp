#include <kindred/source/mysql.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "../mariadb_server.hpp"

namespace kindred::mysql_values_test {

using namespace test;

namespace {

using row_values = std::vector<sql_value>;

/// What `text` gives, in one row.
struct one_row {
  one_row(mysql_connection& db, std::string_view text, std::span<const sql_value> parameters = {})
      : statement(db.prepare(text)) {
    statement->run(parameters);
    REQUIRE(statement->next());
    values.assign(statement->row().begin(), statement->row().end());
  }

  std::unique_ptr<sql_statement> statement;
  row_values values;
};

std::int64_t integer(std::int64_t value) { return value; }

}  // namespace

TEST_CASE("every type of MariaDB comes as the number, text or bytes that it is") {
  if (!has_mariadb()) return;
  mysql_connection db(shared_mariadb().new_database());
  const auto check = [&](std::string_view type, std::string_view literal,
                         const sql_value& expected) {
    CAPTURE(type);
    CAPTURE(literal);
    db.execute("CREATE OR REPLACE TEMPORARY TABLE t (a " + std::string(type) + ", b " +
               std::string(type) + " NULL)");
    db.execute("INSERT INTO t VALUES (" + std::string(literal) + ", NULL)");
    CHECK((one_row(db, "SELECT a, b FROM t").values == row_values{expected, std::monostate{}}));
  };
  check("TINYINT", "-128", integer(-128));
  check("TINYINT UNSIGNED", "255", integer(255));
  check("BOOL", "TRUE", integer(1));
  check("SMALLINT", "-32768", integer(-32768));
  check("SMALLINT UNSIGNED", "65535", integer(65535));
  check("MEDIUMINT", "-8388608", integer(-8388608));
  check("MEDIUMINT UNSIGNED", "16777215", integer(16777215));
  check("INT", "-2147483648", integer(-2147483648));
  check("INT UNSIGNED", "4294967295", integer(4294967295));
  check("INT(5) ZEROFILL", "42", integer(42));
  check("BIGINT", "-9223372036854775808", std::numeric_limits<std::int64_t>::min());
  check("BIGINT", "9223372036854775807", std::numeric_limits<std::int64_t>::max());
  check("BIGINT UNSIGNED", "9223372036854775807", std::numeric_limits<std::int64_t>::max());
  check("BIGINT UNSIGNED", "9223372036854775808", "9223372036854775808");
  check("BIGINT UNSIGNED", "18446744073709551615", "18446744073709551615");
  check("YEAR", "1994", integer(1994));
  check("BIT(1)", "b'1'", integer(1));
  check("BIT(12)", "0xabc", integer(0xabc));
  check("BIT(64)", "0xffffffffffffffff", "18446744073709551615");
  check("FLOAT", "4.1", double{4.1F});
  check("FLOAT(5,1)", "4.1", double{4.1F});
  check("DOUBLE", "4.1", 4.1);
  check("DOUBLE", "-1e300", -1e300);
  check("DECIMAL(3,1)", "4.5", "4.5");
  check("DECIMAL(65,30)", "-12345678901234567890123456789012345.000000000000000000000000000001",
        "-12345678901234567890123456789012345.000000000000000000000000000001");
  check("DATE", "'1997-12-04'", "1997-12-04");
  check("DATETIME", "'1997-12-04 15:55:49'", "1997-12-04 15:55:49");
  check("DATETIME(3)", "'1997-12-04 15:55:49.041'", "1997-12-04 15:55:49.041");
  check("DATETIME(6)", "'9999-12-31 23:59:59.000001'", "9999-12-31 23:59:59.000001");
  check("DATETIME(6)", "'1000-01-01'", "1000-01-01 00:00:00.000000");
  check("TIMESTAMP", "'2038-01-19 03:14:07'", "2038-01-19 03:14:07");
  check("TIMESTAMP(2)", "'1970-01-01 00:00:01.25'", "1970-01-01 00:00:01.25");
  check("TIME", "'-838:59:59'", "-838:59:59");
  check("TIME", "'00:00:00'", "00:00:00");
  check("TIME(6)", "'101:02:03.000004'", "101:02:03.000004");
  check("CHAR(5)", "'ab'", "ab");
  check("VARCHAR(20)", "'caf\u00e9 \U0001f3ac'", "caf\u00e9 \U0001f3ac");
  check("VARCHAR(20)", "''", "");
  check("TEXT", "'it''s'", "it's");
  check("JSON", "'{\"a\": 1}'", "{\"a\": 1}");
  check("ENUM('f', 'm')", "'m'", "m");
  check("SET('Drama', 'War')", "'Drama,War'", "Drama,War");
  check("INET6", "'::1'", "::1");
  check("BINARY(4)", "'ab'", sql_bytes{{"ab\0\0", 4}});
  check("VARBINARY(9)", "0x00ff", sql_bytes{{"\0\xff", 2}});
  check("BLOB", "''", sql_bytes{""});
  check("VARCHAR(9) CHARACTER SET latin1", "'caf\u00e9'", "caf\u00e9");
}

TEST_CASE("what a query computes comes like a column") {
  if (!has_mariadb()) return;
  mysql_connection db(shared_mariadb().login());
  const one_row row(db,
                    "SELECT NULL, 1 + 1, 1 / 4, 5e0 / 2, COUNT(*), SUM(18446744073709551615), "
                    "'a', x'0001', DATE '2000-02-29', TIMESTAMP '2000-02-29 01:02:03', "
                    "CONCAT(1, NULL), CAST(7 AS CHAR), 9223372036854775807 + 0");
  CHECK((row.values == row_values{std::monostate{}, integer(2), "0.2500", 2.5, integer(1),
                                  "18446744073709551615", "a", sql_bytes{{"\0\1", 2}}, "2000-02-29",
                                  "2000-02-29 01:02:03", std::monostate{}, "7",
                                  std::numeric_limits<std::int64_t>::max()}));
}

TEST_CASE("a TIMESTAMP is in UTC, whatever the server's time zone") {
  if (!has_mariadb()) return;
  const auto login = shared_mariadb().new_database();
  mysql_connection db(login);
  db.execute("SET time_zone = '+05:30'");
  db.execute("CREATE TABLE t (at TIMESTAMP)");
  db.execute("INSERT INTO t VALUES ('1998-01-01 05:30:00')");
  db.execute("SET GLOBAL time_zone = '-03:00'");
  mysql_connection another(login);
  db.execute("SET GLOBAL time_zone = DEFAULT");
  const one_row row(another, "SELECT at, UNIX_TIMESTAMP(at) FROM t");
  CHECK((row.values == row_values{"1998-01-01 00:00:00", integer(883612800)}));
}

TEST_CASE("a value that goes in through a ? comes out the same") {
  if (!has_mariadb()) return;
  mysql_connection db(shared_mariadb().new_database());
  db.execute("CREATE TABLE t (i BIGINT, d DOUBLE, s LONGTEXT, b LONGBLOB)");
  const auto insert = db.prepare("INSERT INTO t VALUES (?, ?, ?, ?)");
  const auto select = db.prepare("SELECT i, d, s, b FROM t");
  std::string all_bytes(256, '\0');
  std::iota(all_bytes.begin(), all_bytes.end(), '\0');
  const std::string_view none;
  const row_values rows[] = {
      {integer(0), 0.0, "", sql_bytes{""}},
      {std::numeric_limits<std::int64_t>::min(), 0.1, "'; DROP TABLE t; -- \\' \" ` ? %",
       sql_bytes{all_bytes}},
      {std::numeric_limits<std::int64_t>::max(), std::numeric_limits<double>::denorm_min(),
       std::string_view("a\0b", 3), sql_bytes{"\\"}},
      {integer(-1), std::numeric_limits<double>::max(), "\U0001f3ac \u65e5\u672c", sql_bytes{none}},
      {integer(1), -0.0, none, std::monostate{}},
      {std::monostate{}, std::monostate{}, std::monostate{}, std::monostate{}}};
  for (const row_values& row : rows) {
    db.execute("DELETE FROM t");
    insert->run(row);
    CHECK(insert->changed_rows() == 1);
    select->run();
    REQUIRE(select->next());
    CHECK((row_values(select->row().begin(), select->row().end()) == row));
    CHECK_FALSE(select->next());
  }
}

TEST_CASE("the type of a ? may change from one run to the next") {
  if (!has_mariadb()) return;
  mysql_connection db(shared_mariadb().login());
  const auto statement = db.prepare("SELECT CONCAT(?, '')");
  const auto check = [&](const sql_value& in, const sql_value& out) {
    statement->run({{in}});
    REQUIRE(statement->next());
    CHECK((statement->row()[0] == out));
  };
  check(integer(12), "12");
  check("a text", "a text");
  check(std::monostate{}, std::monostate{});
  check(0.5, "0.5");
}

TEST_CASE("long texts and bytes come whole, among short ones") {
  if (!has_mariadb()) return;
  mysql_connection db(shared_mariadb().new_database());
  db.execute("CREATE TABLE t (k INT PRIMARY KEY, s LONGTEXT, b LONGBLOB)");
  const auto content = [](std::size_t size) {
    std::string text(size, ' ');
    for (std::size_t c = 0; c < size; ++c) text[c] = static_cast<char>('a' + c % 23);
    return text;
  };
  const std::size_t sizes[] = {0, 255, 256, 257, 3, 100000, 1, 65536, 500000, 10};
  const auto insert = db.prepare("INSERT INTO t VALUES (?, ?, ?)");
  std::int64_t key = 0;
  for (const std::size_t size : sizes) {
    const std::string text = content(size);
    const std::string bytes = content(2 * size);
    insert->run({{key++, text, sql_bytes{bytes}}});
  }
  const auto select = db.prepare("SELECT s, k, b FROM t ORDER BY k");
  for (int run = 0; run < 2; ++run) {
    select->run();
    key = 0;
    for (const std::size_t size : sizes) {
      REQUIRE(select->next());
      const std::string text = content(size);
      const std::string bytes = content(2 * size);
      CHECK((select->row()[0] == sql_value(text)));
      CHECK((select->row()[1] == sql_value(key++)));
      CHECK((select->row()[2] == sql_value(sql_bytes{bytes})));
    }
    CHECK_FALSE(select->next());
  }
}

TEST_CASE("a value that a column cannot hold is refused") {
  if (!has_mariadb()) return;
  mysql_connection db(shared_mariadb().new_database());
  db.execute("CREATE TABLE t (a TINYINT, b VARCHAR(2), c DATE)");
  const auto insert = db.prepare("INSERT INTO t VALUES (?, ?, ?)");
  const auto code = [&](const row_values& values) {
    try {
      insert->run(values);
      return 0;
    } catch (const database_error& e) {
      CHECK_FALSE(e.is_connection_lost());
      return e.code();
    }
  };
  CHECK(code({integer(128), "ab", "2000-01-01"}) == ER_WARN_DATA_OUT_OF_RANGE);
  CHECK(code({integer(1), "abc", "2000-01-01"}) == ER_DATA_TOO_LONG);
  CHECK(code({integer(1), "ab", "2000-02-30"}) == ER_TRUNCATED_WRONG_VALUE);
  CHECK(code({integer(1), "ab", "0000-00-00"}) == ER_TRUNCATED_WRONG_VALUE);
  CHECK(code({integer(1), "ab", "2000-01-01"}) == 0);
}

}  // namespace kindred::mysql_values_test
