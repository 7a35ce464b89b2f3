#pragma once

#include <kindred/core/error.hpp>
#include <kindred/source/column_choice.hpp>
#include <kindred/source/detail/column_finder.hpp>
#include <kindred/source/detail/rating_field.hpp>
#include <kindred/source/detail/sql_relation.hpp>
#include <kindred/source/sql_connection.hpp>
#include <kindred/source/sql_feed_options.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace kindred::detail {

/// A statement that is prepared when it is first run.
class sql_query {
 public:
  sql_query() = default;
  explicit sql_query(std::string text) : text_(std::move(text)) {}

  sql_statement& run(sql_connection& db, std::span<const sql_value> parameters) {
    if (statement_ == nullptr) statement_ = db.prepare(text_);
    statement_->run(parameters);
    return *statement_;
  }
  /// To be done when the connection was lost, or rows are left.
  void forget() noexcept { statement_.reset(); }

 private:
  std::string text_;
  std::unique_ptr<sql_statement> statement_;
};

/// What a feed asks of its table. Rows begin with `created` and the key, and come in their order.
///
/// What is behind a (created, key) is asked for in two statements: as each is one range of an index
/// on the two columns, so SQLite, MariaDB and MySQL find it at once, which not all of them do where
/// one statement asks for both.
struct feed_queries {
  sql_query extent;           ///< the least and the greatest time
  sql_query from;             ///< rows from a time on: (created, how many)
  sql_query same_time;        ///< rows of that time: (created, above which key, how many)
  sql_query later;            ///< (created, how many)
  sql_query latest;           ///< of all times and keys, the greatest first: (how many)
  column_places places = {};  ///< in a row of `from`, `same_time` and `later`

  feed_queries() = default;

  /// Looks up the columns. Throws format_error if one is not there, database_error.
  feed_queries(sql_connection& db, const sql_feed_options& options, const std::string& name) {
    const std::string table = quoted_table(db, options.schema, options.table);
    const auto all = db.prepare("SELECT * FROM " + table);
    const std::vector<std::string> names(all->columns().begin(), all->columns().end());
    const column_places found = column_finder(options, names, name, 0).find(true);
    for (const std::string& column : {options.created, options.key})
      if (std::find(names.begin(), names.end(), column) == names.end())
        throw format_error(name, 0, 0, {}, "has no column named " + quoted(column));

    // Each column is one of r: a quoted name alone might be taken for a text by SQLite.
    const std::string created = "r." + db.quoted(options.created);
    const std::string key = "r." + db.quoted(options.key);
    std::string columns = created + ", " + key;
    std::size_t count = 2;
    for (const rating_field field : all_rating_fields)
      if (found[field] > 0) {
        columns += ", r." + db.quoted(names[found[field] - 1]);
        places[field] = ++count;
      }
    if (found[rating_field::time] == 0 && options.time.is_usual()) places[rating_field::time] = 1;

    const std::string of_table = " FROM " + table + " AS r";
    const std::string rows = "SELECT " + columns + of_table + " WHERE " + created;
    const std::string in_order = " ORDER BY " + created + ", " + key + " LIMIT ?";
    const std::string with_key = " AND " + key + " IS NOT NULL";
    extent = sql_query("SELECT (SELECT MIN(" + created + ')' + of_table + "), (SELECT MAX(" +
                       created + ')' + of_table + ')');
    from = sql_query(rows + " >= ?" + with_key + in_order);
    same_time = sql_query(rows + " = ? AND " + key + " > ?" + in_order);
    later = sql_query(rows + " > ?" + with_key + in_order);
    latest = sql_query("SELECT " + created + ", " + key + of_table + " WHERE " + created +
                       " IS NOT NULL" + with_key + " ORDER BY " + created + " DESC, " + key +
                       " DESC LIMIT ?");
  }

  void forget() noexcept {
    for (sql_query* const query : {&extent, &from, &same_time, &later, &latest}) query->forget();
  }
};

}  // namespace kindred::detail
