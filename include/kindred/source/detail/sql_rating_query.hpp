#pragma once

#include <kindred/core/error.hpp>
#include <kindred/source/detail/column_finder.hpp>
#include <kindred/source/detail/rating_field.hpp>
#include <kindred/source/detail/sql_relation.hpp>
#include <kindred/source/sql_connection.hpp>
#include <kindred/source/sql_source_options.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace kindred::detail {

/// How ratings are asked for.
struct sql_rating_query {
  std::string text;           ///< for all of them
  std::string rest_text{};    ///< for those with a key above the last `?`, if there is a key
  column_places places{};     ///< in a row
  std::size_t key_place = 0;  ///< likewise
};

/// Looks up the columns. `name` stands for the table or the query in messages.
/// Throws format_error if a column is not there, database_error.
[[nodiscard]] inline sql_rating_query make_rating_query(sql_connection& db,
                                                        const sql_source_options& from,
                                                        const std::string& name) {
  const bool is_table = from.query.empty();
  const auto all = db.prepare(is_table ? "SELECT * FROM " + relation(db, from) : from.query);
  const std::vector<std::string> names(all->columns().begin(), all->columns().end());
  const column_places found = column_finder(from, names, name, 0).find(true);
  if (!from.key.empty() && std::find(names.begin(), names.end(), from.key) == names.end())
    throw format_error(name, 0, 0, {}, "has no column named " + quoted(from.key));
  if (!is_table && from.key.empty()) return {.text = from.query, .places = found};

  sql_rating_query query{.text = "SELECT "};
  std::size_t count = 0;
  const auto select = [&](const std::string& column) {
    query.text += (count == 0 ? "r." : ", r.") + db.quoted(column);
    return ++count;
  };
  for (const rating_field field : all_rating_fields)
    if (found[field] > 0) query.places[field] = select(names[found[field] - 1]);
  if (!from.key.empty()) query.key_place = select(from.key);
  query.text += " FROM " + relation(db, from);
  if (from.key.empty()) return query;
  const std::string key = "r." + db.quoted(from.key);
  query.rest_text = query.text + " WHERE " + key + " > ? ORDER BY " + key;
  query.text += " ORDER BY " + key;
  return query;
}

}  // namespace kindred::detail
