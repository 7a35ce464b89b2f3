#pragma once

#include <kindred/core/error.hpp>
#include <kindred/data/feature_table.hpp>
#include <kindred/data/id_map.hpp>
#include <kindred/source/detail/sql_feature_reader.hpp>
#include <kindred/source/detail/sql_reconnect.hpp>
#include <kindred/source/detail/sql_relation.hpp>
#include <kindred/source/sql_connection.hpp>
#include <kindred/source/sql_feature_options.hpp>

#include <string>
#include <vector>

namespace kindred {

/// What a table of a database, or a query, says of the users or the items in `ids`: row r of the
/// result belongs to the r-th of them, as in a left join.
///
///     const auto users = kindred::read_features(
///         db,
///         {.table = "users", .numeric = {"age"}, .categorical = {"gender", "occupation"}},
///         ratings.users());
///     const auto movies = kindred::read_features(
///         db, {.table = "movies", .year = {"release_date"}, .multi_hot = {"genre"}, .text =
///         {"title"}}, ratings.items());
///
/// An id without a row in the database has a row without values, and rows of other ids, or of NULL,
/// are passed over. NULL in another column is a value that is missing. Everything else is read
/// strictly. A lost connection is made anew, and the rows are read again from the first.
///
/// O(rows + ids). Throws data_error, naming it, if an id has two rows, or a column two kinds;
/// format_error for a cell that does not fit its kind or is no id; option_error unless there is
/// either a table or a query, and a column; database_error; `cancelled`.
[[nodiscard]] inline feature_table read_features(sql_connection& db,
                                                 const sql_feature_options& from,
                                                 const id_map& ids) {
  detail::check_relation(from);
  detail::check_retry(from.retry);
  const std::string name = detail::relation_name(db, from);
  return detail::with_reconnects(db, from.retry, [&] {
    detail::sql_feature_reader reader(from, ids, name);
    const std::vector<std::string> columns = reader.columns();
    require_option(columns.size() > 1, "numeric", columns.size() - 1,
                   "[1, ...) columns of any kind");
    std::string text;
    for (const std::string& column : columns)
      text += (text.empty() ? "SELECT r." : ", r.") + db.quoted(column);
    const auto statement = db.prepare(text + " FROM " + detail::relation(db, from));
    statement->run(from.parameters);
    while (statement->next()) reader.read(statement->row());
    return reader.finish();
  });
}

}  // namespace kindred
