#include <kindred/core/error.hpp>
#include <kindred/source/sqlite.hpp>

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <variant>
#include <vector>

#include "../scratch_database.hpp"
#include "../temporary_folder.hpp"
#include "support.hpp"

namespace kindred::sqlite_test {

using namespace test;
using namespace std::chrono_literals;

namespace {

std::int64_t number(sql_connection& db, std::string_view query) {
  const auto statement = db.prepare(query);
  statement->run();
  REQUIRE(statement->next());
  return std::get<std::int64_t>(statement->row()[0]);
}

template <class Action>
int code_of(const Action& action) {
  const auto error = error_of<database_error>(action);
  CHECK(!error.is_connection_lost());
  return error.code();
}

}  // namespace

TEST_CASE("sqlite: values of every type come back as they went in") {
  scratch_database scratch({"CREATE TABLE a (id INTEGER PRIMARY KEY, value)"});
  sqlite_connection& db = scratch.connection;
  const std::string long_text(100'000, 'x');
  const std::vector<sql_value> values{std::monostate{},
                                      std::numeric_limits<std::int64_t>::min(),
                                      std::numeric_limits<std::int64_t>::max(),
                                      std::int64_t{0},
                                      -0.125,
                                      std::numeric_limits<double>::infinity(),
                                      std::numeric_limits<double>::denorm_min(),
                                      std::string_view(),
                                      "",
                                      "Z\u00fcrich \U0001F600",
                                      std::string_view("a\0b\0", 4),
                                      "'; DROP TABLE a; --",
                                      std::string_view(long_text),
                                      sql_bytes{},
                                      sql_bytes{""},
                                      sql_bytes{std::string_view("\0\xff\xfe", 3)},
                                      sql_bytes{long_text}};
  const auto insert = db.prepare("INSERT INTO a (value) VALUES (?)");
  for (const sql_value& value : values) {
    insert->run({&value, 1});
    CHECK(insert->changed_rows() == 1);
  }
  const auto select = db.prepare("SELECT value FROM a ORDER BY id");
  select->run();
  for (std::size_t v = 0; v < values.size(); ++v) {
    CAPTURE(v);
    REQUIRE(select->next());
    REQUIRE(select->row().size() == 1);
    CHECK((select->row()[0] == values[v]));
  }
  CHECK(!select->next());
  CHECK(!select->next());
  CHECK(number(db, "SELECT COUNT(*) FROM a WHERE typeof(value) = 'text'") == 6);
}

TEST_CASE("sqlite: NaN is NULL, as SQLite has it") {
  scratch_database scratch;
  const auto select = scratch.connection.prepare("SELECT ?");
  const sql_value value = std::numeric_limits<double>::quiet_NaN();
  select->run({&value, 1});
  REQUIRE(select->next());
  CHECK(std::holds_alternative<std::monostate>(select->row()[0]));
}

TEST_CASE("sqlite: text of a UTF-16 database comes as UTF-8") {
  scratch_database scratch({"PRAGMA encoding = 'UTF-16'", "CREATE TABLE a (b TEXT)",
                            "INSERT INTO a VALUES ('Z\u00fcrich')"});
  const auto select = scratch.connection.prepare("SELECT b FROM a WHERE b = ?");
  const sql_value name = "Z\u00fcrich";
  select->run({&name, 1});
  REQUIRE(select->next());
  CHECK((select->row()[0] == name));
}

TEST_CASE("sqlite: a statement is run again and again") {
  scratch_database scratch({"CREATE TABLE a (b INT)", "INSERT INTO a VALUES (1), (2), (3)"});
  const auto select = scratch.connection.prepare("SELECT b, -b AS minus FROM a WHERE b >= ?");
  CHECK(std::vector<std::string>(select->columns().begin(), select->columns().end()) ==
        std::vector<std::string>{"b", "minus"});
  CHECK(!select->next());  // it has not been run
  for (const std::int64_t least : {1, 3, 4, 2}) {
    const sql_value parameter = least;
    select->run({&parameter, 1});
    for (std::int64_t b = least; b <= 3; ++b) {
      REQUIRE(select->next());
      CHECK((select->row()[0] == sql_value(b)));
      CHECK((select->row()[1] == sql_value(-b)));
      if (least == 1) break;  // what is left is given up
    }
    if (least != 1) CHECK(!select->next());
  }
}

TEST_CASE("sqlite: parameters live on in the statement") {
  scratch_database scratch;
  const auto select = scratch.connection.prepare(
      "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 3) "
      "SELECT ? || i FROM n");
  {
    std::string text = "a text that is too long to be kept in place ";
    const sql_value parameter = std::string_view(text);
    select->run({&parameter, 1});
    text.assign(text.size(), '?');
  }
  for (int n = 0; n < 3; ++n) REQUIRE(select->next());
  CHECK((select->row()[0] == sql_value("a text that is too long to be kept in place 3")));
}

TEST_CASE("sqlite: it is known how many rows were changed") {
  scratch_database scratch;
  sqlite_connection& db = scratch.connection;
  const auto changed = [&](std::string_view text) {
    const auto statement = db.prepare(text);
    statement->run();
    while (statement->next()) continue;
    return statement->changed_rows();
  };
  CHECK(changed("CREATE TABLE a (b INT)") == 0);
  CHECK(changed("INSERT INTO a VALUES (1), (2), (3)") == 3);
  CHECK(changed("CREATE TABLE c (d INT)") == 0);
  CHECK(changed("UPDATE a SET b = b + 1 WHERE b > 1") == 2);
  CHECK(changed("UPDATE a SET b = 7 WHERE b > 10") == 0);
  CHECK(changed("SELECT * FROM a") == 0);
  CHECK(changed("BEGIN") == 0);
  CHECK(changed("INSERT INTO a VALUES (8), (9) RETURNING b") == 2);
  CHECK(changed("ROLLBACK") == 0);
  CHECK(changed("DELETE FROM a") == 3);
  CHECK(changed("DROP TABLE c") == 0);
}

TEST_CASE("sqlite: another number of values is refused") {
  scratch_database scratch({"CREATE TABLE a (b, c)"});
  sqlite_connection& db = scratch.connection;
  const auto insert = db.prepare("INSERT INTO a VALUES (?, ?)");
  const std::array<sql_value, 3> values{1, 2, 3};
  for (const std::size_t count : {0U, 1U, 3U})
    CHECK(std::string(error_of<data_error>([&] {
                        insert->run({values.data(), count});
                      }).what()) ==
          std::string(db.name()) + ": the statement takes 2 values, not " + std::to_string(count));
  CHECK(number(db, "SELECT COUNT(*) FROM a") == 0);
  CHECK_THROWS_AS(db.execute("INSERT INTO a VALUES (?, 1)"), data_error);
}

TEST_CASE("sqlite: one statement at a time") {
  scratch_database scratch({"CREATE TABLE a (b)"});
  sqlite_connection& db = scratch.connection;
  for (const std::string_view text :
       {std::string_view("SELECT 1; DROP TABLE a"), std::string_view("SELECT 1;;DROP TABLE a;"),
        std::string_view("SELECT 1\0; DROP TABLE a", 23), std::string_view(""), std::string_view(),
        std::string_view(" -- nothing\n"), std::string_view(";")}) {
    CAPTURE(text);
    CHECK(code_of([&] { static_cast<void>(db.prepare(text)); }) == SQLITE_MISUSE);
    CHECK(code_of([&] { db.execute(text); }) == SQLITE_MISUSE);
  }
  CHECK(number(db, "SELECT COUNT(*) FROM a; \n;") == 0);
}

TEST_CASE("sqlite: an error has SQLite's own code and words") {
  scratch_database scratch({"CREATE TABLE a (b INT PRIMARY KEY)", "INSERT INTO a VALUES (1)"});
  sqlite_connection& db = scratch.connection;
  const auto error = error_of<database_error>([&] { db.execute("SELECT x FROM a"); });
  CHECK(error.code() == SQLITE_ERROR);
  CHECK(std::string(error.what()) ==
        "sqlite " + scratch.folder.path("scratch.db") + ": error 1: no such column: x");
  CHECK(code_of([&] { db.execute("INSERT INTO a VALUES (1)"); }) == SQLITE_CONSTRAINT_PRIMARYKEY);

  // A statement that failed has no rows, and can be run again.
  const auto insert = db.prepare("INSERT INTO a VALUES (?) RETURNING b");
  const sql_value one = 1;
  const sql_value two = 2;
  CHECK(code_of([&] { insert->run({&one, 1}); }) == SQLITE_CONSTRAINT_PRIMARYKEY);
  CHECK(!insert->next());
  insert->run({&two, 1});
  CHECK(insert->next());
}

TEST_CASE("sqlite: a statement that fails between rows is at its end") {
  scratch_database scratch(
      {"CREATE TABLE a (b INT)", "INSERT INTO a VALUES (1), (2), (-9223372036854775808), (4)"});
  const auto select = scratch.connection.prepare("SELECT abs(b) FROM a");
  for (int round = 0; round < 2; ++round) {
    select->run();
    CHECK(select->next());
    CHECK(select->next());
    CHECK(code_of([&] { select->next(); }) == SQLITE_ERROR);  // integer overflow
    CHECK(!select->next());
  }
}

TEST_CASE("sqlite: a transaction takes place as a whole or not at all") {
  scratch_database scratch({"CREATE TABLE a (b INT)"});
  sqlite_connection& db = scratch.connection;
  {
    sql_transaction transaction(db);
    db.execute("INSERT INTO a VALUES (1)");
    transaction.commit();
  }
  {
    const sql_transaction transaction(db);
    db.execute("INSERT INTO a VALUES (2)");
  }
  const auto fail = [&] {
    sql_transaction transaction(db);
    db.execute("INSERT INTO a VALUES (3)");
    db.execute("nonsense");
    transaction.commit();
  };
  CHECK_THROWS_AS(fail(), database_error);
  CHECK(number(db, "SELECT SUM(b) FROM a") == 1);
  {
    const sql_transaction transaction(db);
    db.execute("INSERT INTO a VALUES (4)");
    db.reconnect();  // the transaction goes with its connection
  }
  CHECK(number(db, "SELECT SUM(b) FROM a") == 1);
}

TEST_CASE("sqlite: whoever wants to write waits, but not for ever") {
  const temporary_folder folder;
  sqlite_connection first(folder.path("a.db"));
  sqlite_connection second(folder.path("a.db"), {.busy_timeout = 20ms});
  first.execute("CREATE TABLE a (b INT)");
  sql_transaction transaction(first);
  first.execute("INSERT INTO a VALUES (1)");
  CHECK(code_of([&] { second.execute("INSERT INTO a VALUES (2)"); }) == SQLITE_BUSY);
  CHECK(number(second, "SELECT COUNT(*) FROM a") == 0);

  sqlite_connection patient(folder.path("a.db"), {.busy_timeout = 60s});
  std::jthread committer([&] { transaction.commit(); });
  patient.execute("INSERT INTO a VALUES (2)");
  CHECK(number(patient, "SELECT SUM(b) FROM a") == 3);
}

TEST_CASE("sqlite: rows that are read hold off writers until their end") {
  const temporary_folder folder;
  sqlite_connection reader(folder.path("a.db"));
  sqlite_connection writer(folder.path("a.db"), {.busy_timeout = 0ms});
  reader.execute("CREATE TABLE a (b INT)");
  reader.execute("INSERT INTO a VALUES (1), (2)");
  const auto select = reader.prepare("SELECT b FROM a");
  select->run();
  CHECK(select->next());
  CHECK(code_of([&] { writer.execute("DELETE FROM a"); }) == SQLITE_BUSY);
  CHECK(select->next());
  CHECK(!select->next());
  writer.execute("DELETE FROM a");
}

TEST_CASE("sqlite: how a file may be opened") {
  const temporary_folder folder;
  const std::string path = folder.path("a.db");
  for (const auto access : {sqlite_access::read_only, sqlite_access::read_write})
    CHECK(code_of([&] { sqlite_connection(path, {.access = access}); }) == SQLITE_CANTOPEN);
  sqlite_connection(path).execute("CREATE TABLE a (b INT)");

  sqlite_connection reader(path, {.access = sqlite_access::read_only});
  CHECK(number(reader, "SELECT COUNT(*) FROM a") == 0);
  CHECK(code_of([&] { reader.execute("INSERT INTO a VALUES (1)"); }) == SQLITE_READONLY);
  sqlite_connection writer(path, {.access = sqlite_access::read_write});
  writer.execute("INSERT INTO a VALUES (1)");
  CHECK(number(reader, "SELECT COUNT(*) FROM a") == 1);
}

TEST_CASE("sqlite: what cannot be opened says so") {
  const temporary_folder folder;
  const auto error =
      error_of<database_error>([&] { sqlite_connection(folder.path("no/such/folder.db")); });
  CHECK(error.code() == SQLITE_CANTOPEN);
  CHECK(std::string(error.what()) ==
        "sqlite " + folder.path("no/such/folder.db") + ": error 14: unable to open database file");
  CHECK_THROWS_AS(sqlite_connection(folder.path()), database_error);

  sqlite_connection text(folder.write("a.txt", std::string(4096, 'x')));
  CHECK(code_of([&] { text.execute("SELECT * FROM sqlite_schema"); }) == SQLITE_NOTADB);

  const auto option = [](const auto& action) { return error_of<option_error>(action).name(); };
  CHECK(option([] { sqlite_connection(std::string("a\0b", 3)); }) == "path");
  CHECK(option([&] { sqlite_connection(":memory:", {.busy_timeout = -1ms}); }) == "busy_timeout");
  CHECK(option([&] { sqlite_connection(":memory:", {.busy_timeout = 3'000'000'000ms}); }) ==
        "busy_timeout");
}

TEST_CASE("sqlite: reconnecting opens the file anew") {
  scratch_database scratch({"CREATE TABLE a (b INT)", "CREATE TEMP TABLE gone (b INT)"});
  sqlite_connection& db = scratch.connection;
  const auto before = db.prepare("SELECT * FROM gone");
  db.reconnect();
  CHECK(number(db, "SELECT COUNT(*) FROM a") == 0);
  CHECK_THROWS_AS(db.execute("SELECT * FROM gone"), database_error);
}

TEST_CASE("sqlite: an application's own connection is used and left open") {
  const temporary_folder folder;
  sqlite3* opened = nullptr;
  REQUIRE(sqlite3_open(folder.path("a.db").c_str(), &opened) == SQLITE_OK);
  const std::unique_ptr<sqlite3, int (*)(sqlite3*)> owner(opened, sqlite3_close);
  {
    sqlite_connection db(opened);
    CHECK(db.name() == "sqlite");
    CHECK(db.native_handle() == opened);
    db.execute("CREATE TEMP TABLE a (b INT)");
    CHECK(code_of([&] { db.reconnect(); }) == SQLITE_MISUSE);
    CHECK(number(db, "SELECT COUNT(*) FROM a") == 0);
  }
  CHECK(sqlite3_exec(opened, "INSERT INTO a VALUES (1)", nullptr, nullptr, nullptr) == SQLITE_OK);
}

TEST_CASE("sqlite: a name is quoted whatever is in it") {
  scratch_database scratch;
  sqlite_connection& db = scratch.connection;
  CHECK(db.quoted("ratings") == "\"ratings\"");
  CHECK(db.quoted("a\"b") == "\"a\"\"b\"");
  for (const std::string name : {"a\"; DROP TABLE b; --", "\"", "\"\"", "a'b", "a`b", "[a]", "a.b",
                                 "SELECT", "?", " ", "\n", "\xff\xfe", "Z\u00fcrich"}) {
    CAPTURE(name);
    db.execute("CREATE TABLE " + db.quoted(name) + " (" + db.quoted(name) + " INT)");
    db.execute("INSERT INTO " + db.quoted(name) + " (" + db.quoted(name) + ") VALUES (7)");
    CHECK(db.prepare("SELECT * FROM " + db.quoted(name))->columns()[0] == name);
    CHECK(number(db, "SELECT " + db.quoted(name) + " FROM " + db.quoted(name)) == 7);
  }
  CHECK_THROWS_AS(static_cast<void>(db.quoted("")), option_error);
  CHECK_THROWS_AS(static_cast<void>(db.quoted(std::string_view("a\0b", 3))), option_error);
}

}  // namespace kindred::sqlite_test
