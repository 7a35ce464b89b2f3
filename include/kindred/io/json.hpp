#pragma once

#include <kindred/core/error.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

// The JSON of a safetensors header and no more, written here because nlohmann/json alone costs more
// compile time than all of kindred.

namespace kindred::detail {

[[nodiscard]] inline bool is_valid_utf8(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  for (std::size_t i = 0; i < text.size();) {
    const unsigned lead = byte(i);
    const std::size_t length = lead < 0x80 ? 1U : lead < 0xe0 ? 2U : lead < 0xf0 ? 3U : 4U;
    if (lead >= 0x80 && (lead < 0xc2 || lead > 0xf4)) return false;
    // The second byte also bars overlong forms, surrogates and what lies beyond U+10FFFF.
    const unsigned least = lead == 0xe0 ? 0xa0U : lead == 0xf0 ? 0x90U : 0x80U;
    const unsigned most = lead == 0xed ? 0x9fU : lead == 0xf4 ? 0x8fU : 0xbfU;
    if (length > 1 && (byte(i + 1) < least || byte(i + 1) > most)) return false;
    for (std::size_t k = 2; k < length; ++k)
      if ((byte(i + k) & 0xc0U) != 0x80U) return false;
    i += length;
  }
  return true;
}

/// Appends `text`, which is valid UTF-8, as a JSON string.
inline void append_json_string(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (code < 0x20) {
      out += "\\u00";
      out += digits[code >> 4U];
      out += digits[code & 15U];
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  out += '"';
}

/// Walks JSON text, strictly, as the caller's grammar asks for one kind of value after another; so
/// nesting is as deep as that grammar, whatever the text. Anything else is a format_error whose
/// column is the byte of the file, counted from 1.
class json_cursor {
 public:
  /// `text` starts at byte `offset` (from 0) of `file`.
  json_cursor(const std::string& file, std::string_view text, std::size_t offset) noexcept
      : file_(file), text_(text), offset_(offset) {}

  /// Calls `member(key)` for each member of an object; it reads the value.
  template <class Member>
  void object(const Member& member) {
    list('{', '}', [&] {
      std::string key = string();
      expect(':');
      member(std::move(key));
    });
  }

  /// Calls `element()` for each element of an array; it reads the value.
  template <class Element>
  void array(const Element& element) {
    list('[', ']', element);
  }

  [[nodiscard]] std::string string() {
    expect('"');
    std::string text;
    for (char c = next(); c != '"'; c = next()) {
      if (static_cast<unsigned char>(c) < 0x20) fail("control character in a string");
      if (c == '\\')
        append_escape(text);
      else
        text += c;
    }
    if (!is_valid_utf8(text)) fail("string is not UTF-8", text);
    return text;
  }

  /// A non-negative integer: no sign, no fraction, no exponent, no leading zeros.
  [[nodiscard]] std::size_t number() {
    skip_space();
    const std::size_t first = at_;
    std::size_t value = 0;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
      const auto digit = static_cast<std::size_t>(text_[at_] - '0');
      if (value > (std::numeric_limits<std::size_t>::max() - digit) / 10)
        fail("number is too large");
      value = 10 * value + digit;
    }
    if (at_ == first) fail("expected a non-negative integer");
    if (text_[first] == '0' && at_ > first + 1) fail("number with a leading zero");
    return value;
  }

  /// Nothing but space may be left.
  void end() {
    skip_space();
    if (at_ < text_.size()) fail("expected nothing more");
  }

  /// Byte of the file, from 0, where the next value starts.
  [[nodiscard]] std::size_t offset() noexcept {
    skip_space();
    return offset_ + at_;
  }

  /// Bytes of the whole text.
  [[nodiscard]] std::size_t size() const noexcept { return text_.size(); }

  [[noreturn]] void fail(std::string_view what, std::string value = {}) const {
    throw format_error(file_, 0, offset_ + at_ + 1, std::move(value), what);
  }

 private:
  void skip_space() noexcept {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t'))
      ++at_;
  }

  [[nodiscard]] bool accept(char c) noexcept {
    skip_space();
    const bool found = at_ < text_.size() && text_[at_] == c;
    at_ += found ? 1 : 0;
    return found;
  }

  void expect(char c) {
    if (!accept(c)) fail(std::string("expected ") + c);
  }

  [[nodiscard]] char next() {
    if (at_ == text_.size()) fail("string without an end");
    return text_[at_++];
  }

  template <class Part>
  void list(char open, char close, const Part& part) {
    expect(open);
    if (accept(close)) return;
    do part();
    while (accept(','));
    expect(close);
  }

  void append_escape(std::string& text) {
    constexpr std::string_view names = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    const char c = next();
    if (c == 'u') return append_utf8(text, code_point());
    const std::size_t which = names.find(c);
    if (which == std::string_view::npos) fail("unknown escape in a string");
    text += meanings[which];
  }

  [[nodiscard]] std::uint32_t code_point() {
    const std::uint32_t unit = hex4();
    if (unit < 0xd800 || unit > 0xdfff) return unit;
    if (unit > 0xdbff || next() != '\\' || next() != 'u') fail("half of a surrogate pair");
    const std::uint32_t low = hex4();
    if (low < 0xdc00 || low > 0xdfff) fail("half of a surrogate pair");
    return 0x10000 + ((unit - 0xd800) << 10U) + (low - 0xdc00);
  }

  [[nodiscard]] std::uint32_t hex4() {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i) {
      const char c = next();
      if (c >= '0' && c <= '9')
        value = 16 * value + static_cast<std::uint32_t>(c - '0');
      else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
        value = 16 * value + static_cast<std::uint32_t>((c | 0x20) - 'a' + 10);
      else
        fail("expected a hexadecimal digit");
    }
    return value;
  }

  static void append_utf8(std::string& text, std::uint32_t code) {
    const auto trail = [&](unsigned shift) {
      text += static_cast<char>(0x80U | ((code >> shift) & 0x3fU));
    };
    if (code < 0x80) {
      text += static_cast<char>(code);
    } else if (code < 0x800) {
      text += static_cast<char>(0xc0U | (code >> 6U));
      trail(0);
    } else if (code < 0x10000) {
      text += static_cast<char>(0xe0U | (code >> 12U));
      trail(6);
      trail(0);
    } else {
      text += static_cast<char>(0xf0U | (code >> 18U));
      trail(12);
      trail(6);
      trail(0);
    }
  }

  const std::string& file_;
  std::string_view text_;
  std::size_t offset_;
  std::size_t at_ = 0;
};

}  // namespace kindred::detail
