// Runs examples/realtime.cpp, which REALTIME names, as a user would, and asks it over HTTP.
#include <kindred/source/sqlite.hpp>
#ifdef REALTIME_WITH_MARIADB
#include <kindred/source/mysql.hpp>

#include "../mariadb_server.hpp"
#endif

#include <doctest/doctest.h>
#include <httplib.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "../temporary_folder.hpp"

namespace kindred::realtime_test {

namespace {

using nlohmann::json;
using namespace std::chrono_literals;

/// The example, running.
class program {
 public:
  explicit program(std::vector<std::string> arguments) : arguments_(std::move(arguments)) {
    arguments_.insert(arguments_.begin(), std::getenv("REALTIME"));
    arguments_.insert(arguments_.end(), {"--port", "0", "--save-every", "1"});
    start();
  }
  program(const program&) = delete;
  program& operator=(const program&) = delete;
  ~program() {
    if (pid_ != 0) end(SIGKILL);
  }

  /// Returns when it listens; what it said before that is kept.
  void start() {
    int ends[2];
    if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
    std::vector<char*> words;
    for (std::string& word : arguments_) words.push_back(word.data());
    words.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(ends[1], STDOUT_FILENO);
      ::close(ends[0]);
      ::execv(words.front(), words.data());
      ::_exit(127);
    }
    ::close(ends[1]);
    said_.clear();
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> out(::fdopen(ends[0], "r"), &std::fclose);
    for (int c = std::fgetc(out.get()); c != EOF; c = std::fgetc(out.get())) {
      said_ += static_cast<char>(c);
      const auto at = said_.find("listening to 127.0.0.1:");
      if (c != '\n' || at == said_.npos) continue;
      port_ = std::stoi(said_.substr(said_.rfind(':') + 1));
      return;
    }
    throw std::runtime_error("the example does not start: " + said_);
  }

  /// Its exit code, or -1 if the signal was what ended it.
  int end(int signal) {
    int status = 0;
    ::kill(pid_, signal);
    ::waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  [[nodiscard]] httplib::Client client() const { return httplib::Client("127.0.0.1", port_); }
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] const std::string& said() const { return said_; }

