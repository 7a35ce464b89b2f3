#include <kindred/core/error.hpp>
#include <kindred/source/mysql.hpp>
#include <kindred/source/sql_connection.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "../mariadb_server.hpp"
#include "support.hpp"

namespace kindred::mysql_test {

using namespace test;

namespace {

/// A connection to a new database with a table `t` of the numbers 1 .. `rows`.
mysql_connection numbers_up_to(int rows) {
  mysql_options login = shared_mariadb().new_database();
  mysql_connection(login).execute(
      "CREATE TABLE t (a INT PRIMARY KEY) SELECT seq AS a FROM seq_1_to_" + std::to_string(rows));
  return mysql_connection(std::move(login));
}

std::int64_t integer_of(sql_connection& db, std::string_view text) {
  const auto statement = db.prepare(text);
  statement->run();
  REQUIRE(statement->next());
  return std::get<std::int64_t>(statement->row()[0]);
}

std::vector<std::int64_t> rest_of(sql_statement& statement) {
  std::vector<std::int64_t> all;
  while (statement.next()) all.push_back(std::get<std::int64_t>(statement.row()[0]));
  return all;
}

template <class Action>
database_error refusal(const Action& action) {
  return error_of<database_error>(action);
}

bool mentions(const std::exception& error, std::string_view text) {
  return std::string_view(error.what()).find(text) != std::string_view::npos;
}

}  // namespace

TEST_CASE("options of a server are checked before it is asked for") {
  const auto rejected = [](mysql_options options) {
    return error_of<option_error>([&] { mysql_connection db(std::move(options)); }).name();
  };
  using std::chrono::seconds;
  CHECK(rejected({.host = ""}) == "host");
  CHECK(rejected({.port = 0}) == "port");
  CHECK(rejected({.port = 65536}) == "port");
  CHECK(rejected({.connect_timeout = seconds(0)}) == "connect_timeout");
  CHECK(rejected({.read_timeout = seconds(-1)}) == "read_timeout");
  CHECK(rejected({.write_timeout = seconds(-1)}) == "write_timeout");
  for (const char* host : {"mysql://me:s3cret@db", "a;password=s3cret", "a,b", "me@a"}) {
    const auto error =
        error_of<option_error>([&] { mysql_connection db(mysql_options{.host = host}); });
    CHECK(error.name() == "host");
    CHECK_FALSE(mentions(error, "s3cret"));
  }
}

TEST_CASE("who may not come in is told why, without the password") {
  if (!has_mariadb()) return;
  mysql_connection root(shared_mariadb().login());
  root.execute("CREATE OR REPLACE USER ann IDENTIFIED BY 's3cret'");
  const auto refused = [](mysql_options options) {
    auto error = refusal([&] { mysql_connection db(std::move(options)); });
    CHECK_FALSE(mentions(error, "s3cret"));
    return error;
  };
  mysql_options login = shared_mariadb().login();
  login.user = "ann";
  login.password = "s3cret";
  CHECK(mysql_connection(login).name() == "mysql at " + shared_mariadb().socket());
  login.password = "not s3cret";
  const database_error wrong = refused(login);
  CHECK(wrong.code() == ER_ACCESS_DENIED_ERROR);
  CHECK(mentions(wrong, "(SQLSTATE 28000)"));
  CHECK_FALSE(wrong.is_connection_lost());
  login.password = "s3cret";
  login.database = "mysql";
  CHECK(refused(login).code() == ER_DBACCESS_DENIED_ERROR);
  CHECK(refused(shared_mariadb().login("no_such_database")).code() == ER_BAD_DB_ERROR);
  login.unix_socket = shared_mariadb().path("no_such_socket");
  const database_error unreachable = refused(login);
  CHECK(unreachable.is_connection_lost());
  CHECK(mentions(unreachable, "mysql mysql at " + login.unix_socket));
  CHECK(refused({.host = "127.0.0.1", .port = 1, .password = "s3cret"}).is_connection_lost());
}

TEST_CASE("a statement is run anew with other values, and checks how many there are") {
  if (!has_mariadb()) return;
  mysql_connection db = numbers_up_to(10);
  const auto between = db.prepare(
      "SELECT a AS number, a * a AS `its square` FROM t "
      "WHERE a BETWEEN ? AND ? ORDER BY a");
  CHECK(between->columns().size() == 2);
  CHECK(between->columns()[1] == "its square");
  CHECK_FALSE(between->next());
  between->run({{std::int64_t{3}, std::int64_t{5}}});
  CHECK(rest_of(*between) == std::vector<std::int64_t>{3, 4, 5});
  CHECK_FALSE(between->next());
  between->run({{std::int64_t{9}, 99.5}});
  CHECK(rest_of(*between) == std::vector<std::int64_t>{9, 10});
  between->run({{"11", "12"}});
  CHECK_FALSE(between->next());
  const auto error = error_of<data_error>([&] { between->run({{std::int64_t{3}}}); });
  CHECK(mentions(error, "takes 2 values, not 1"));
  CHECK_THROWS_AS(between->run(), data_error);
  CHECK_THROWS_AS(db.prepare("SELECT 1")->run({{1.0}}), data_error);
}

TEST_CASE("what is not one sound statement is refused with the server's code") {
  if (!has_mariadb()) return;
  mysql_connection db = numbers_up_to(1);
  CHECK(refusal([&] { (void)db.prepare("SELECT 1; DROP TABLE t"); }).code() == ER_PARSE_ERROR);
  CHECK(refusal([&] { db.execute("SELECT 1; DROP TABLE t"); }).code() == ER_PARSE_ERROR);
  CHECK(refusal([&] { (void)db.prepare(""); }).code() == ER_EMPTY_QUERY);
  CHECK(refusal([&] { db.execute({}); }).code() == ER_EMPTY_QUERY);
  const auto error = refusal([&] { (void)db.prepare("SELECT a FROM nowhere"); });
  CHECK(error.code() == ER_NO_SUCH_TABLE);
  CHECK(mentions(error, "nowhere' doesn't exist (SQLSTATE 42S02)"));
  CHECK_FALSE(error.is_connection_lost());
  CHECK_THROWS_AS(db.execute("LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE t"), database_error);
  CHECK(integer_of(db, "SELECT COUNT(*) FROM t") == 1);
}

TEST_CASE("an error among the rows of a result is thrown when they are reached") {
  if (!has_mariadb()) return;
  mysql_connection db = numbers_up_to(1000);
  const auto statement = db.prepare(
      "SELECT IF(a < 900, a, (SELECT b.a FROM t b WHERE b.a > t.a - 2)) FROM t ORDER BY a");
  for (int run = 0; run < 2; ++run) {
    statement->run();
    std::size_t rows = 0;
    const auto error = refusal([&] {
      while (statement->next()) ++rows;
    });
    CHECK(error.code() == ER_SUBQUERY_NO_1_ROW);
    CHECK_FALSE(error.is_connection_lost());
    CHECK(rows == 899);
    CHECK_FALSE(statement->next());
  }
  CHECK_THROWS_AS(db.execute("SELECT (SELECT a FROM t) FROM t"), database_error);
  CHECK(integer_of(db, "SELECT COUNT(*) FROM t") == 1000);
}

TEST_CASE("a server that does not answer in time is a lost connection") {
  if (!has_mariadb()) return;
  mysql_options login = shared_mariadb().login();
  login.read_timeout = std::chrono::seconds(1);
  mysql_connection db(login);
  CHECK(refusal([&] { db.execute("SELECT SLEEP(1000)"); }).is_connection_lost());
  CHECK(refusal([&] { (void)db.prepare("SELECT 1"); }).is_connection_lost());
  db.reconnect();
  db.execute("SELECT 1");
}

TEST_CASE("names are quoted whatever is in them") {
  if (!has_mariadb()) return;
  mysql_connection db = numbers_up_to(1);
  for (const std::string name :
       {"order", "a`b", "`; DROP TABLE t; -- x", "\"'\\", "caf\u00e9", "a.b"}) {
    const std::string table = db.quoted(name);
    db.execute("CREATE TABLE " + table + " (" + table + " INT)");
    db.execute("INSERT INTO " + table + " VALUES (7)");
    CHECK(integer_of(db, "SELECT " + table + " FROM " + table) == 7);
    CHECK(db.prepare("SELECT * FROM " + table)->columns()[0] == name);
  }
  CHECK(integer_of(db, "SELECT COUNT(*) FROM t") == 1);
  CHECK_THROWS_AS((void)db.quoted(""), option_error);
  CHECK_THROWS_AS((void)db.quoted(std::string_view("a\0b", 3)), option_error);
}

TEST_CASE("rows that are left over keep the connection from no later statement") {
  if (!has_mariadb()) return;
  mysql_connection db = numbers_up_to(20000);
  const auto other = db.prepare("SELECT a FROM t WHERE a <= 2 ORDER BY a");
  auto reader = db.prepare("SELECT a, REPEAT('x', 200) FROM t ORDER BY a");
  const auto refuses_others = [&] {
    CHECK(refusal([&] { other->run(); }).code() == CR_COMMANDS_OUT_OF_SYNC);
    CHECK(refusal([&] { (void)db.prepare("SELECT 1"); }).code() == CR_COMMANDS_OUT_OF_SYNC);
    const auto error = refusal([&] { db.execute("SELECT 1"); });
    CHECK(mentions(error, "another statement has rows left"));
    CHECK_FALSE(error.is_connection_lost());
  };
  reader->run();
  refuses_others();
  reader->run();
  REQUIRE(reader->next());
  refuses_others();
  CHECK((reader->row()[0] == sql_value(std::int64_t{1})));
  CHECK(rest_of(*reader).size() == 19999);
  other->run();
  CHECK(rest_of(*other) == std::vector<std::int64_t>{1, 2});

  reader->run();
  REQUIRE(reader->next());
  reader.reset();
  other->run();
  CHECK(rest_of(*other) == std::vector<std::int64_t>{1, 2});
}

TEST_CASE("destroying a statement leaves the rows of another one alone") {
  if (!has_mariadb()) return;
  mysql_connection db = numbers_up_to(5000);
  auto first = db.prepare("SELECT a + 1 FROM t");
  auto second = db.prepare("SELECT a + 2 FROM t");
  const auto reader = db.prepare("SELECT a FROM t ORDER BY a");
  first->run();
  CHECK(first->next());
  CHECK(rest_of(*first).size() == 4999);
  reader->run();
  first.reset();
  REQUIRE(reader->next());
  second.reset();
  CHECK(rest_of(*reader).size() == 4999);
  CHECK(integer_of(db, "SELECT COUNT(*) FROM t") == 5000);
}

TEST_CASE("a transaction takes place whole or not at all") {
  if (!has_mariadb()) return;
  mysql_connection db = numbers_up_to(3);
  {
    sql_transaction transaction(db);
    db.execute("DELETE FROM t");
  }
  CHECK(integer_of(db, "SELECT COUNT(*) FROM t") == 3);
  {
    sql_transaction transaction(db);
    db.execute("DELETE FROM t WHERE a = 1");
    db.reconnect();
  }
  CHECK(integer_of(db, "SELECT COUNT(*) FROM t") == 3);
  {
    sql_transaction transaction(db);
    db.execute("DELETE FROM t WHERE a = 1");
    transaction.commit();
  }
  db.reconnect();
  CHECK(integer_of(db, "SELECT COUNT(*) FROM t") == 2);
}

TEST_CASE("another connection's lock is an error, but no lost connection") {
  if (!has_mariadb()) return;
  const mysql_options login = shared_mariadb().new_database();
  mysql_connection one(login);
  mysql_connection two(login);
  one.execute("CREATE TABLE t (a INT PRIMARY KEY)");
  one.execute("INSERT INTO t VALUES (1)");
  two.execute("SET innodb_lock_wait_timeout = 0");
  sql_transaction transaction(one);
  one.execute("UPDATE t SET a = 2");
  const auto error = refusal([&] { two.execute("UPDATE t SET a = 3"); });
  CHECK(error.code() == ER_LOCK_WAIT_TIMEOUT);
  CHECK_FALSE(error.is_connection_lost());
}

TEST_CASE("changed rows are those that an UPDATE finds, whether or not they had its values") {
  if (!has_mariadb()) return;
  mysql_connection db = numbers_up_to(4);
  const auto changed = [&](std::string_view text) {
    const auto statement = db.prepare(text);
    statement->run();
    CHECK_FALSE(statement->next());
    CHECK(statement->columns().empty());
    return statement->changed_rows();
  };
  CHECK(changed("UPDATE t SET a = a") == 4);
  CHECK(changed("UPDATE t SET a = 9 WHERE a = 4") == 1);
  CHECK(changed("DELETE FROM t WHERE a = 4") == 0);
  CHECK(changed("INSERT INTO t VALUES (5), (6)") == 2);
  CHECK(changed("DELETE FROM t") == 6);
}

TEST_CASE("a procedure gives its first result") {
  if (!has_mariadb()) return;
  mysql_connection db = numbers_up_to(50);
  db.execute(
      "CREATE PROCEDURE up_to(n INT) BEGIN SELECT a FROM t WHERE a <= n ORDER BY a; "
      "SELECT 'more', 2; END");
  const auto call = db.prepare("CALL up_to(?)");
  for (int run = 0; run < 2; ++run) {
    call->run({{std::int64_t{2}}});
    REQUIRE(call->columns().size() == 1);
    CHECK(call->columns()[0] == "a");
    CHECK(rest_of(*call) == std::vector<std::int64_t>{1, 2});
    call->run({{std::int64_t{50}}});
    CHECK(call->next());
  }
  call->run({{std::int64_t{1}}});
  CHECK(rest_of(*call) == std::vector<std::int64_t>{1});
  db.execute("CALL up_to(3)");
  CHECK(integer_of(db, "SELECT COUNT(*) FROM t") == 50);
}

TEST_CASE("a table that is altered under a statement costs an error at most") {
  if (!has_mariadb()) return;
  mysql_connection db = numbers_up_to(3);
  const auto all = db.prepare("SELECT * FROM t ORDER BY a");
  all->run();
  CHECK(rest_of(*all).size() == 3);
  db.execute("ALTER TABLE t ADD COLUMN b INT");
  try {
    all->run();
    CHECK(rest_of(*all).size() == 3);
  } catch (const database_error& e) {
    CHECK_FALSE(e.is_connection_lost());
  }
  CHECK(integer_of(db, "SELECT COUNT(*) FROM t") == 3);
}

TEST_CASE("a connection that the application keeps is used as it is") {
  if (!has_mariadb()) return;
  const auto login = shared_mariadb().new_database();
  MYSQL* const open = mysql_init(nullptr);
  REQUIRE(mysql_real_connect(open, nullptr, "root", "", login.database.c_str(), 0,
                             login.unix_socket.c_str(), 0) != nullptr);
  {
    mysql_connection db(open);
    CHECK(db.native_handle() == open);
    CHECK(db.name() == "mysql at Localhost via UNIX socket");
    db.execute("CREATE TABLE t (a INT)");
    const auto statement = db.prepare("SELECT COUNT(*) FROM t");
    const auto error = refusal([&] { db.reconnect(); });
    CHECK(mentions(error, "the application's"));
    statement->run();
    CHECK(rest_of(*statement) == std::vector<std::int64_t>{0});
  }
  CHECK(mysql_query(open, "DROP TABLE t") == 0);
  mysql_close(open);
}

}  // namespace kindred::mysql_test
