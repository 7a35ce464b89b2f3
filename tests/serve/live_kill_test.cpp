#include <kindred/serve/live_recommender.hpp>
#include <kindred/source/sql_feed.hpp>
#include <kindred/source/sqlite.hpp>

#include <doctest/doctest.h>

#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "../temporary_folder.hpp"
#include "live_support.hpp"

namespace kindred::live_kill_test {

using namespace test;
using std::chrono::milliseconds;

namespace {

using live_model = live_recommender<matrix_factorization<>>;

constexpr const char* folder_variable = "KINDRED_LIVE_KILL_TEST";
constexpr std::size_t new_rows = 2000;
const live_options options{.poll_interval = milliseconds(1), .publish_interval = milliseconds(1)};

/// A feed that takes its time, so that there is something to kill.
class slow_feed {
 public:
  explicit slow_feed(sql_connection& db)
      : feed_(db, {.table = "ratings", .user = "u", .item = "i", .batch_rows = 10}) {}

  void poll(rating_batch& batch) {
    std::this_thread::sleep_for(milliseconds(1));
    feed_.poll(batch);
  }
  [[nodiscard]] std::string position() const { return feed_.position(); }
  void seek(std::string_view position) { feed_.seek(position); }

 private:
  sql_feed feed_;
};

live_model begin_or_go_on(const std::string& file) {
  if (std::filesystem::exists(file)) return live_model::load(file, options);
  const dataset train = plain_dataset(600, 40, 30, 5);
  matrix_factorization<> model{{.factors = 4, .epochs = 2}};
  model.fit(train);
  return live_model{std::move(model), train, options};
}

/// Follows the table up to its last row, which says so by its user; `meanwhile` is called over and
/// over.
template <class Work>
void follow(live_model& live, const std::string& database, const Work& meanwhile) {
  sqlite_connection db(database);
  slow_feed feed(db);
  std::jthread updates([&](const std::stop_token& stop) { live.run(feed, stop); });
  while (!live.snapshot()->users().find("the last")) meanwhile();
}

/// What is answered once the model is fitted on all ratings, which says what these are.
std::vector<scored_item> answers_of_all(live_model& live) {
  live.refit();
  live.wait();
  return all_answers(*live.snapshot());
}

class child {
 public:
  explicit child(const std::string& folder) {
    std::string variable = folder_variable + ("=" + folder);
    std::string self = "/proc/self/exe";
    std::string skipped = "--no-skip";
    std::string quiet = "--minimal";
    std::string test = "--test-case=saves until it is killed";
    std::array<char*, 5> words{self.data(), skipped.data(), quiet.data(), test.data(), nullptr};
    std::vector<char*> environment{variable.data()};
    for (char** each = environ; *each != nullptr; ++each) environment.push_back(*each);
    environment.push_back(nullptr);
    REQUIRE(::posix_spawn(&pid_, self.c_str(), nullptr, nullptr, words.data(),
                          environment.data()) == 0);
  }
  /// Its exit status, if it has ended.
  [[nodiscard]] std::optional<int> ended() const {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == 0) return std::nullopt;
    return status;
  }
  void kill() const {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

 private:
  ::pid_t pid_ = 0;
};

/// Changes when a file takes the place of another.
::ino_t identity(const std::string& file) {
  struct stat now = {};
  return ::stat(file.c_str(), &now) == 0 ? now.st_ino : 0;
}

void fill(const std::string& database) {
  sqlite_connection db(database);
  db.execute("CREATE TABLE ratings (id INTEGER PRIMARY KEY, u TEXT, i TEXT, rating REAL, created)");
  const auto insert = db.prepare("INSERT INTO ratings (u, i, rating, created) VALUES (?, ?, ?, ?)");
  sql_transaction transaction(db);
  auto rows = random_ratings(new_rows, 60, 50, 8);  // some rate again
  rows.push_back({"the last", "i1", 3});
  std::int64_t n = 0;
  for (const text_rating& row : rows)
    insert->run(std::array<sql_value, 4>{row.user, row.item, double(row.value), ++n / 7});
  transaction.commit();
}

}  // namespace

TEST_CASE("saves until it is killed" * doctest::skip()) {
  const char* const folder = std::getenv(folder_variable);
  REQUIRE_MESSAGE(folder != nullptr, "the test below runs this one");
  const std::string file = folder + std::string("/live.safetensors");
  live_model live = begin_or_go_on(file);
  follow(live, folder + std::string("/ratings.db"), [&] { live.save(file); });
  live.save(file);
}

TEST_CASE("killed while it takes ratings in and saves, it goes on from a whole file") {
  const temporary_folder folder;
  const std::string file = folder.path("live.safetensors");
  fill(folder.path("ratings.db"));

  const counter_rng rng(3);
  std::optional<int> status;
  std::size_t ratings = 0;
  for (std::uint64_t kills = 0; !status; ++kills) {
    const child victim(folder.path());
    const std::uint64_t saves = rng.below(2 * kills, 6) + (kills < 8 ? 0 : 100'000);
    for (std::uint64_t seen = 0; seen <= saves && !status; ++seen) {
      const ::ino_t before = identity(file);
      while (!status && identity(file) == before) {
        std::this_thread::sleep_for(std::chrono::microseconds(50));
        status = victim.ended();
      }
    }
    if (status) break;
    std::this_thread::sleep_for(std::chrono::microseconds(rng.below(2 * kills + 1, 3000)));
    victim.kill();
    const std::size_t now = live_model::load(file, options).metrics().ratings;
    CHECK(now >= ratings);
    ratings = now;
  }
  CHECK(*status == 0);
  CHECK(ratings > 0);  // it was killed, with a file to go on from

  const std::string none = folder.path("none.safetensors");
  live_model without = begin_or_go_on(none);
  follow(without, folder.path("ratings.db"), [] { std::this_thread::yield(); });
  live_model with = live_model::load(file, options);
  CHECK(with.metrics().ratings == without.metrics().ratings);
  CHECK(with.position() == without.position());
  CHECK(answers_of_all(with) == answers_of_all(without));
}

}  // namespace kindred::live_kill_test
