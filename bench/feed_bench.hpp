#pragma once

#include <kindred/data/rating_source.hpp>
#include <kindred/data/synthetic.hpp>
#include <kindred/io/sql_model.hpp>
#include <kindred/model/matrix_factorization.hpp>
#include <kindred/serve/recommender.hpp>
#include <kindred/serve/sql_store.hpp>
#include <kindred/source/sql_connection.hpp>
#include <kindred/source/sql_feed.hpp>

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

/// What following a table and writing back cost. A database is benchmarked by a function that
/// returns a connection to an empty one.
namespace kindred::bench {

/// A table to which `per_second` rows a second were added, `rows` in all.
inline void make_changes(sql_connection& db, std::int64_t rows, std::int64_t per_second) {
  db.execute("DROP TABLE IF EXISTS changes");
  db.execute(
      "CREATE TABLE changes (id BIGINT NOT NULL PRIMARY KEY, created BIGINT NOT NULL, "
      "user_id BIGINT, item_id BIGINT, rating DOUBLE PRECISION)");
  db.execute("CREATE INDEX changes_feed ON changes (created, id)");
  sql_transaction transaction(db);
  constexpr std::int64_t at_once = 100;
  std::string text = "INSERT INTO changes VALUES (?, ?, ?, ?, ?)";
  for (std::int64_t r = 1; r < at_once; ++r) text += ", (?, ?, ?, ?, ?)";
  const auto insert = db.prepare(text);
  for (std::int64_t first = 0; first < rows; first += at_once) {
    std::vector<sql_value> values;
    for (std::int64_t r = first; r < first + at_once; ++r)
      values.insert(values.end(), {r, 1'700'000'000 + r / per_second, r % 1009, r % 757, 3.5});
    insert->run(values);
  }
  transaction.commit();
}

inline void follow_from_the_beginning(benchmark::State& state, sql_connection& db) {
  constexpr std::int64_t rows = 1'000'000;
  make_changes(db, rows, 1000);
  for ([[maybe_unused]] auto round : state) {
    sql_feed feed(db, {.table = "changes"});
    std::size_t read = 0;
    rating_batch batch;
    for (feed.poll(batch); batch.size() > 0; feed.poll(batch)) read += batch.size();
    if (read != rows) state.SkipWithError("rows are missing");
  }
  state.counters["rows_per_second"] =
      benchmark::Counter(rows, benchmark::Counter::kIsIterationInvariantRate);
}

/// A poll that finds nothing new, with 10,000 rows in the window, which it reads again or not.
inline void poll_for_nothing(benchmark::State& state, sql_connection& db,
                             std::chrono::milliseconds review_interval) {
  make_changes(db, 20'000, 1000);
  sql_feed feed(db, {.table = "changes", .review_interval = review_interval});
  rating_batch batch;
  do feed.poll(batch);
  while (batch.size() > 0);
  for ([[maybe_unused]] auto round : state) feed.poll(batch);
}

/// A recommender for 100,000 users and 10,000 items.
inline const recommender<matrix_factorization<>>& large_shop() {
  static const auto shop = [] {
    const dataset train = synthetic_ratings(
        {.num_users = 100'000, .num_items = 10'000, .num_ratings = 2'000'000, .seed = 1});
    matrix_factorization<> model{{.factors = 32, .epochs = 1}};
    model.fit(train);
    return recommender{std::move(model), train};
  }();
  return shop;
}

inline void store_top_10(benchmark::State& state, sql_connection& db) {
  const auto& shop = large_shop();
  db.execute("DROP TABLE IF EXISTS recommendations");
  db.execute("DROP TABLE IF EXISTS recommendations_progress");
  create_table(db, recommendation_table{});
  std::int64_t run = 0;
  std::size_t users = 0;
  for ([[maybe_unused]] auto round : state)
    users += store_recommendations(db, shop, {.k = 10, .run = ++run}).users;
  state.counters["rows_per_second"] =
      benchmark::Counter(static_cast<double>(10 * users), benchmark::Counter::kIsRate);
}

/// The part of store_top_10() that is not the database's.
inline void make_top_10(benchmark::State& state) {
  const auto& shop = large_shop();
  const auto ids = detail::ids_of(shop.users(), {});
  constexpr std::size_t at_once = 500;
  for ([[maybe_unused]] auto round : state)
    for (std::size_t u = 0; u < ids.size(); u += at_once)
      benchmark::DoNotOptimize(shop.recommend(std::span(ids).subspan(u, at_once), 10).data());
  state.counters["rows_per_second"] = benchmark::Counter(
      static_cast<double>(10 * ids.size()), benchmark::Counter::kIsIterationInvariantRate);
}

/// Reports the speed at which what is in the database went there, or came from there.
inline void count_model_bytes(benchmark::State& state, sql_connection& db) {
  const auto count = db.prepare("SELECT COUNT(*) FROM models");
  count->run();
  if (!count->next()) return;
  constexpr std::int64_t part_bytes = 63 << 10;
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * part_bytes *
                          std::get<std::int64_t>(count->row()[0]));
}

inline void store_whole_model(benchmark::State& state, sql_connection& db) {
  create_table(db, model_table{});
  for ([[maybe_unused]] auto round : state) store_model(db, "shop", large_shop());
  count_model_bytes(state, db);
}

inline void load_whole_model(benchmark::State& state, sql_connection& db) {
  create_table(db, model_table{});
  store_model(db, "shop", large_shop());
  for ([[maybe_unused]] auto round : state)
    benchmark::DoNotOptimize(
        load_model<recommender<matrix_factorization<>>>(db, "shop").items().size());
  count_model_bytes(state, db);
}

}  // namespace kindred::bench
