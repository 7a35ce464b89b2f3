#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/feature_columns.hpp>
#include <kindred/data/feature_table.hpp>
#include <kindred/data/id_map.hpp>
#include <kindred/source/detail/number.hpp>
#include <kindred/source/detail/split_text.hpp>
#include <kindred/source/detail/sql_cells.hpp>
#include <kindred/source/sql_connection.hpp>
#include <kindred/source/sql_feature_options.hpp>
#include <kindred/source/time.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

namespace kindred::detail {

/// The year of a date in text, or a number in whatever type, and why there is none, or nullptr.
[[nodiscard]] inline const char* read_year(const sql_value& cell, float& year) noexcept {
  const auto* const text = std::get_if<std::string_view>(&cell);
  double number = 0;
  if (text == nullptr || parse_whole(*text, number).ec == std::errc{})
    return read_float(cell, year);
  const auto seconds = kindred::parse_time(*text);
  if (!seconds) return "is neither a date nor a number";
  const std::chrono::sys_seconds time{std::chrono::seconds(*seconds)};
  const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(time));
  year = static_cast<float>(static_cast<int>(day.year()));
  return nullptr;
}

/// Gathers what rows say of ids, in the order of an id_map.
class sql_feature_reader {
 public:
  /// `from` and `ids` must outlive it; `name` stands for the table in messages.
  sql_feature_reader(const sql_feature_options& from, const id_map& ids, std::string name)
      : from_(from),
        ids_(ids),
        name_(std::move(name)),
        has_row_(static_cast<std::size_t>(ids.size())),
        numbers_(from.numeric.size(), no_numbers()),
        years_(from.year.size(), no_numbers()),
        categories_(from.categorical.size(), std::vector<std::string>(has_row_.size())),
        sets_(from.multi_hot.size(), std::vector<std::vector<std::string>>(has_row_.size())),
        texts_(from.text.size(), std::vector<std::string>(has_row_.size())) {}

  /// Names of the columns of a row, in their order.
  [[nodiscard]] std::vector<std::string> columns() const {
    std::vector<std::string> names{from_.id};
    for (const auto* const kind :
         {&from_.numeric, &from_.year, &from_.categorical, &from_.multi_hot, &from_.text})
      names.insert(names.end(), kind->begin(), kind->end());
    return names;
  }

  /// Throws format_error for a cell that does not fit, data_error for an id that had a row.
  void read(std::span<const sql_value> row) {
    row_ = row;
    ++number_;
    const std::optional<index> found = find_id();
    if (!found) return;
    const auto at = static_cast<std::size_t>(*found);
    if (has_row_[at])
      throw data_error(name_ + ": " + quoted(ids_.id(*found)) + " occurs twice in the column " +
                       quoted(from_.id));
    has_row_[at] = true;
    std::size_t place = 0;
    for (auto& column : numbers_) column[at] = read_number(++place, read_float);
    for (auto& column : years_) column[at] = read_number(++place, read_year);
    for (auto& column : categories_) column[at] = read_text(++place);
    for (auto& column : sets_) column[at] = split_text(read_text(++place), from_.separator);
    for (auto& column : texts_) column[at] = read_text(++place);
  }

  [[nodiscard]] feature_table finish() {
    feature_table table(ids_.size());
    add<numeric_column>(table, from_.numeric, numbers_);
    add<numeric_column>(table, from_.year, years_);
    add<categorical_column>(table, from_.categorical, categories_);
    add<multi_hot_column>(table, from_.multi_hot, sets_);
    add<text_column>(table, from_.text, texts_);
    return table;
  }

 private:
  template <class Column, class Values>
  static void add(feature_table& table, const std::vector<std::string>& names,
                  std::vector<Values>& columns) {
    for (std::size_t c = 0; c < names.size(); ++c)
      table.add(names[c], Column(std::move(columns[c])));
  }

  [[nodiscard]] aligned_vector<float> no_numbers() const {
    return aligned_vector<float>(has_row_.size(), std::numeric_limits<float>::quiet_NaN());
  }

  [[noreturn]] void fail(std::size_t place, std::string_view trouble) const {
    throw format_error(name_, number_, place + 1, cell_text(row_[place]),
                       quoted(columns()[place]) + ' ' + std::string(trouble));
  }
  [[nodiscard]] bool is_null(std::size_t place) const noexcept {
    return std::holds_alternative<std::monostate>(row_[place]);
  }

  [[nodiscard]] std::optional<index> find_id() const {
    if (is_null(0)) return std::nullopt;
    sql_id id;
    if (const char* const trouble = read_id(row_[0], id); trouble != nullptr) fail(0, trouble);
    return id.is_integer ? ids_.find(id.integer) : ids_.find(id.text);
  }

  template <class Convert>
  [[nodiscard]] float read_number(std::size_t place, const Convert& convert) const {
    float value = std::numeric_limits<float>::quiet_NaN();
    if (is_null(place)) return value;
    const char* const trouble = convert(row_[place], value);
    if (trouble != nullptr) fail(place, trouble);
    return value;
  }

  [[nodiscard]] std::string read_text(std::size_t place) const {
    if (std::holds_alternative<sql_bytes>(row_[place])) fail(place, "is bytes, not text");
    return cell_text(row_[place]);
  }

  const sql_feature_options& from_;
  const id_map& ids_;
  std::string name_;
  std::vector<bool> has_row_;  ///< of each id
  std::vector<aligned_vector<float>> numbers_;
  std::vector<aligned_vector<float>> years_;
  std::vector<std::vector<std::string>> categories_;
  std::vector<std::vector<std::vector<std::string>>> sets_;
  std::vector<std::vector<std::string>> texts_;
  std::span<const sql_value> row_{};
  std::uint64_t number_ = 0;  ///< of the row, from 1
};

}  // namespace kindred::detail
