#pragma once

#include <kindred/core/error.hpp>
#include <kindred/source/arrow_abi.hpp>
#include <kindred/source/detail/arrow_array.hpp>
#include <kindred/source/detail/arrow_type.hpp>
#include <kindred/source/detail/arrow_values.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kindred::detail {

/// A column as the schema has it.
struct arrow_field {
  arrow_place place;
  arrow_type type;                 ///< of the values
  std::optional<arrow_type> keys;  ///< of what numbers them, if they are in a dictionary
};

/// A column of a record batch.
class arrow_column {
 public:
  /// Throws format_error unless the array is what the field, which outlives the column, says, and
  /// has rows up to `end`.
  arrow_column(const arrow_field& field, const ArrowArray* array, std::int64_t end)
      : field_(&field), values_(values_of(field, array)) {
    if (field.keys) keys_.emplace(*field.keys, *array, field.place);
    if (const std::int64_t size = keys_ ? keys_->size() : values_.size(); size < end)
      field.place.fail("has " + to_text(size) + " rows, not " + to_text(end));
  }

  [[nodiscard]] const arrow_place& place() const noexcept { return field_->place; }
  [[nodiscard]] const arrow_values& values() const noexcept { return values_; }

  /// Which of the values a row has; < 0 if it is NULL. Throws format_error if there is no such.
  [[nodiscard]] std::int64_t find(std::int64_t row) const {
    if (!keys_) return values_.is_valid(row) ? row : -1;
    if (!keys_->is_valid(row)) return -1;
    std::int64_t key = 0;
    visit_numbers(*keys_, [&](const auto& load) { key = static_cast<std::int64_t>(load(row)); });
    if (key < 0 || key >= values_.size())
      field_->place.fail("has key " + to_text(key) + " of a dictionary of " +
                         to_text(values_.size()) + " values");
    return values_.is_valid(key) ? key : -1;
  }

  /// A value as messages show it.
  [[nodiscard]] std::string text_of(std::int64_t at) const {
    if (values_.type().is_text()) return std::string(values_.text(at));
    std::string text;
    visit_numbers(values_, [&](const auto& load) { text = to_text(load(at)); });
    return text;
  }

 private:
  static arrow_values values_of(const arrow_field& field, const ArrowArray* array) {
    if (array == nullptr) field.place.fail("is missing");
    if (field.keys.has_value() != (array->dictionary != nullptr))
      field.place.fail(field.keys ? "has no dictionary"
                                  : "has a dictionary, and its type has none");
    return {field.type, field.keys ? *array->dictionary : *array, field.place};
  }

  const arrow_field* field_;
  arrow_values values_;
  std::optional<arrow_values> keys_;
};

}  // namespace kindred::detail
