#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/context.hpp>
#include <kindred/data/feature_table.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace kindred {

/// How a column of a feature table becomes input of a model. What it becomes depends on its kind;
/// all that is learnt of it is learnt from the users, or items, that have training ratings, each of
/// which counts once.
///
/// - numeric: the number less their mean, divided by their standard deviation, and held to
///   [-10, 10]; 0 if they have all the same. A missing number is 0, the mean; if some of them lack
///   it, that it is missing is an input of its own.
/// - categorical: one of their categories, or out of vocabulary. Having none is a category, too.
/// - multi-hot: the mean of a row's categories, each one of theirs or out of vocabulary.
/// - text: the mean of a row's tokens, likewise. Tokens are the longest runs of letters, digits and
///   bytes beyond ASCII; A to Z count as a to z.
struct feature_encoding {
  std::string name{};   ///< of the column
  index min_count = 1;  ///< categories and tokens of fewer are out of vocabulary; >= 1
  /// If > 0, there is no vocabulary (nor min_count): categories and tokens are hashed into so many
  /// buckets, by FNV-1a in 64 bits modulo their number. Not for numbers.
  index buckets = 0;
};

/// What is known of users, or of items: row r of the table belongs to the index r.
struct feature_selection {
  feature_table table{};
  std::vector<feature_encoding> columns{};  ///< none for all of the table, encoded by default
};

/// In which context a rating is given.
struct context_feature {
  std::string name;
  rating_context context;
};

/// What a model sees of users, items and the context of a rating.
///
///   kindred::feature_set{.users = {tables.users, {{"age"}, {.name = "zip", .buckets = 100}}},
///                        .items = {tables.items},
///                        .context = {{"weekend", kindred::weekend()}}}
struct feature_set {
  feature_selection users{};
  feature_selection items{};
  std::vector<context_feature> context{};
  bool user_ids = true;  ///< what is learnt of a user beside the features; likewise of an item
  bool item_ids = true;
};

namespace detail {

/// The columns that are selected of a table, all if none are named.
[[nodiscard]] inline std::vector<feature_encoding> selected_columns(
    const feature_selection& selection) {
  if (!selection.columns.empty()) return selection.columns;
  std::vector<feature_encoding> all;
  for (std::string& name : selection.table.names()) all.push_back({.name = std::move(name)});
  return all;
}

/// `table.column(name)`, with the side in the message of its data_error.
[[nodiscard]] inline const feature_column& column_of(std::string_view side,
                                                     const feature_table& table,
                                                     std::string_view name) {
  try {
    return table.column(name);
  } catch (const data_error& error) {
    throw data_error(std::string(side) + ": " + error.what());
  }
}

/// Throws data_error if two of the list have one name.
template <class Named>
void require_distinct(std::string_view what, const std::vector<Named>& list) {
  for (std::size_t k = 0; k < list.size(); ++k)
    for (std::size_t other = 0; other < k; ++other)
      if (list[other].name == list[k].name)
        throw data_error(std::string(what) + " " + quoted(list[k].name) + " is selected twice");
}

inline void check_selection(std::string_view side, const feature_selection& selection) {
  require_distinct(std::string(side) + ": feature column", selection.columns);
  for (const feature_encoding& c : selection.columns) {
    const std::string of = " of " + std::string(side) + " column " + quoted(c.name);
    require_option(c.min_count >= 1, "min_count" + of, c.min_count, "[1, 2147483647]");
    require_option(c.buckets >= 0, "buckets" + of, c.buckets, "[0, 2147483647]");
    const feature_column& column = column_of(side, selection.table, c.name);
    if (c.buckets > 0 && std::holds_alternative<numeric_column>(column))
      throw option_error("buckets" + of, to_text(c.buckets), "{0}: it is numeric");
  }
}

}  // namespace detail

/// Throws option_error for the first option outside its range, data_error if a table lacks a
/// column, or if a column or a context is selected twice.
inline void check_options(const feature_set& features) {
  detail::check_selection("users", features.users);
  detail::check_selection("items", features.items);
  detail::require_distinct("context", features.context);
}

}  // namespace kindred
