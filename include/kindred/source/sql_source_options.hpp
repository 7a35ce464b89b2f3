#pragma once

#include <kindred/source/column_choice.hpp>
#include <kindred/source/sql_connection.hpp>
#include <kindred/source/sql_retry.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace kindred {

/// Which ratings of a database are read, and what their columns are.
struct sql_source_options {
  std::string table{};   ///< this or a query
  std::string schema{};  ///< of the table; empty for the one that the connection looks in

  std::string query{};                  ///< a SELECT, with a `?` for each of the parameters
  std::vector<sql_value> parameters{};  ///< texts and bytes are copied

  column_choice user{};
  column_choice item{};
  column_choice rating{};  ///< each value is 1 if there is none
  column_choice time{};    ///< no times if there is none
  column_choice weight{};  ///< no weights if there is none

  /// A column whose values are integers or text and unique, as the database compares them, and
  /// which is best indexed. Rows come in its order, and reading goes on behind the last of them
  /// where the connection was lost. Empty: there is none.
  std::string key{};
  sql_retry retry{};

  /// The unit of times that are plain numbers: 1 for seconds, 1000 for milliseconds.
  std::int64_t ticks_per_second = 1;
};

}  // namespace kindred
