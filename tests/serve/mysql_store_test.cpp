#include <kindred/serve/sql_store.hpp>
#include <kindred/source/mysql.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <thread>

#include "../mariadb_server.hpp"
#include "../source/sql_conformance.hpp"
#include "sql_store_checks.hpp"

namespace kindred::mysql_store_test {

using namespace test;
using namespace std::chrono_literals;

namespace {

/// Connects to a new database.
connector new_place(mariadb_server& server = shared_mariadb()) {
  return [login = server.new_database()] { return std::make_unique<mysql_connection>(login); };
}

}  // namespace

TEST_CASE("recommendations are stored in MariaDB as in any database") {
  if (!has_mariadb()) return;
  SUBCASE("runs") { store::check_runs_replace_each_other(new_place()); }
  SUBCASE("turns") { store::check_runs_take_turns(new_place()); }
  SUBCASE("stopping") { store::check_stopping(new_place()); }
  SUBCASE("lost connections") { store::check_lost_connections(new_place()); }
  SUBCASE("killed processes") { store::check_killed_processes(new_place()); }
  SUBCASE("names") { store::check_hostile_names(new_place(), sql::hostile_names); }
}

TEST_CASE("a server that is killed while it stores ends up with every list, once") {
  if (!has_mariadb()) return;
  mariadb_server server;
  const connector connect = new_place(server);
  const store::list_maker lists(2000, 2);
  std::atomic<std::size_t> stored = 0;
  store_options options{.run = 2, .batch_users = 10};
  options.retry = {.attempts = 1000, .first_delay = 1ms, .greatest_delay = 20ms};
  options.observer = [&](std::size_t done, std::size_t) { stored = done; };
  {
    const auto db = connect();
    create_table(*db, recommendation_table{});
    store_recommendations(*db, store::list_maker(2100, 1), {});
  }
  std::jthread storing([&] { store_recommendations(*connect(), lists, options); });
  for (const std::size_t kill_at : {300U, 900U, 1500U}) {
    while (stored < kill_at) std::this_thread::sleep_for(1ms);
    server.kill();
    server.start();
    store::check_lists_are_whole(*connect(), 10);
  }
  storing.join();
  CHECK(store::rows_of(*connect()) == store::expected_rows(lists, options));
}

}  // namespace kindred::mysql_store_test
