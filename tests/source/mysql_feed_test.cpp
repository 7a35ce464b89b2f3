#include <kindred/core/random.hpp>
#include <kindred/data/rating_source.hpp>
#include <kindred/source/detail/sql_reconnect.hpp>
#include <kindred/source/mysql.hpp>
#include <kindred/source/sql_feed.hpp>
#include <kindred/source/sql_retry.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <variant>
#include <vector>

#include "../mariadb_server.hpp"
#include "sql_feed_checks.hpp"

namespace kindred::mysql_feed_test {

using namespace test;
using namespace std::chrono_literals;

namespace {

/// Connects to a new database.
connector new_place() {
  return [login = shared_mariadb().new_database()] {
    return std::make_unique<mysql_connection>(login);
  };
}

/// How MariaDB reads each table of a query about the middle of the table.
std::vector<std::string> plan_of(sql_connection& db, const std::string& query) {
  db.execute("ANALYZE TABLE changes");
  const auto middle = db.prepare(
      "SELECT CAST(created AS CHAR), CAST(id AS CHAR) FROM changes ORDER BY created, id LIMIT 1 "
      "OFFSET 1000");
  middle->run();
  REQUIRE(middle->next());
  std::vector<std::string> place;
  for (const sql_value& cell : middle->row()) place.emplace_back(std::get<std::string_view>(cell));
  while (middle->next()) continue;
  const auto count = std::count(query.begin(), query.end(), '?');
  std::vector<sql_value> parameters;
  if (count > 1) parameters.emplace_back(place[0]);
  if (count > 2) parameters.emplace_back(place[1]);
  if (count > 0) parameters.emplace_back(std::int64_t{100});

  const auto explain = db.prepare("EXPLAIN " + query);
  explain->run(parameters);
  std::vector<std::string> steps;
  while (explain->next()) {
    const auto text = [&](std::size_t column) {
      const auto* const cell = std::get_if<std::string_view>(&explain->row()[column]);
      return cell == nullptr ? std::string() : std::string(*cell);
    };
    const std::string table = text(2);
    const std::string key = text(5);
    const std::string extra = text(9);
    if (table.empty()) continue;  // nothing is read
    steps.push_back(key == "feed_index" && extra.find("filesort") == extra.npos
                        ? "by feed_index"
                        : key + ' ' + extra);
  }
  return steps;
}

/// Ratings, one for each number, that several connections write.
mysql_options new_ratings(mariadb_server& server) {
  mysql_options login = server.new_database();
  mysql_connection(login).execute(
      "CREATE TABLE ratings (id BIGINT PRIMARY KEY, created DATETIME(6) NOT NULL, user_id BIGINT, "
      "item_id BIGINT, rating DOUBLE, INDEX feed_index (created, id))");
  return login;
}

std::string now_of(sql_connection& db) {
  const auto now = db.prepare("SELECT CAST(NOW(6) AS CHAR)");
  now->run();
  REQUIRE(now->next());
  return std::string(std::get<std::string_view>(now->row()[0]));
}

constexpr std::string_view insert_once = "INSERT IGNORE INTO ratings VALUES (?, ?, 1, ?, 3)";

/// Polls until `count` ratings have come, and then once more; how often each came.
template <class Between>
std::vector<int> count_arrivals(sql_feed& feed, std::size_t count, const Between& between) {
  std::vector<int> arrivals(count);
  rating_batch batch;
  for (std::size_t arrived = 0; arrived < count;) {
    feed.poll(batch);
    for (const std::int64_t number : batch.items.integers)
      ++arrivals.at(static_cast<std::size_t>(number));
    arrived += batch.size();
    between(arrived);
  }
  feed.seek(feed.position());
  feed.poll(batch);
  CHECK(batch.size() == 0);
  return arrivals;
}

}  // namespace

TEST_CASE("a MariaDB table is followed as one of any database") {
  if (!has_mariadb()) return;
  for (const feed::spelling& spelled : feed::spellings) {
    CAPTURE(spelled.name);
    feed::check_ends_and_places(new_place(), spelled);
    feed::check_plans(new_place(), spelled, plan_of);
    if (spelled.key_type == "BIGINT") continue;  // enough of what takes long
    feed::check_order_and_positions(new_place(), spelled);
    feed::check_lost_connections(new_place(), spelled);
  }
}

TEST_CASE("every change arrives once from MariaDB, however writers and reader interleave") {
  if (!has_mariadb()) return;
  for (const feed::spelling& spelled : feed::spellings)
    for (std::uint64_t seed = 101; seed <= 102; ++seed) {
      CAPTURE(spelled.name);
      CAPTURE(seed);
      const connector connect = new_place();
      feed::interleaving(connect, spelled, seed).run(300);
    }
}

TEST_CASE("a transaction that ends behind later ones is not lost") {
  if (!has_mariadb()) return;
  const mysql_options login = new_ratings(shared_mariadb());
  mysql_connection slow(login);
  mysql_connection quick(login);
  mysql_connection reader(login);
  sql_feed feed(reader, {.table = "ratings", .review_interval = 0ms});
  rating_batch batch;
  sql_transaction open(slow);
  slow.execute("INSERT INTO ratings VALUES (1, NOW(6), 1, 1, 3)");
  quick.execute("INSERT INTO ratings VALUES (2, NOW(6), 1, 2, 3)");
  feed.poll(batch);
  CHECK(batch.items.integers == std::vector<std::int64_t>{2});
  feed.poll(batch);
  CHECK(batch.size() == 0);
  open.commit();
  feed.poll(batch);
  CHECK(batch.items.integers == std::vector<std::int64_t>{1});
  feed.poll(batch);
  CHECK(batch.size() == 0);
}

TEST_CASE("what several connections write at once arrives once") {
  if (!has_mariadb()) return;
  const mysql_options login = new_ratings(shared_mariadb());
  constexpr std::size_t writers = 3;
  constexpr std::size_t transactions = 60;
  std::vector<std::jthread> threads;
  for (std::size_t w = 0; w < writers; ++w)
    threads.emplace_back([&login, w] {
      const counter_rng rng(w);
      mysql_connection db(login);
      const auto insert = db.prepare(insert_once);
      for (std::size_t t = 0; t < transactions; ++t) {
        sql_transaction transaction(db);
        for (std::size_t row = 0; row < 2; ++row) {
          const auto number = static_cast<std::int64_t>((t * 2 + row) * writers + w);
          insert->run(std::array<sql_value, 3>{number, now_of(db), number});
          std::this_thread::sleep_for(std::chrono::microseconds(rng.below(2 * t + row, 3000)));
        }
        transaction.commit();
      }
    });
  mysql_connection reader(login);
  sql_feed feed(reader, {.table = "ratings", .review_interval = 1ms, .batch_rows = 20});
  const std::size_t count = 2 * writers * transactions;
  const auto arrivals =
      count_arrivals(feed, count, [](std::size_t) { std::this_thread::sleep_for(1ms); });
  CHECK(arrivals == std::vector(count, 1));
}

TEST_CASE("a server that is killed under writer and feed loses and doubles nothing") {
  if (!has_mariadb()) return;
  mariadb_server server;
  const mysql_options login = new_ratings(server);
  constexpr std::size_t count = 3000;
  const sql_retry patience{.attempts = 1000, .first_delay = 1ms, .greatest_delay = 20ms};
  std::jthread writer([&] {
    mysql_connection db(login);
    for (std::int64_t number = 0; number < std::int64_t{count}; ++number) {
      std::string now;
      detail::with_reconnects(db, patience, [&] {
        if (now.empty()) now = now_of(db);
        db.prepare(insert_once)->run(std::array<sql_value, 3>{number, now, number});
      });
    }
  });
  std::atomic<std::size_t> arrived = 0;
  std::vector<int> arrivals;
  std::jthread follower([&] {
    mysql_connection reader(login);
    sql_feed feed(reader, {.table = "ratings", .review_interval = 1ms, .retry = patience});
    arrivals = count_arrivals(feed, count, [&](std::size_t number) { arrived = number; });
  });
  for (std::size_t kills = 1; kills <= 3; ++kills) {
    while (arrived < kills * count / 4) std::this_thread::sleep_for(1ms);
    server.kill();
    server.start();
  }
  writer.join();
  follower.join();
  CHECK(arrivals == std::vector(count, 1));
}

}  // namespace kindred::mysql_feed_test
