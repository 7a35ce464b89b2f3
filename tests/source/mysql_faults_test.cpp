#include <kindred/core/error.hpp>
#include <kindred/data/load.hpp>
#include <kindred/model/matrix_factorization.hpp>
#include <kindred/source/mysql.hpp>
#include <kindred/source/sql_source.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "../mariadb_server.hpp"
#include "support.hpp"

// The server is killed by its pid, as the kernel or a power cut would end it.
namespace kindred::mysql_faults_test {

using namespace test;
using namespace std::chrono_literals;

namespace {

template <class Action>
database_error lost_by(const Action& action) {
  auto error = error_of<database_error>(action);
  CHECK(error.is_connection_lost());
  return error;
}

bool mentions(const std::exception& error, std::string_view text) {
  return std::string_view(error.what()).find(text) != std::string_view::npos;
}

constexpr int num_rows = 40'000;  // more than two batches

/// A database with that many ratings, which are only read.
const mysql_options& ratings_login() {
  static const mysql_options login = [] {
    mysql_options made = shared_mariadb().new_database();
    mysql_connection db(made);
    db.execute(
        "CREATE TABLE ratings (id BIGINT PRIMARY KEY, user_id INT, item_id VARCHAR(20), "
        "rating DECIMAL(2,1), created_at DATETIME)");
    db.execute(
        "INSERT INTO ratings SELECT 3 * seq, seq * 7919 % 1009, CONCAT('item ', seq * 104729 % "
        "811), seq % 10 / 2, '1998-01-01' + INTERVAL seq MINUTE FROM seq_1_to_" +
        std::to_string(num_rows));
    return made;
  }();
  return login;
}

const sql_source_options by_id{
    .table = "ratings",
    .key = "id",
    .retry = {.attempts = 1000, .first_delay = 1ms, .greatest_delay = 10ms}};

void check_same(const dataset& a, const dataset& b) {
  CHECK(a.size() == b.size());
  CHECK(std::ranges::equal(a.users().text(), b.users().text()));
  CHECK(std::ranges::equal(a.items().text(), b.items().text()));
  CHECK(std::ranges::equal(a.user_offsets(), b.user_offsets()));
  CHECK(std::ranges::equal(a.row_items(), b.row_items()));
  CHECK(std::ranges::equal(a.row_values(), b.row_values()));
  CHECK(std::ranges::equal(a.row_times(), b.row_times()));
}

void restart() {
  shared_mariadb().kill();
  shared_mariadb().start();
}

/// A source that calls `between` before each batch, with the number of those that it has given.
template <class Action>
class watched_source {
 public:
  static constexpr bool any_thread = true;

  watched_source(sql_source source, Action between)
      : source_(std::move(source)), between_(std::move(between)) {}
  [[nodiscard]] const std::string& name() const noexcept { return source_.name(); }
  bool next(rating_batch& batch) {
    between_(batches_++);
    return source_.next(batch);
  }

