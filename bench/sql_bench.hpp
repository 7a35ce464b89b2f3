#pragma once

#include <kindred/data/load.hpp>
#include <kindred/data/rating_source.hpp>
#include <kindred/source/sql_connection.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "sql_ratings.hpp"

namespace kindred::bench {

/// What the rows of the statement below amount to without kindred. It is the one that ratings_of()
/// asks.
struct fetched_columns {
  std::vector<std::int64_t> users;
  std::vector<std::int64_t> items;
  std::vector<double> ratings;
  std::vector<std::int64_t> times;
  std::int64_t last_key = 0;
};

inline constexpr const char* fetched_query =
    "SELECT user_id, movie_id, rating, rated_at, id FROM ratings ORDER BY id";

/// Times `work` by turns with `fetch`, and reports which share of its speed it has, by the best
/// time of each.
template <class Fetch, class Work>
void race(benchmark::State& state, std::int64_t rows, const Fetch& fetch, const Work& work) {
  using clock = std::chrono::steady_clock;
  const auto seconds = [](const auto& action) {
    const auto start = clock::now();
    action();
    return std::chrono::duration<double>(clock::now() - start).count();
  };
  double best_fetch = std::numeric_limits<double>::infinity();
  double best_work = best_fetch;
  for ([[maybe_unused]] auto round : state) {
    best_fetch =
        std::min(best_fetch, seconds([&] { benchmark::DoNotOptimize(fetch().users.data()); }));
    const double once = seconds(work);
    best_work = std::min(best_work, once);
    state.SetIterationTime(once);
  }
  state.counters["rows_per_second"] = static_cast<double>(rows) / best_work;
  state.counters["fetched_per_second"] = static_cast<double>(rows) / best_fetch;
  state.counters["share"] = best_fetch / best_work;
}

/// Reads `ratings` to its end, as `load` would.
template <class Fetch>
void race_reading(benchmark::State& state, sql_connection& db, std::int64_t rows,
                  const Fetch& fetch) {
  race(state, rows, fetch, [&] {
    auto source = ratings_of(db);
    std::size_t read = 0;
    for (rating_batch batch; source.next(batch);) read += batch.size();
    benchmark::DoNotOptimize(read);
  });
}

template <class Fetch>
void race_loading(benchmark::State& state, sql_connection& db, std::int64_t rows,
                  const Fetch& fetch) {
  race(state, rows, fetch, [&] { benchmark::DoNotOptimize(load(ratings_of(db)).size()); });
}

}  // namespace kindred::bench
