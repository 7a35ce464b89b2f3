// Following a table of a MariaDB server on this machine and writing back to it. Its transactions
// come to the system, and to the disk once a second.
#include <kindred/source/mysql.hpp>

#include <benchmark/benchmark.h>

#include <chrono>

#include "../tests/mariadb_server.hpp"
#include "feed_bench.hpp"

namespace {

using namespace std::chrono_literals;

kindred::mysql_connection& database() {
  static kindred::test::mariadb_server server({"--innodb-buffer-pool-size=512M"});
  static kindred::mysql_connection db(server.new_database());
  return db;
}

void follow(benchmark::State& state) {
  kindred::bench::follow_from_the_beginning(state, database());
}
void poll_new(benchmark::State& state) { kindred::bench::poll_for_nothing(state, database(), 1h); }
void poll_window(benchmark::State& state) {
  kindred::bench::poll_for_nothing(state, database(), 0h);
}
void store_lists(benchmark::State& state) { kindred::bench::store_top_10(state, database()); }
void store_model(benchmark::State& state) { kindred::bench::store_whole_model(state, database()); }
void load_model(benchmark::State& state) { kindred::bench::load_whole_model(state, database()); }

BENCHMARK(follow)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(poll_new)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(poll_window)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(store_lists)->UseRealTime()->Unit(benchmark::kMillisecond)->Iterations(3);
BENCHMARK(store_model)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(load_model)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
