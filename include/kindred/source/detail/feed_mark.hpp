#pragma once

#include <kindred/core/error.hpp>
#include <kindred/source/detail/number.hpp>
#include <kindred/source/sql_connection.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>
#include <variant>

namespace kindred::detail {

/// Appends `text` with everything but letters, digits and some signs as `%XX`.
inline void append_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    const bool is_plain = (c >= '-' && c <= ':' && c != '/') || (c >= 'A' && c <= 'Z') ||
                          (c >= 'a' && c <= 'z') || c == '_';
    if (is_plain)
      out += c;
    else
      out.append({'%', digits[code >> 4U], digits[code & 15U]});
  }
}

/// False if it is not escaped like that.
[[nodiscard]] inline bool append_unescaped(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const std::size_t high = i + 1 < text.size() ? digits.find(text[i + 1]) : text.npos;
    const std::size_t low = i + 2 < text.size() ? digits.find(text[i + 2]) : text.npos;
    if (high == text.npos || low == text.npos) return false;
    out += static_cast<char>(high << 4U | low);
    i += 2;
  }
  return true;
}

/// A cell that outlives its row: NULL, a number or text.
class kept_cell {
 public:
  [[nodiscard]] bool is_null() const noexcept {
    return std::holds_alternative<std::monostate>(value_);
  }
  /// Valid until another one is kept.
  [[nodiscard]] sql_value value() const noexcept {
    return std::holds_alternative<std::string_view>(value_) ? std::string_view(text_) : value_;
  }

  /// False for bytes.
  bool keep(const sql_value& cell) {
    if (std::holds_alternative<sql_bytes>(cell)) return false;
    value_ = cell;
    if (const auto* const text = std::get_if<std::string_view>(&cell)) text_ = *text;
    return true;
  }

  /// A letter for the type, and the number or text; nothing for NULL.
  void append_to(std::string& out) const {
    if (const auto* const integer = std::get_if<std::int64_t>(&value_))
      out.append("i").append(to_text(*integer));
    else if (const auto* const number = std::get_if<double>(&value_))
      out.append("r").append(to_text(*number));
    else if (!is_null())
      append_escaped(out += 't', text_);
  }

  /// What append_to() has written; false if it never writes that.
  [[nodiscard]] bool read(std::string_view spelled) {
    std::int64_t integer = 0;
    double number = 0;
    std::string text;
    const std::string_view rest = spelled.substr(std::min<std::size_t>(spelled.size(), 1));
    if (spelled.starts_with('i') && parse_whole(rest, integer).ec == std::errc{})
      return keep(integer);
    if (spelled.starts_with('r') && parse_whole(rest, number).ec == std::errc{})
      return keep(number);
    return spelled.starts_with('t') && append_unescaped(text, rest) && keep(std::string_view(text));
  }

 private:
  sql_value value_;  ///< of a text, only its kind
  std::string text_;
};

/// A place in the order of a feed: a row's, before all of a time's, or before all.
struct feed_mark {
  kept_cell created;
  kept_cell key;
  std::int64_t time = std::numeric_limits<std::int64_t>::min();  ///< `created` in Unix seconds

  [[nodiscard]] bool is_set() const noexcept { return !created.is_null(); }

  [[nodiscard]] std::string text() const {
    std::string spelled;
    created.append_to(spelled);
    key.append_to(spelled += ',');
    return spelled;
  }

  /// Both cells of what text() has written; false if it never writes that.
  [[nodiscard]] bool read(std::string_view spelled) {
    const std::size_t comma = spelled.find(',');
    return comma != spelled.npos && created.read(spelled.substr(0, comma)) &&
           key.read(spelled.substr(comma + 1));
  }
};

}  // namespace kindred::detail
