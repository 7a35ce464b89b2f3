#pragma once

#include <kindred/kindred.hpp>
#include <kindred/source/sqlite.hpp>
#ifdef REALTIME_WITH_MARIADB
#include <kindred/source/mysql.hpp>
#endif

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// Where the ratings are, and how to get there.
struct shop_options {
  std::string sqlite = "realtime.db";  ///< a file, unless `mariadb` is set
  bool mariadb = false;
  std::string socket{};
  std::string host = "localhost";
  unsigned port = 3306;
  std::string user{};
  std::string password{};
  std::string database = "movielens";
};

/// The tables of a shop that rents films: users, movies, and ratings with the index that a feed
/// needs. SQLite and MariaDB differ in how they count rows and keep the time, and in nothing else.
class shop {
 public:
  using cell = kindred::sql_value;

  explicit shop(shop_options options) : options_(std::move(options)), db_(connect()) {
    for (const std::string& statement : schema()) db_->execute(statement);
  }

  /// A connection for whoever needs one of his own.
  [[nodiscard]] std::unique_ptr<kindred::sql_connection> connect() const {
    if (!options_.mariadb) {
      auto db = std::make_unique<kindred::sqlite_connection>(options_.sqlite);
      db->execute("PRAGMA journal_mode = WAL");  // readers and the writer do not wait
      return db;
    }
#ifdef REALTIME_WITH_MARIADB
    return std::make_unique<kindred::mysql_connection>(
        kindred::mysql_options{.host = options_.host,
                               .port = options_.port,
                               .unix_socket = options_.socket,
                               .user = options_.user,
                               .password = options_.password,
                               .database = options_.database});
#else
    throw std::runtime_error("this program was built without MariaDB's client library");
#endif
  }

  [[nodiscard]] bool empty() {
    const auto count = db_->prepare("SELECT COUNT(*) FROM ratings");
    count->run();
    return !count->next() || std::get<std::int64_t>(count->row()[0]) == 0;
  }

  /// Fills the tables, all or none.
  void fill(const kindred::movielens::data_set& data);

  /// Stores a rating, or changes the one that is there. False if there is no such movie.
  bool rate(std::int64_t user, std::int64_t movie, double rating) {
    kindred::sql_transaction transaction(*db_);
    const auto known = db_->prepare("SELECT 1 FROM movies WHERE id = ?");
    known->run(std::array{cell(movie)});
    if (!known->next()) return false;
    while (known->next()) continue;
    db_->prepare(options_.mariadb ? "INSERT IGNORE INTO users (id) VALUES (?)"
                                  : "INSERT OR IGNORE INTO users (id) VALUES (?)")
        ->run(std::array{cell(user)});
    // The time is set on a change, too: that is how the feed learns of it.
    const std::string conflict =
        options_.mariadb ? " ON DUPLICATE KEY UPDATE rating = VALUES(rating), created_at = "
                         : " ON CONFLICT (user_id, movie_id) DO UPDATE SET rating = "
                           "excluded.rating, created_at = ";
    db_->prepare("INSERT INTO ratings (user_id, movie_id, rating) VALUES (?, ?, ?)" + conflict +
                 now())
        ->run(std::array{cell(user), cell(movie), cell(rating)});
    transaction.commit();
    return true;
  }

  /// After an error in `rate`.
  void reconnect() { db_->reconnect(); }

 private:
  [[nodiscard]] std::string now() const {
    return options_.mariadb ? "CURRENT_TIMESTAMP(6)" : "(strftime('%Y-%m-%d %H:%M:%f', 'now'))";
  }

  [[nodiscard]] std::vector<std::string> schema() const {
    const std::string key = options_.mariadb ? "BIGINT AUTO_INCREMENT PRIMARY KEY"
                                             : "INTEGER PRIMARY KEY AUTOINCREMENT";
    const std::string created =
        (options_.mariadb ? "TIMESTAMP(6)" : "TEXT") + std::string(" NOT NULL DEFAULT ") + now();
    return {
        "CREATE TABLE IF NOT EXISTS users (id BIGINT PRIMARY KEY, age INT, gender VARCHAR(8),"
        " occupation VARCHAR(64), zipcode VARCHAR(16))",
        "CREATE TABLE IF NOT EXISTS movies (id BIGINT PRIMARY KEY, title VARCHAR(255),"
        " release_date VARCHAR(10), genre VARCHAR(255))",
        // One rating a user and movie; what changes is found by its time, ties by its id.
        "CREATE TABLE IF NOT EXISTS ratings (id " + key +
            ", user_id BIGINT NOT NULL REFERENCES users (id),"
            " movie_id BIGINT NOT NULL REFERENCES movies (id), rating DOUBLE NOT NULL,"
            " created_at " +
            created + ", UNIQUE (user_id, movie_id))",
        "CREATE INDEX IF NOT EXISTS ratings_created ON ratings (created_at, id)"};
  }

