#pragma once

#include <kindred/source/sql_connection.hpp>
#include <kindred/source/sql_retry.hpp>

#include <string>
#include <vector>

namespace kindred {

/// What read_features() takes from a database: a column of ids, and columns of each kind, which
/// keep their names and come in this order.
struct sql_feature_options {
  std::string table{};   ///< this or a query
  std::string schema{};  ///< of the table; empty for the one that the connection looks in

  std::string query{};  ///< a SELECT, with a `?` for each of the parameters
  std::vector<sql_value> parameters{};

  std::string id = "id";  ///< integers or text

  std::vector<std::string> numeric{};      ///< numbers, or digits: an age
  std::vector<std::string> year{};         ///< numeric: the year of a date, or a number that is one
  std::vector<std::string> categorical{};  ///< text or numbers: an occupation; empty text is none
  std::vector<std::string> multi_hot{};    ///< text or numbers with separators: genres
  std::vector<std::string> text{};         ///< text or numbers: a title

  char separator = '|';  ///< of what is multi-hot

  sql_retry retry{};
};

}  // namespace kindred
