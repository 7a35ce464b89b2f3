#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/feature_columns.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace kindred {

using feature_column =
    std::variant<numeric_column, categorical_column, multi_hot_column, text_column>;

/// What is known of users, or of items, beside their ratings: named columns of several kinds. Row r
/// belongs to the r-th id of an id_map. Copies share the columns.
///
///     const auto& title = items.text("title");
///     title[*ratings.items().find("50")];  // "Star Wars (1977)"
class feature_table {
 public:
  explicit feature_table(index rows = 0) : rows_(rows) {}

  [[nodiscard]] index rows() const noexcept { return rows_; }
  /// Names of the columns, in the order in which they were added.
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (const auto& [name, column] : columns_) result.push_back(name);
    return result;
  }
  [[nodiscard]] bool contains(std::string_view name) const noexcept {
    return find(name) != nullptr;
  }

  /// Throws data_error if there is a column of that name, or if this one has not rows() rows.
  void add(std::string name, feature_column column) {
    const std::size_t rows = std::visit([](const auto& c) { return c.rows(); }, column);
    if (rows != static_cast<std::size_t>(rows_))
      throw data_error("feature column " + detail::quoted(name) + " has " + detail::to_text(rows) +
                       " rows, the table " + detail::to_text(rows_));
    if (contains(name))
      throw data_error("there is a feature column " + detail::quoted(name) + " already");
    columns_.emplace_back(std::move(name), std::move(column));
  }

  // A column by its name. Each throws data_error if there is none, naming those that there are, or
  // if it is of another kind.
  [[nodiscard]] const feature_column& column(std::string_view name) const {
    if (const feature_column* found = find(name)) return *found;
    std::string known;
    for (const auto& [other, column] : columns_) known += (known.empty() ? "" : ", ") + other;
    throw data_error("no feature column " + detail::quoted(name) +
                     "; there are: " + (known.empty() ? "none" : known));
  }
  [[nodiscard]] const numeric_column& numeric(std::string_view name) const {
    return get<numeric_column>(name);
  }
  [[nodiscard]] const categorical_column& categorical(std::string_view name) const {
    return get<categorical_column>(name);
  }
  [[nodiscard]] const multi_hot_column& multi_hot(std::string_view name) const {
    return get<multi_hot_column>(name);
  }
  [[nodiscard]] const text_column& text(std::string_view name) const {
    return get<text_column>(name);
  }

 private:
  [[nodiscard]] const feature_column* find(std::string_view name) const noexcept {
    for (const auto& [other, column] : columns_)
      if (other == name) return &column;
    return nullptr;
  }

  template <class Column>
  [[nodiscard]] const Column& get(std::string_view name) const {
    const feature_column& found = column(name);
    if (const auto* typed = std::get_if<Column>(&found)) return *typed;
    const std::string_view kind = std::visit([](const auto& c) { return c.kind; }, found);
    throw data_error("feature column " + detail::quoted(name) + " is " + std::string(kind) +
                     ", not " + std::string(Column::kind));
  }

  index rows_;
  std::vector<std::pair<std::string, feature_column>> columns_;
};

}  // namespace kindred
