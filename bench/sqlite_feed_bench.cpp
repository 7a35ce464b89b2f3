// Following a table of SQLite and writing back to it. The database is a file in the folder for
// temporary files, and every transaction comes to the disk.
#include <kindred/source/sqlite.hpp>

#include <benchmark/benchmark.h>

#include <chrono>

#include "feed_bench.hpp"
#include "scratch_file.hpp"

namespace {

using namespace std::chrono_literals;

kindred::sqlite_connection& database() {
  static const kindred::bench::scratch_file file("feed.db");
  static kindred::sqlite_connection db(file.path());
  return db;
}

void follow(benchmark::State& state) {
  kindred::bench::follow_from_the_beginning(state, database());
}
void poll_new(benchmark::State& state) { kindred::bench::poll_for_nothing(state, database(), 1h); }
void poll_window(benchmark::State& state) {
  kindred::bench::poll_for_nothing(state, database(), 0h);
}
void make_lists(benchmark::State& state) { kindred::bench::make_top_10(state); }
void store_lists(benchmark::State& state) { kindred::bench::store_top_10(state, database()); }
void store_model(benchmark::State& state) { kindred::bench::store_whole_model(state, database()); }
void load_model(benchmark::State& state) { kindred::bench::load_whole_model(state, database()); }

BENCHMARK(follow)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(poll_new)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(poll_window)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(make_lists)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(store_lists)->UseRealTime()->Unit(benchmark::kMillisecond)->Iterations(3);
BENCHMARK(store_model)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(load_model)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
