#pragma once

#include <kindred/source/detail/sql_relation.hpp>
#include <kindred/source/sql_connection.hpp>

#include <string>
#include <string_view>

namespace kindred {

/// A table of recommendations, one row for each place of a user's list, and how its columns are
/// called. A table beside it, "<table>_progress", says how far the storing has come.
struct recommendation_table {
  std::string table = "recommendations";
  std::string schema{};  ///< empty for the one that the connection looks in

  std::string user = "user_id";
  std::string place = "place";  ///< in the list, from 1
  std::string item = "item_id";
  std::string score = "score";
  std::string run = "run";  ///< the number of the run that stored the list
};

namespace detail {

[[nodiscard]] inline std::string progress_table(const recommendation_table& into) {
  return into.table + "_progress";
}

}  // namespace detail

/// Creates both tables, unless they are there. `id` is the type of users and items and becomes part
/// of the statement as it is; for MySQL, which takes "a" and "A" for the same unless told
/// otherwise, it may be `VARCHAR(255) COLLATE utf8mb4_bin`. Throws database_error.
inline void create_table(sql_connection& db, const recommendation_table& into,
                         std::string_view id = "VARCHAR(255)") {
  const std::string user = db.quoted(into.user);
  const std::string place = db.quoted(into.place);
  const std::string of_id = " " + std::string(id) + " NOT NULL, ";
  db.execute("CREATE TABLE IF NOT EXISTS " + detail::quoted_table(db, into.schema, into.table) +
             " (" + user + of_id + place + " INTEGER NOT NULL, " + db.quoted(into.item) + of_id +
             db.quoted(into.score) + " DOUBLE PRECISION NOT NULL, " + db.quoted(into.run) +
             " BIGINT NOT NULL, PRIMARY KEY (" + user + ", " + place + "))");
  db.execute("CREATE TABLE IF NOT EXISTS " +
             detail::quoted_table(db, into.schema, detail::progress_table(into)) +
             " (run BIGINT NOT NULL PRIMARY KEY, done BIGINT NOT NULL, users BIGINT NOT NULL)");
}

}  // namespace kindred
