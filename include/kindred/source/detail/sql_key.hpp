#pragma once

#include <kindred/core/error.hpp>
#include <kindred/source/detail/sql_cells.hpp>
#include <kindred/source/sql_connection.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace kindred::detail {

/// How far reading in the order of a key has come: its last value, an integer or text, or none yet.
class sql_key {
 public:
  [[nodiscard]] bool is_set() const noexcept { return kind_ != kind::none; }

  /// For a statement; valid until the key goes on.
  [[nodiscard]] sql_value value() const noexcept {
    if (kind_ == kind::integer) return integer_;
    if (kind_ == kind::text) return std::string_view(text_);
    return std::monostate{};
  }

  /// Goes on to the next row's. Throws data_error, in the words of `name` and `column`, if it is no
  /// key or not another one.
  void advance(const sql_value& cell, std::string_view name, std::string_view column) {
    const auto fail = [&](std::string_view trouble) {
      throw data_error(std::string(name) + ": the key " + quoted(column) + ' ' +
                       std::string(trouble));
    };
    if (const auto* const integer = std::get_if<std::int64_t>(&cell)) {
      if (kind_ == kind::integer && *integer <= integer_)
        fail("is not unique: " + to_text(*integer) + " comes behind " + to_text(integer_));
      kind_ = kind::integer;
      integer_ = *integer;
    } else if (const auto* const text = std::get_if<std::string_view>(&cell)) {
      if (kind_ == kind::text && *text == text_)
        fail("is not unique: " + quoted(*text) + " occurs twice");
      kind_ = kind::text;
      text_ = *text;
    } else {
      fail(std::holds_alternative<std::monostate>(cell) ? "is NULL in a row"
                                                        : "is neither an integer nor text");
    }
  }

 private:
  enum class kind { none, integer, text };

  kind kind_ = kind::none;
  std::int64_t integer_ = 0;
  std::string text_;
};

}  // namespace kindred::detail
