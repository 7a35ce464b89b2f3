// What readers notice of a writer: threads ask for recommendations as fast as they can, first
// alone and while a live_recommender follows an empty table, for a twentieth of the time each, then
// while ratings are committed to that.
//   kindred_live_load [seconds=60] [ratings a second=1000] [readers=2] [items=100000]
//                     [int8 or float32] [socket]
// The table is in SQLite, in a file of its own, or in the MariaDB server that listens to `socket`
// (database `test`, whoever runs this).
#include <kindred/data/synthetic.hpp>
#include <kindred/model/matrix_factorization.hpp>
#include <kindred/serve/live_recommender.hpp>
#include <kindred/source/sql_feed.hpp>
#include <kindred/source/sqlite.hpp>
#if __has_include(<mysql.h>)
#include <kindred/source/mysql.hpp>
#endif

#include "scratch_file.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using clock_type = std::chrono::steady_clock;
using milliseconds = std::chrono::duration<double, std::milli>;
using live_model = kindred::live_recommender<kindred::matrix_factorization<>>;

struct settings {
  int seconds = 60;
  int rate = 1000;
  int readers = 2;
  kindred::index items = 100'000;
  kindred::index users = 50'000;
  kindred::item_storage storage = kindred::item_storage::int8;
  std::string socket{};
};

class table {
 public:
  table(const settings& s, std::string path) : socket_(s.socket), path_(std::move(path)) {
    const auto db = connect();
    if (!socket_.empty()) db->execute("DROP TABLE IF EXISTS live_load");
    db->execute(
        socket_.empty()
            ? "CREATE TABLE live_load (id INTEGER PRIMARY KEY AUTOINCREMENT, user_id BIGINT,"
              " item_id BIGINT, rating DOUBLE, created TEXT DEFAULT"
              " (strftime('%Y-%m-%d %H:%M:%f', 'now')))"
            : "CREATE TABLE live_load (id BIGINT AUTO_INCREMENT PRIMARY KEY, user_id BIGINT,"
              " item_id BIGINT, rating DOUBLE, created TIMESTAMP(6) DEFAULT"
              " CURRENT_TIMESTAMP(6))");
    db->execute("CREATE INDEX live_load_created ON live_load (created, id)");
  }

  [[nodiscard]] std::unique_ptr<kindred::sql_connection> connect() const {
    if (socket_.empty()) {
      auto db = std::make_unique<kindred::sqlite_connection>(path_);
      db->execute("PRAGMA journal_mode = WAL");
      db->execute("PRAGMA synchronous = NORMAL");
      return db;
    }
#if __has_include(<mysql.h>)
    return std::make_unique<kindred::mysql_connection>(
        kindred::mysql_options{.unix_socket = socket_, .database = "test"});
#else
    std::fputs("built without MariaDB's client library\n", stderr);
    std::exit(1);
#endif
  }

 private:
  std::string socket_;
  std::string path_;
};

void report(const char* what, std::vector<double>& times) {
  std::sort(times.begin(), times.end());
  const auto at = [&](double share) {
    return times.empty()
               ? 0.0
               : times[std::min(times.size() - 1, static_cast<std::size_t>(
                                                      share * static_cast<double>(times.size())))];
  };
  std::printf("%-28s %9zu  p50 %7.3f  p99 %7.3f  p99.9 %7.3f  most %7.3f ms\n", what, times.size(),
              at(0.5), at(0.99), at(0.999), times.empty() ? 0.0 : times.back());
}

/// A rating that was committed, and that a reader looks for between two of its requests, so that
/// nobody has to wake up for that.
class probe {
 public:
  /// Watches for a rating, unless it still does for another.
  void watch(std::uint64_t user, std::uint64_t item) {
    if (waiting_.load(std::memory_order_acquire)) return;
    user_ = user;
    item_ = item;
    committed_ = clock_type::now();
    waiting_.store(true, std::memory_order_release);
  }

  void look(const live_model& live) {
    if (!waiting_.load(std::memory_order_acquire) || !is_visible(*live.snapshot())) return;
    lags_.push_back(milliseconds(clock_type::now() - committed_).count());
    waiting_.store(false, std::memory_order_release);
  }

  /// In milliseconds.
  [[nodiscard]] std::vector<double>& lags() noexcept { return lags_; }

 private:
  [[nodiscard]] bool is_visible(const live_model::snapshot_type& now) const {
    const auto u = now.users().find(user_);
    const auto i = now.items().find(item_);
    if (!u || !i) return false;
    const auto seen = now.seen(*u);
    return std::binary_search(seen.begin(), seen.end(), *i);
  }

  std::atomic<bool> waiting_{false};
  std::uint64_t user_ = 0;
  std::uint64_t item_ = 0;
  clock_type::time_point committed_;
  std::vector<double> lags_;
};

