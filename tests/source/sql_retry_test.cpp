#include <kindred/core/error.hpp>
#include <kindred/source/detail/sql_reconnect.hpp>
#include <kindred/source/sql_retry.hpp>
#include <kindred/source/sqlite.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <stop_token>
#include <string>
#include <thread>

#include "../temporary_folder.hpp"
#include "support.hpp"

namespace kindred::sql_retry_test {

using namespace test;

namespace {

using detail::with_reconnects;
using namespace std::chrono_literals;

[[noreturn]] void lose_connection() {
  throw database_error("a server", 2013, "it went away", true);
}

const sql_retry hasty{.attempts = 3, .first_delay = 1ms, .greatest_delay = 2ms};

}  // namespace

TEST_CASE("work that loses the connection is done again on a new one") {
  const temporary_folder folder;
  sqlite_connection db(folder.path("a.db"));
  db.execute("CREATE TEMP TABLE of_this_connection (a)");
  int runs = 0;
  const int answer = with_reconnects(db, hasty, [&] {
    if (++runs <= 2) lose_connection();
    return 42;
  });
  CHECK(answer == 42);
  CHECK(runs == 3);
  CHECK_THROWS_AS(db.execute("SELECT * FROM of_this_connection"), database_error);
}

TEST_CASE("the last error is passed on when the attempts are used up") {
  const temporary_folder folder;
  sqlite_connection db(folder.path("a.db"));
  int runs = 0;
  const auto work = [&] {
    ++runs;
    lose_connection();
  };
  CHECK(error_of<database_error>([&] { with_reconnects(db, hasty, work); }).code() == 2013);
  CHECK(runs == 4);
  CHECK_THROWS_AS(with_reconnects(db, {.attempts = 0}, work), database_error);
  CHECK(runs == 5);
}

TEST_CASE("an error on a sound connection, or of connecting, is no reason to try again") {
  const temporary_folder folder;
  sqlite_connection db(folder.path("a.db"));
  int runs = 0;
  const auto work = [&] {
    ++runs;
    db.execute("nonsense");
  };
  CHECK_THROWS_AS(with_reconnects(db, hasty, work), database_error);
  CHECK(runs == 1);

  const auto lose_file = [&] {
    ++runs;
    std::filesystem::remove_all(folder.path());
    lose_connection();
  };
  CHECK(error_of<database_error>([&] { with_reconnects(db, hasty, lose_file); }).code() ==
        SQLITE_CANTOPEN);
  CHECK(runs == 2);
}

TEST_CASE("waiting for a server ends when asked to") {
  const temporary_folder folder;
  sqlite_connection db(folder.path("a.db"));
  std::stop_source source;
  const sql_retry patient{.first_delay = 24h, .greatest_delay = 24h, .stop = source.get_token()};
  std::jthread stopper([&] { source.request_stop(); });
  const auto error = error_of<cancelled>([&] { with_reconnects(db, patient, lose_connection); });
  CHECK(std::string(error.what()) == "connecting to " + std::string(db.name()) + " was cancelled");
}

TEST_CASE("how to try again is checked") {
  CHECK_NOTHROW(detail::check_retry({}));
  CHECK(error_of<option_error>([] { detail::check_retry({.attempts = -1}); }).name() == "attempts");
  CHECK(error_of<option_error>([] { detail::check_retry({.first_delay = 0ms}); }).name() ==
        "first_delay");
  CHECK(error_of<option_error>([] {
          detail::check_retry({.first_delay = 2ms, .greatest_delay = 1ms});
        }).name() == "greatest_delay");
}

}  // namespace kindred::sql_retry_test