 private:
  sql_source source_;
  Action between_;
  int batches_ = 0;
};

}  // namespace

TEST_CASE("a connection to a server that was killed says so, and is made anew") {
  if (!has_mariadb()) return;
  const mysql_options& login = ratings_login();
  mysql_connection db(login);
  auto idle = db.prepare("SELECT ?");
  auto reading = db.prepare("SELECT * FROM ratings");
  reading->run();
  REQUIRE(reading->next());
  shared_mariadb().kill();
  lost_by([&] {
    while (reading->next()) continue;
  });
  CHECK_FALSE(reading->next());
  lost_by([&] { reading->run(); });
  lost_by([&] { idle->run({{std::int64_t{1}}}); });
  lost_by([&] { (void)db.prepare("SELECT 1"); });
  lost_by([&] { db.execute("SELECT 1"); });
  const auto refused = lost_by([&] { db.reconnect(); });
  CHECK(mentions(refused, "mysql " + login.database + " at " + login.unix_socket));
  const auto unconnected = lost_by([&] { (void)db.prepare("SELECT 1"); });
  CHECK(mentions(unconnected, "not connected"));
  CHECK(db.native_handle() == nullptr);
  lost_by([&] { db.execute("SELECT 1"); });

  shared_mariadb().start();
  db.reconnect();
  const auto ended = error_of<database_error>([&] { idle->run({{std::int64_t{1}}}); });
  CHECK(ended.code() == CR_STMT_CLOSED);
  CHECK(mentions(ended, "prepare it anew"));
  CHECK_FALSE(ended.is_connection_lost());
  const auto fresh = db.prepare("SELECT COUNT(*) FROM ratings");
  fresh->run();
  idle.reset();
  reading.reset();
  REQUIRE(fresh->next());
  CHECK((fresh->row()[0] == sql_value(std::int64_t{num_rows})));
}

TEST_CASE("a statement that has rows left ends with the connection that they came from") {
  if (!has_mariadb()) return;
  mysql_connection db(ratings_login());
  auto statement = db.prepare("SELECT * FROM ratings");
  statement->run();
  REQUIRE(statement->next());
  db.reconnect();
  CHECK(error_of<database_error>([&] { statement->next(); }).code() == CR_STMT_CLOSED);
  CHECK(error_of<database_error>([&] { statement->run(); }).code() == CR_STMT_CLOSED);
  db.execute("SELECT 1");
  statement.reset();
  db.execute("SELECT 1");
}

TEST_CASE("a server that is shut down, or ends a connection, loses it") {
  if (!has_mariadb()) return;
  const mysql_options& login = ratings_login();
  mysql_connection db(login);
  mysql_connection administrator(login);
  const auto id = [&] { return std::to_string(mysql_thread_id(db.native_handle())); };
  auto reading = db.prepare("SELECT * FROM ratings a, ratings b");
  const auto read_all = [&] {
    while (reading->next()) continue;
  };

  reading->run();
  administrator.execute("KILL QUERY " + id());
  const auto interrupted = error_of<database_error>(read_all);
  CHECK(interrupted.code() == ER_QUERY_INTERRUPTED);
  CHECK_FALSE(interrupted.is_connection_lost());

  reading->run();
  administrator.execute("KILL " + id());
  lost_by(read_all);
  db.reconnect();

  reading = db.prepare("SELECT * FROM ratings a, ratings b");
  reading->run();
  shared_mariadb().stop();
  lost_by(read_all);
  shared_mariadb().start();
}

TEST_CASE("a server that is killed and restarted between batches costs and doubles no row") {
  if (!has_mariadb()) return;
  mysql_connection db(ratings_login());
  const source_contents wanted = contents_of(sql_source{db, by_id});
  CHECK(wanted.rows.size() == num_rows);
  const auto faulty = contents_of(watched_source(sql_source{db, by_id}, [](int batches) {
    if (batches < 3) restart();
  }));
  CHECK(faulty == wanted);
}

TEST_CASE(
    "a server that is killed in the middle of a load leaves the dataset and the model alone") {
  if (!has_mariadb()) return;
  const mysql_options& login = ratings_login();
  mysql_connection db(login);
  const dataset wanted = load(sql_source{db, by_id});
  std::atomic<int> batches = 0;
  auto loading = std::async(std::launch::async, [&] {
    mysql_connection own(login);
    return load(watched_source(sql_source{own, by_id}, [&](int read) {
      batches = read;
      batches.notify_one();
    }));
  });
  for (int read = 0; read < 2; ++read) {
    batches.wait(read);
    restart();
  }
  const dataset loaded = loading.get();
  check_same(loaded, wanted);

  const auto model_of = [](const dataset& ratings) {
    matrix_factorization<> model{{.factors = 4, .epochs = 2}};
    model.fit(ratings);
    std::vector<float> scores(static_cast<std::size_t>(ratings.num_items()));
    model.score(17, scores);
    return scores;
  };
  CHECK(model_of(loaded) == model_of(wanted));
}

TEST_CASE("without a key a load cannot go on behind the first batch, and says so") {
  if (!has_mariadb()) return;
  mysql_connection db(ratings_login());
  sql_source_options options = by_id;
  options.key.clear();
  sql_source source(db, options);
  restart();
  rating_batch batch;
  REQUIRE(source.next(batch));
  CHECK(batch.lines.front() == 1);
  const std::uint64_t last = batch.lines.back();
  restart();
  const auto error = lost_by([&] {
    while (source.next(batch)) continue;
  });
  CHECK(mentions(error, "behind row " + std::to_string(last)));
  CHECK(mentions(error, "no key"));
}

TEST_CASE("where the server stays away a load gives up with the last error") {
  if (!has_mariadb()) return;
  mysql_connection db(ratings_login());
  sql_source_options options = by_id;
  options.retry.attempts = 3;
  sql_source source(db, options);
  rating_batch batch;
  REQUIRE(source.next(batch));
  shared_mariadb().kill();
  const auto error = lost_by([&] {
    while (source.next(batch)) continue;
  });
  CHECK(error.code() == CR_CONNECTION_ERROR);
  shared_mariadb().start();
  REQUIRE(source.next(batch));
}

TEST_CASE("who waits for a server that is away can be stopped") {
  if (!has_mariadb()) return;
  mysql_connection db(ratings_login());
  std::stop_source stop;
  sql_source_options options = by_id;
  options.retry = {
      .attempts = 1000, .first_delay = 1h, .greatest_delay = 1h, .stop = stop.get_token()};
  sql_source source(db, options);
  shared_mariadb().kill();
  std::jthread stopper([&] { stop.request_stop(); });
  rating_batch batch;
  CHECK_THROWS_AS(
      [&] {
        while (source.next(batch)) continue;
      }(),
      cancelled);
  shared_mariadb().start();
}

}  // namespace kindred::mysql_faults_test