/// Reads for some seconds, and gives the times of all calls in milliseconds.
std::vector<double> read(const live_model& live, const settings& s, int seconds, probe& watched) {
  std::vector<std::vector<double>> times(static_cast<std::size_t>(s.readers));
  std::stop_source stop;
  std::vector<std::jthread> readers;
  for (std::size_t r = 0; r < times.size(); ++r)
    readers.emplace_back([&, r] {
      const kindred::counter_rng rng(r + 100);
      for (std::uint64_t n = 0; !stop.stop_requested(); ++n) {
        const auto user = rng.below(n, static_cast<std::uint32_t>(s.users));
        const auto begin = clock_type::now();
        const auto list = live.recommend(user, 10);
        times[r].push_back(milliseconds(clock_type::now() - begin).count());
        if (list.size() != 10) std::abort();
        if (r == 0) watched.look(live);
      }
    });
  std::this_thread::sleep_for(std::chrono::seconds(seconds));
  stop.request_stop();
  readers.clear();
  std::vector<double> all;
  for (auto& some : times) all.insert(all.end(), some.begin(), some.end());
  return all;
}

/// Commits ratings, ten in a transaction, and has every 25th commit watched for.
void write(const table& to, const settings& s, probe& watched, const std::stop_token& stop) {
  const auto db = to.connect();
  const auto insert =
      db->prepare("INSERT INTO live_load (user_id, item_id, rating) VALUES (?, ?, ?)");
  const kindred::counter_rng rng(7);
  constexpr int at_once = 10;
  const auto interval = std::chrono::duration_cast<clock_type::duration>(
      std::chrono::duration<double>(double(at_once) / s.rate));
  auto next = clock_type::now();
  std::uint64_t n = 0;
  for (int step = 0; !stop.stop_requested(); ++step) {
    kindred::sql_transaction transaction(*db);
    std::uint64_t user = 0;
    std::uint64_t item = 0;
    for (int i = 0; i < at_once; ++i, ++n) {
      user = rng.below(2 * n, static_cast<std::uint32_t>(s.users));
      item = rng.below(2 * n + 1, static_cast<std::uint32_t>(s.items));
      const double rating = 0.5 * static_cast<double>(1 + n % 10);
      insert->run(std::array<kindred::sql_value, 3>{static_cast<std::int64_t>(user),
                                                    static_cast<std::int64_t>(item), rating});
    }
    transaction.commit();
    if (step % 25 == 0) watched.watch(user, item);
    std::this_thread::sleep_until(next += interval);
  }
  std::printf("%llu ratings committed\n", static_cast<unsigned long long>(n));
}

}  // namespace

int main(int argc, char** argv) {
  settings s;
  if (argc > 1) s.seconds = std::atoi(argv[1]);
  if (argc > 2) s.rate = std::atoi(argv[2]);
  if (argc > 3) s.readers = std::atoi(argv[3]);
  if (argc > 4) s.items = std::atoi(argv[4]);
  if (argc > 5)
    s.storage = std::string(argv[5]) == "float32" ? kindred::item_storage::float32
                                                  : kindred::item_storage::int8;
  if (argc > 6) s.socket = argv[6];

  const auto train = kindred::synthetic_ratings(
      {.num_users = s.users, .num_items = s.items, .num_ratings = 2'000'000, .seed = 1});
  kindred::matrix_factorization<> model({.factors = 64, .epochs = 20, .regularization = 0.05});
  model.fit(train);
  live_model live{std::move(model), train, {.storage = s.storage}};
  std::printf("%d users, %d items, 64 factors, %zu ratings; %d readers\n", s.users, s.items,
              train.size(), s.readers);

  probe watched;
  const int before = std::max(1, s.seconds / 20);  // enough requests to compare with
  auto alone = read(live, s, before, watched);
  report("recommend, alone", alone);

  const kindred::bench::scratch_file file("kindred_live_load.db");
  const table ratings(s, file.path());
  const auto db = ratings.connect();
  kindred::sql_feed feed{*db, {.table = "live_load", .user = "user_id", .item = "item_id"}};
  std::jthread updates([&](const std::stop_token& stop) { live.run(feed, stop); });
  auto idle = read(live, s, before, watched);
  report("recommend, nothing arriving", idle);

  std::jthread writer([&](const std::stop_token& stop) { write(ratings, s, watched, stop); });
  auto busy = read(live, s, s.seconds, watched);
  writer.request_stop();
  writer.join();
  updates.request_stop();
  updates.join();
  report("recommend, with the writer", busy);
  report("from commit to effect", watched.lags());
  const auto m = live.metrics();
  std::printf(
      "%llu added, %llu changed, %llu again; %llu snapshots, %llu compactions; refresh %.1f ms at "
      "most, swap %.3f ms at most\n",
      static_cast<unsigned long long>(m.counts.added),
      static_cast<unsigned long long>(m.counts.changed),
      static_cast<unsigned long long>(m.counts.duplicates),
      static_cast<unsigned long long>(m.snapshots), static_cast<unsigned long long>(m.compactions),
      1e3 * m.max_refresh.count(), 1e3 * m.max_swap.count());
}
