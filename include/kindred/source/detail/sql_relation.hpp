#pragma once

#include <kindred/core/error.hpp>
#include <kindred/source/sql_connection.hpp>

#include <string>
#include <string_view>

namespace kindred::detail {

/// A table as a statement names it.
[[nodiscard]] inline std::string quoted_table(const sql_connection& db, std::string_view schema,
                                              std::string_view table) {
  return schema.empty() ? db.quoted(table) : db.quoted(schema) + '.' + db.quoted(table);
}

// Of options that name a `table` of a `schema`, or a `query` and its `parameters`:

/// Throws option_error unless there is one and not the other.
template <class Options>
void check_relation(const Options& from) {
  require_option(from.table.empty() != from.query.empty(), "table", from.table,
                 "{a table, or none if there is a query}");
  require_option(from.query.empty() || from.schema.empty(), "schema", from.schema,
                 "{a schema of a table}");
  require_option(from.table.empty() || from.parameters.empty(), "parameters",
                 from.parameters.size(), "[0, 0] of a table");
}

/// What messages call it.
template <class Options>
[[nodiscard]] std::string relation_name(const sql_connection& db, const Options& from) {
  return std::string(db.name()) + ", " +
         (from.table.empty() ? "query" : "table " + quoted(from.table));
}

/// What stands behind FROM. Columns are to be named as those of r: a quoted name alone might be
/// taken for a text by SQLite.
template <class Options>
[[nodiscard]] std::string relation(const sql_connection& db, const Options& from) {
  const bool is_query = from.table.empty();  // which may end with a comment
  return (is_query ? '(' + from.query + "\n)" : quoted_table(db, from.schema, from.table)) +
         " AS r";
}

}  // namespace kindred::detail
