// Reading a million ratings from a SQLite file that the system has in memory, in turns with what
// SQLite does alone: its own loop over the same columns, into vectors. By batches of sql_source,
// and all the way into a dataset.
#include <kindred/source/sqlite.hpp>

#include <benchmark/benchmark.h>
#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <stdexcept>

#include "scratch_file.hpp"
#include "sql_bench.hpp"

namespace {

constexpr std::int64_t rows = 1'000'000;

kindred::sqlite_connection& database() {
  static const kindred::bench::scratch_file file("ratings.db");
  static const auto db = [] {
    auto made = std::make_unique<kindred::sqlite_connection>(file.path());
    kindred::bench::make_ratings(*made, rows, "INTEGER");
    return made;
  }();
  return *db;
}

/// NULL is told from 0 by the type alone, so that it has to be asked for.
kindred::bench::fetched_columns fetch() {
  sqlite3_stmt* prepared = nullptr;
  sqlite3_prepare_v2(database().native_handle(), kindred::bench::fetched_query, -1, &prepared,
                     nullptr);
  const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement(prepared, sqlite3_finalize);
  kindred::bench::fetched_columns columns;
  while (sqlite3_step(prepared) == SQLITE_ROW) {
    for (int c = 0; c < 5; ++c)
      if (sqlite3_column_type(prepared, c) == SQLITE_NULL) throw std::runtime_error("NULL");
    columns.users.push_back(sqlite3_column_int64(prepared, 0));
    columns.items.push_back(sqlite3_column_int64(prepared, 1));
    columns.ratings.push_back(sqlite3_column_double(prepared, 2));
    columns.times.push_back(sqlite3_column_int64(prepared, 3));
    columns.last_key = sqlite3_column_int64(prepared, 4);
  }
  return columns;
}

void read_sqlite(benchmark::State& state) {
  kindred::bench::race_reading(state, database(), rows, fetch);
}
void load_sqlite(benchmark::State& state) {
  kindred::bench::race_loading(state, database(), rows, fetch);
}

BENCHMARK(read_sqlite)->UseManualTime()->Unit(benchmark::kMillisecond)->MinTime(2);
BENCHMARK(load_sqlite)->UseManualTime()->Unit(benchmark::kMillisecond)->MinTime(2);

}  // namespace
