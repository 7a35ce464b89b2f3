#pragma once

#include <kindred/core/error.hpp>
#include <kindred/source/detail/number.hpp>
#include <kindred/source/detail/rating_field.hpp>
#include <kindred/source/sql_connection.hpp>
#include <kindred/source/time.hpp>

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

namespace kindred::detail {

// What a cell of a row means. Each function answers by reference and returns why there is no
// answer, to be read behind the name of a column, or nullptr.

/// An id as a batch takes it: text that spells an integer is that integer.
struct sql_id {
  bool is_integer = false;
  std::int64_t integer = 0;
  std::string_view text{};  ///< valid as long as the row; empty for an integer
};

/// A whole number in whatever type, or text.
[[nodiscard]] inline const char* read_id(const sql_value& cell, sql_id& id) noexcept {
  id = {.is_integer = true};
  if (const auto* const integer = std::get_if<std::int64_t>(&cell)) {
    id.integer = *integer;
    return nullptr;
  }
  if (const auto* const text = std::get_if<std::string_view>(&cell)) {
    if (text->empty()) return "is empty";
    id.is_integer = parse_integer_id(*text, text->data() + text->size(), id.integer);
    if (!id.is_integer) id.text = *text;
    return nullptr;
  }
  if (const auto* const number = std::get_if<double>(&cell)) {
    if (!(std::abs(*number) < 0x1p63 && *number == std::floor(*number)))
      return "is not a whole number";
    id.integer = static_cast<std::int64_t>(*number);
    return nullptr;
  }
  return std::holds_alternative<sql_bytes>(cell) ? "is bytes, not text" : "is NULL";
}

/// A finite number in whatever type, DECIMAL and other text included.
[[nodiscard]] inline const char* read_float(const sql_value& cell, float& value) noexcept {
  if (const auto* const number = std::get_if<double>(&cell)) return narrow(*number, value);
  if (const auto* const integer = std::get_if<std::int64_t>(&cell)) {
    value = static_cast<float>(*integer);
    return nullptr;
  }
  if (const auto* const text = std::get_if<std::string_view>(&cell))
    return parse_float(*text, value);
  return std::holds_alternative<sql_bytes>(cell) ? "is bytes, not a number" : "is NULL";
}

/// Unix seconds of a number of `ticks_per_second` a second, or of text as parse_time() reads it.
[[nodiscard]] inline const char* read_time(const sql_value& cell, std::int64_t ticks_per_second,
                                           std::int64_t& seconds) noexcept {
  if (const auto* const ticks = std::get_if<std::int64_t>(&cell)) {
    seconds = whole_seconds(*ticks, ticks_per_second);
    return nullptr;
  }
  if (const auto* const text = std::get_if<std::string_view>(&cell)) {
    const char* const end = text->data() + text->size();
    return parse_time(*text, ticks_per_second, end, seconds) ? nullptr
                                                             : "is neither a number nor a date";
  }
  if (const auto* const ticks = std::get_if<double>(&cell))
    return whole_seconds(*ticks, ticks_per_second, seconds) ? nullptr : "is out of range";
  return std::holds_alternative<sql_bytes>(cell) ? "is bytes, not a time" : "is NULL";
}

/// A cell as messages show it; empty for NULL.
[[nodiscard]] inline std::string cell_text(const sql_value& cell) {
  return std::visit(
      [](const auto& value) -> std::string {
        using value_type = std::remove_cvref_t<decltype(value)>;
        if constexpr (std::is_same_v<value_type, std::monostate>)
          return {};
        else if constexpr (std::is_same_v<value_type, sql_bytes>)
          return to_text(value.content.size()) + " bytes";
        else if constexpr (std::is_same_v<value_type, std::string_view>)
          return std::string(value);
        else
          return to_text(value);
      },
      cell);
}

}  // namespace kindred::detail
