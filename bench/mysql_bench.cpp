// Reading a million ratings from a MariaDB server on this machine that has them in memory, in turns
// with what its client library does alone: the same prepared statement's rows, into vectors. By
// batches of sql_source, and all the way into a dataset.
#include <kindred/source/mysql.hpp>

#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string_view>

#include "../tests/mariadb_server.hpp"
#include "sql_bench.hpp"

namespace {

constexpr std::int64_t rows = 1'000'000;

kindred::mysql_connection& database() {
  static kindred::test::mariadb_server server({"--innodb-buffer-pool-size=512M"});
  static const auto db = [] {
    auto made = std::make_unique<kindred::mysql_connection>(server.new_database());
    kindred::bench::make_ratings(*made, rows, "BIGINT");
    return made;
  }();
  return *db;
}

kindred::bench::fetched_columns fetch() {
  const std::string_view query = kindred::bench::fetched_query;
  const std::unique_ptr<MYSQL_STMT, my_bool (*)(MYSQL_STMT*)> owner(
      mysql_stmt_init(database().native_handle()), mysql_stmt_close);
  MYSQL_STMT* const statement = owner.get();
  std::int64_t integers[5] = {};
  double rating = 0;
  my_bool is_null[5] = {};
  MYSQL_BIND cells[5] = {};
  for (int c = 0; c < 5; ++c) {
    cells[c].buffer_type = MYSQL_TYPE_LONGLONG;
    cells[c].buffer = &integers[c];
    cells[c].is_null = &is_null[c];
  }
  cells[2].buffer_type = MYSQL_TYPE_DOUBLE;
  cells[2].buffer = &rating;
  if (mysql_stmt_prepare(statement, query.data(), query.size()) != 0 ||
      mysql_stmt_execute(statement) != 0 || mysql_stmt_bind_result(statement, cells) != 0)
    throw std::runtime_error(mysql_stmt_error(statement));
  kindred::bench::fetched_columns columns;
  while (mysql_stmt_fetch(statement) == 0) {
    for (const my_bool null : is_null)
      if (null != 0) throw std::runtime_error("NULL");
    columns.users.push_back(integers[0]);
    columns.items.push_back(integers[1]);
    columns.ratings.push_back(rating);
    columns.times.push_back(integers[3]);
    columns.last_key = integers[4];
  }
  return columns;
}

void read_mysql(benchmark::State& state) {
  kindred::bench::race_reading(state, database(), rows, fetch);
}
void load_mysql(benchmark::State& state) {
  kindred::bench::race_loading(state, database(), rows, fetch);
}

BENCHMARK(read_mysql)->UseManualTime()->Unit(benchmark::kMillisecond)->MinTime(2);
BENCHMARK(load_mysql)->UseManualTime()->Unit(benchmark::kMillisecond)->MinTime(2);

}  // namespace