 private:
  std::vector<std::string> arguments_;
  std::string said_;
  ::pid_t pid_ = 0;
  int port_ = 0;
};

std::string movielens_in(const temporary_folder& folder) {
  std::string ratings = "userId,movieId,rating,timestamp\n";
  std::string movies = "movieId,title,genres\n";
  for (int user = 1; user <= 60; ++user)
    for (int n = 1; n <= 20; ++n) {
      const int movie = 1 + (user * 7 + n * n) % 97;
      ratings += std::to_string(user) + ',' + std::to_string(movie) + ',' +
                 std::to_string(1 + (user + movie) % 5) + ',' +
                 std::to_string(1'000'000'000 + user * 100 + n) + '\n';
    }
  for (int movie = 1; movie <= 97; ++movie)
    movies += std::to_string(movie) + ",\"Movie, The " + std::to_string(movie) +
              "th (1995)\",Comedy|Drama\n";
  (void)folder.write("movies.csv", movies);
  (void)folder.write("ratings.csv", ratings);
  return folder.path();
}

std::vector<std::string> sqlite_arguments(const temporary_folder& folder) {
  return {movielens_in(folder), "--sqlite", folder.path("shop.db"), "--model",
          folder.path("shop.safetensors")};
}

json recommendations(const program& at, const std::string& user, int k = 10) {
  const auto answer = at.client().Get("/users/" + user + "/recommendations?k=" + std::to_string(k));
  REQUIRE(answer);
  REQUIRE(answer->status == 200);
  return json::parse(answer->body);
}

std::set<std::string> items_of(const json& answer) {
  std::set<std::string> items;
  for (const json& line : answer["recommendations"]) items.insert(line["item"]);
  return items;
}

int post(const program& to, const std::string& body) {
  const auto answer = to.client().Post("/ratings", body, "application/json");
  REQUIRE(answer);
  CHECK(json::accept(answer->body));
  return answer->status;
}

std::string rating(std::int64_t user, const std::string& item, double value) {
  return json{{"user", user}, {"item", std::stoll(item)}, {"rating", value}}.dump();
}

/// What a line of the metrics says, NaN if there is none.
double metric(const program& of, const std::string& name) {
  const auto answer = of.client().Get("/metrics");
  REQUIRE(answer);
  const auto at = answer->body.find("\nkindred_" + name + ' ');
  if (at == std::string::npos) return std::nan("");
  return std::stod(answer->body.substr(answer->body.find(' ', at)));
}

/// Waits for what takes a moment.
bool soon(const std::function<bool()>& holds) {
  for (int n = 0; n < 1000; ++n) {
    if (holds()) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

std::int64_t count_of(sql_connection& db, const std::string& table) {
  const auto count = db.prepare("SELECT COUNT(*) FROM " + table);
  count->run();
  REQUIRE(count->next());
  return std::get<std::int64_t>(count->row()[0]);
}

/// Rates a user's best movie, and waits until it is no longer recommended.
void check_effect(const program& shop, std::int64_t user) {
  const std::string id = std::to_string(user);
  const std::string best = recommendations(shop, id, 1)["recommendations"][0]["item"];
  CHECK(post(shop, rating(user, best, 4.5)) == 201);
  CHECK(soon([&] { return !items_of(recommendations(shop, id, 100)).contains(best); }));
}

/// Rates under fire: `break_it` ends the program or its server, and `mend_it` brings it back.
void check_crashes(program& shop, sql_connection& db, const std::function<void()>& break_it,
                   const std::function<void()>& mend_it) {
  for (int round = 0; round < 4; ++round) {
    for (std::int64_t user = 100; user < 115; ++user)
      CHECK(post(shop, rating(user + 20 * round, std::to_string(1 + (user * 3 + round) % 97), 3)) ==
            201);
    std::this_thread::sleep_for(round * 90ms);
    break_it();
    mend_it();
  }
  db.reconnect();
  const auto rows = count_of(db, "ratings");
  CHECK(rows == 60 * 20 + 4 * 15);
  CHECK(soon([&] { return metric(shop, "ratings") == static_cast<double>(rows); }));
  CHECK(soon([&] { return recommendations(shop, "174")["known"] == true; }));
}

}  // namespace

TEST_CASE("a rating that is posted has an effect") {
  const temporary_folder folder;
  program shop(sqlite_arguments(folder));
  CHECK(shop.said().find("1200 ratings of 60 users for 97 movies") != std::string::npos);

  const json known = recommendations(shop, "7", 3);
  CHECK(known["known"] == true);
  REQUIRE(known["recommendations"].size() == 3);
  const json& line = known["recommendations"][0];
  CHECK(line["title"] == "Movie, The " + line["item"].get<std::string>() + "th (1995)");
  check_effect(shop, 7);

  CHECK(recommendations(shop, "1000")["known"] == false);
  CHECK(post(shop, rating(1000, "50", 5)) == 201);
  CHECK(soon([&] { return recommendations(shop, "1000")["known"] == true; }));
  CHECK(metric(shop, "ratings_added_total") == 2);
  CHECK(shop.client().Get("/healthz")->status == 200);

  CHECK(shop.end(SIGTERM) == 0);
  shop.start();
  CHECK(shop.said().find("going on from") != std::string::npos);
  CHECK(recommendations(shop, "1000")["known"] == true);
  CHECK(metric(shop, "ratings") == 1202);
}

TEST_CASE("what is not a request is refused, and changes nothing") {
  const temporary_folder folder;
  program shop(sqlite_arguments(folder));
  CHECK(post(shop, "") == 400);
  CHECK(post(shop, "{\"user\": 1, \"item\": 2, \"rating\": ") == 400);
  CHECK(post(shop, std::string(10'000, '[')) == 400);
  CHECK(post(shop, "{\"user\": \"1; DROP TABLE ratings\", \"item\": 2, \"rating\": 3}") == 400);
  CHECK(post(shop, "{\"user\": \"\xff\xfe\", \"item\": 2, \"rating\": 3}") == 400);
  CHECK(post(shop, "{\"user\": 1e3, \"item\": 2, \"rating\": 3}") == 400);
  CHECK(post(shop, "{\"user\": 99999999999999999999, \"item\": 2, \"rating\": 3}") == 400);
  CHECK(post(shop, "{\"user\": -1, \"item\": 2, \"rating\": 3}") == 400);
  CHECK(post(shop, "{\"user\": 1, \"item\": 2, \"rating\": 1e308}") == 400);
  CHECK(post(shop, "{\"user\": 1, \"item\": 2, \"rating\": null}") == 400);
  CHECK(post(shop, "{\"user\": 1, \"item\": 2000, \"rating\": 3}") == 404);
  const auto get = [&](const std::string& path) {
    const auto answer = shop.client().Get(path);
    return answer ? answer->status : 0;
  };
  CHECK(get("/users/7/recommendations?k=0") == 400);
  CHECK(get("/users/7/recommendations?k=1000000000000000000000") == 400);
  CHECK(get("/users/7/recommendations?k=ten") == 400);
  CHECK(get("/users/%ff%fe/recommendations") == 200);
  CHECK(get("/users/1%27%20OR%20%271%27=%271/recommendations") == 200);
  CHECK(get("/users/" + std::string(4000, '9') + "/recommendations") == 200);
  CHECK(get("/ratings") == 404);
  CHECK(get("/../../etc/passwd") == 404);
  const auto huge = shop.client().Post("/ratings", std::string(5'000'000, 'x'), "text/plain");
  if (huge) CHECK(huge->status == 413);

  // Who sends nothing is not waited for by anyone else, and in the end hung up on.
  std::vector<int> idle;
  for (int n = 0; n < 8; ++n) {
    const int client = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(shop.port()));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::send(client, "POST /ratings HTTP/1.1\r\nContent-Le", 35, 0) == 35);
    idle.push_back(client);
  }
  CHECK(get("/healthz") == 200);
  for (const int client : idle) {
    timeval limit{15, 0};
    ::setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    char answer[4096];
    ssize_t got = 0;
    do got = ::recv(client, answer, sizeof answer, 0);
    while (got > 0);
    CHECK(got == 0);
    ::close(client);
  }

  CHECK(shop.end(SIGTERM) == 0);
  sqlite_connection db(folder.path("shop.db"));
  CHECK(count_of(db, "ratings") == 1200);
  CHECK(count_of(db, "users") == 60);
  CHECK(count_of(db, "movies") == 97);
}

TEST_CASE("killed at any time, it goes on from where it was") {
  const temporary_folder folder;
  program shop(sqlite_arguments(folder));
  sqlite_connection db(folder.path("shop.db"));
  check_crashes(
      shop, db, [&] { shop.end(SIGKILL); }, [&] { shop.start(); });
}

#ifdef REALTIME_WITH_MARIADB
TEST_CASE("it follows a MariaDB server through its crashes") {
  if (!test::has_mariadb()) return;
  const temporary_folder folder;
  test::mariadb_server server;
  const mysql_options login = server.new_database();
  program shop({movielens_in(folder), "--mariadb", login.database, "--socket", login.unix_socket,
                "--user", login.user, "--model", folder.path("shop.safetensors")});
  mysql_connection db(login);
  check_crashes(
      shop, db, [&] { server.kill(); }, [&] { server.start(); });
  check_effect(shop, 7);
  CHECK(shop.client().Get("/healthz")->status == 200);
}
#endif

}  // namespace kindred::realtime_test
