#pragma once

#include <kindred/source/sql_connection.hpp>
#include <kindred/source/sql_source.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "rating_text.hpp"

namespace kindred::bench {

/// Row `r`, of some 13,000 items a million ratings.
inline made_rating rating_of(std::int64_t r) {
  made_rating rating = rating_at(static_cast<std::size_t>(r));
  rating.item = 1 + rating.item / 10;
  return rating;
}

/// Makes a table of ratings; `key` is the type of its key.
inline void make_ratings(sql_connection& db, std::int64_t rows, const std::string& key) {
  db.execute("CREATE TABLE ratings (id " + key +
             " PRIMARY KEY, user_id BIGINT NOT NULL, movie_id BIGINT NOT NULL, "
             "rating DOUBLE NOT NULL, rated_at BIGINT NOT NULL)");
  sql_transaction transaction(db);
  const auto insert = db.prepare("INSERT INTO ratings VALUES (?, ?, ?, ?, ?)");
  for (std::int64_t r = 0; r < rows; ++r) {
    const auto [user, item, stars, time] = rating_of(r);
    insert->run(std::array<sql_value, 5>{r + 1, user, item, stars, time});
  }
  transaction.commit();
}

inline sql_source ratings_of(sql_connection& db) {
  return sql_source(db, {.table = "ratings", .time = "rated_at", .key = "id"});
}

}  // namespace kindred::bench
