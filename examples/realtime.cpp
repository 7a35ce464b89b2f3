// Recommends over HTTP from a table of ratings that keeps growing: makes the tables in SQLite or
// MariaDB, fills them with MovieLens, trains, serves, and follows the table. What it knows is kept
// in a file, from which it goes on when it is started again.
//
//   kindred_realtime ml-100k --port 8080
//   curl localhost:8080/users/42/recommendations?k=3
//   curl -d '{"user": 42, "item": 50, "rating": 5}' localhost:8080/ratings
#include "realtime/service.hpp"
#include "realtime/shop.hpp"

#include <kindred/kindred.hpp>

#include <charconv>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <system_error>
#include <thread>

namespace {

constexpr const char* help = R"(usage: kindred_realtime [<folder of MovieLens>] [options]
  <folder>              what to fill the tables with if they are empty
  --sqlite FILE         the database (realtime.db)
  --mariadb DATABASE    the same in a MariaDB or MySQL server, with
    --socket FILE | --server HOST --server-port N
    --user NAME --password-file FILE
  --model FILE          what is known, kept over restarts (realtime.safetensors)
  --save-every SECONDS  (60)
  --host ADDRESS        where to listen (127.0.0.1)
  --port N              (8080); 0 for a free one
)";

struct settings {
  std::string folder;
  shop_options shop;
  std::string model = "realtime.safetensors";
  int save_every = 60;
  std::string host = "127.0.0.1";
  int port = 8080;
};

using usage_error = std::invalid_argument;

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) throw usage_error("cannot read " + path);
  return line;
}

int number(const std::string& option, const std::string& text, int least, int most) {
  int value = 0;
  const char* const end = text.data() + text.size();
  const auto [at, code] = std::from_chars(text.data(), end, value);
  if (code == std::errc() && at == end && value >= least && value <= most) return value;
  throw usage_error(option + " is a number from " + std::to_string(least) + " to " +
                    std::to_string(most) + ", not '" + text + "'");
}

settings parse(int argc, char** argv) {
  settings s;
  for (int a = 1; a < argc; ++a) {
    const std::string option = argv[a];
    if (!option.starts_with("--")) {
      s.folder = option;
      continue;
    }
    if (++a == argc) throw usage_error(option + " needs a value");
    const std::string value = argv[a];
    if (option == "--sqlite")
      s.shop.sqlite = value;
    else if (option == "--mariadb")
      s.shop.mariadb = true, s.shop.database = value;
    else if (option == "--socket")
      s.shop.socket = value;
    else if (option == "--server")
      s.shop.host = value;
    else if (option == "--server-port")
      s.shop.port = static_cast<unsigned>(number(option, value, 1, 65535));
    else if (option == "--user")
      s.shop.user = value;
    else if (option == "--password-file")
      s.shop.password = first_line(value);
    else if (option == "--model")
      s.model = value;
    else if (option == "--save-every")
      s.save_every = number(option, value, 1, 86400);
    else if (option == "--host")
      s.host = value;
    else if (option == "--port")
      s.port = number(option, value, 0, 65535);
    else
      throw usage_error("there is no option " + option);
  }
  return s;
}

/// From the file, or else learnt from the table.
std::unique_ptr<live_model> make_live(const settings& s, kindred::sql_connection& db,
                                      kindred::sql_feed& feed) {
  kindred::live_options options{.least_rating = 0.5F,
                                .greatest_rating = 5,
                                .refit_share = 0.2,
                                .on_rejected = {},
                                .on_background_error = {},
                                .on_feed_error = {}};
  if (std::filesystem::exists(s.model)) {
    std::cout << "going on from " << s.model << '\n';
    return std::unique_ptr<live_model>(new live_model(live_model::load(s.model, options)));
  }
  feed.seek_end();  // before the table is read: what commits meanwhile comes by the feed
  const kindred::dataset ratings = kindred::load(kindred::sql_source{db,
                                                                     {.table = "ratings",
                                                                      .user = "user_id",
                                                                      .item = "movie_id",
                                                                      .time = "created_at",
                                                                      .key = "id"}});
  std::cout << ratings.size() << " ratings of " << ratings.num_users() << " users for "
            << ratings.num_items() << " movies\n";
  kindred::matrix_factorization<> model{{.factors = 64, .epochs = 20}};
  model.fit(ratings);
  return std::make_unique<live_model>(std::move(model), ratings, options);
}

void run(const settings& s) {
  // Before any thread is made, so that none of them takes the signal.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  shop store(s.shop);
  if (store.empty()) {
    if (s.folder.empty()) throw usage_error("the tables are empty: name a folder of MovieLens");
    store.fill(kindred::movielens::load(s.folder));
  }
  const auto db = store.connect();
  kindred::sql_feed feed{*db,
                         {.table = "ratings",
                          .user = "user_id",
                          .item = "movie_id",
                          .created = "created_at",
                          .key = "id"}};
  const auto live = make_live(s, *db, feed);
  const kindred::feature_table movies = kindred::read_features(
      *db, {.table = "movies", .text = {"title"}}, live->snapshot()->items());
  live->save(s.model);

  service web(*live, store, movies.text("title"));
  const int port = web.bind(s.host, s.port);
  if (port < 0) throw std::runtime_error("cannot listen to " + s.host);
  std::cout << "listening to " << s.host << ':' << port << std::endl;

  const std::jthread server([&] { web.serve(); });
  std::jthread updates([&](const std::stop_token& stop) {
    try {
      live->run(feed, stop);
    } catch (const std::exception& e) {
      std::cerr << "ratings are not followed any more: " << e.what() << '\n';
      web.set_following(false);
    }
  });
  std::jthread saver([&](const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    while (!wake.wait_for(lock, stop, std::chrono::seconds(s.save_every), [] { return false; }) &&
           !stop.stop_requested())
      live->save(s.model);
  });

  int signal = 0;
  sigwait(&signals, &signal);
  std::cout << "stopping\n";
  web.stop();
  saver.request_stop();
  saver.join();
  updates.request_stop();
  updates.join();
  live->save(s.model);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc > 1 && std::string(argv[1]) == "--help") {
      std::cout << help;
      return 0;
    }
    run(parse(argc, argv));
    return 0;
  } catch (const usage_error& e) {
    std::cerr << "error: " << e.what() << "; see --help\n";
    return 2;
  } catch (const std::exception& e) {
    std::cerr << "error: " << e.what() << '\n';
    return 1;
  }
}