  /// Adds `rows` rows, some hundred in a statement; `row(r, cells)` fills those of one.
  template <class Row>
  void insert(const std::string& into, std::string_view values, std::size_t columns,
              std::size_t rows, const Row& row) {
    constexpr std::size_t at_once = 256;
    std::vector<cell> cells;
    for (std::size_t begin = 0; begin < rows; begin += at_once) {
      const std::size_t count = std::min(at_once, rows - begin);
      std::string text = "INSERT INTO " + into + " VALUES ";
      for (std::size_t r = 0; r < count; ++r) text.append(r == 0 ? "" : ", ").append(values);
      cells.assign(count * columns, {});
      for (std::size_t r = 0; r < count; ++r)
        row(begin + r, std::span(cells).subspan(r * columns, columns));
      db_->prepare(text)->run(cells);
    }
  }

  shop_options options_;
  std::unique_ptr<kindred::sql_connection> db_;
};

inline void shop::fill(const kindred::movielens::data_set& data) {
  const auto& [kind, ratings, users, movies] = data;
  const auto text_of = [](const auto& column, kindred::index row) -> cell {
    return column[row] < 0 ? cell() : cell(column.vocabulary().id(column[row]));
  };
  kindred::sql_transaction transaction(*db_);

  const bool has_users = users.contains("age");
  insert("users (id, age, gender, occupation, zipcode)", "(?, ?, ?, ?, ?)", 5,
         static_cast<std::size_t>(ratings.num_users()), [&](std::size_t r, std::span<cell> cells) {
           const auto u = static_cast<kindred::index>(r);
           cells[0] = ratings.users().id(u);
           if (!has_users) return;
           if (const auto age = users.numeric("age")[u]) cells[1] = std::int64_t(*age);
           cells[2] = text_of(users.categorical("gender"), u);
           cells[3] = text_of(users.categorical("occupation"), u);
           cells[4] = text_of(users.categorical("zip"), u);
         });

  const auto& genres = movies.multi_hot("genres");
  std::vector<std::string> joined(static_cast<std::size_t>(ratings.num_items()));
  for (std::size_t i = 0; i < joined.size(); ++i)
    for (const kindred::index genre : genres[static_cast<kindred::index>(i)])
      (joined[i] += joined[i].empty() ? "" : "|") += genres.vocabulary().id(genre);
  insert("movies (id, title, release_date, genre)", "(?, ?, ?, ?)", 4, joined.size(),
         [&](std::size_t r, std::span<cell> cells) {
           const auto i = static_cast<kindred::index>(r);
           cells[0] = ratings.items().id(i);
           cells[1] = movies.text("title")[i];
           if (const auto year = movies.numeric("year")[i]) cells[2] = std::int64_t(*year);
           cells[3] = joined[r];
         });

  std::vector<kindred::index> raters(ratings.size());
  for (kindred::index u = 0; u < ratings.num_users(); ++u)
    std::fill(raters.begin() + ratings.user_offsets()[static_cast<std::size_t>(u)],
              raters.begin() + ratings.user_offsets()[static_cast<std::size_t>(u) + 1], u);
  insert("ratings (user_id, movie_id, rating, created_at)",
         options_.mariadb ? "(?, ?, ?, FROM_UNIXTIME(?))"
                          : "(?, ?, ?, strftime('%Y-%m-%d %H:%M:%f', ?, 'unixepoch'))",
         4, ratings.size(), [&](std::size_t r, std::span<cell> cells) {
           cells[0] = ratings.users().id(raters[r]);
           cells[1] = ratings.items().id(ratings.row_items()[r]);
           cells[2] = static_cast<double>(ratings.row_values()[r]);
           cells[3] = ratings.row_times()[r];
         });
  transaction.commit();
}
