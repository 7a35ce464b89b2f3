#pragma once

#include <kindred/data/id_map.hpp>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <system_error>

namespace kindred::detail {

// Eight characters at a time in one register. The low byte of a word is the first character.

inline constexpr std::uint64_t every_byte = 0x0101010101010101U;

[[nodiscard]] inline std::uint64_t load_word(const char* text) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, text, sizeof word);
  if constexpr (std::endian::native == std::endian::little) return word;
  std::uint64_t turned = 0;
  for (int i = 0; i < 8; ++i) turned |= (word >> (56 - 8 * i) & 0xFF) << (8 * i);
  return turned;
}

/// Has the top bit of every byte that is zero in `word`, and none below the first of them.
[[nodiscard]] constexpr std::uint64_t zero_bytes(std::uint64_t word) noexcept {
  return (word - every_byte) & ~word & (every_byte << 7);
}

/// The first of `count` < 8 characters at `text`, behind leading "0"s. Reads a whole word where
/// that stays before `readable`.
[[nodiscard]] inline std::uint64_t load_digits(const char* text, std::size_t count,
                                               const char* readable) noexcept {
  if (count == 8) return load_word(text);
  std::uint64_t word = 0;
  if (readable - text >= 8) {
    word = load_word(text);
  } else {
    for (std::size_t i = 0; i < count; ++i)
      word |= std::uint64_t{static_cast<unsigned char>(text[i])} << (8 * i);
  }
  return word << (64 - 8 * count) | (every_byte * '0') >> (8 * count);
}

/// Whether each character of a word is one of 0 .. 9.
[[nodiscard]] constexpr bool all_digits(std::uint64_t word) noexcept {
  constexpr std::uint64_t high = every_byte * 0xF0;
  return ((word & high) | ((word + every_byte * 6) & high) >> 4) == every_byte * 0x33;
}

/// The number that eight digits spell: neighbours are joined to pairs, pairs to fours, fours to all
/// (D. Lemire, "Quickly parsing eight digits", 2018).
[[nodiscard]] constexpr std::uint64_t digits_value(std::uint64_t word) noexcept {
  word = (word & every_byte * 0x0F) * (1 + (10U << 8)) >> 8;
  word = (word & 0x00FF00FF00FF00FFU) * (1 + (100U << 16)) >> 16;
  return (word & 0x0000FFFF0000FFFFU) * (1 + (std::uint64_t{10000} << 32)) >> 32;
}

// What follows answers by reference: an optional that crosses a call goes through memory, as a byte
// beside a word, which costs more than the parsing.

/// The number that 1 to 16 digits spell, and nothing else.
[[nodiscard]] inline bool parse_digits(std::string_view text, const char* readable,
                                       std::int64_t& value) noexcept {
  const std::size_t count = text.size();
  if (count == 0 || count > 16) return false;
  const std::size_t upper_count = count > 8 ? count - 8 : 0;
  const std::uint64_t lower = load_digits(text.data() + upper_count, count - upper_count, readable);
  std::uint64_t upper = every_byte * '0';
  if (upper_count > 0) upper = load_digits(text.data(), upper_count, readable);
  if (!all_digits(lower) || !all_digits(upper)) return false;
  value = static_cast<std::int64_t>(digits_value(upper) * 100'000'000 + digits_value(lower));
  return true;
}

/// canonical_integer(), quick for the ids that there are.
[[nodiscard]] inline bool parse_integer_id(std::string_view text, const char* readable,
                                           std::int64_t& value) noexcept {
  const bool may_be_digits = text.size() == 1 || (!text.empty() && text[0] != '0');
  if (may_be_digits && parse_digits(text, readable, value)) return true;
  const auto slow = canonical_integer(text);
  value = slow.value_or(0);
  return slow.has_value();
}

/// All of `text` as a number, as std::from_chars reads it in any locale, with "+" allowed.
template <class Number>
[[nodiscard]] std::from_chars_result parse_whole(std::string_view text, Number& value) noexcept {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  const char* const end = text.data() + text.size();
  auto result = std::from_chars(text.data(), end, value);
  if (result.ptr != end) result.ec = std::errc::invalid_argument;
  return result;
}

/// Reads a decimal number and returns why it cannot be had, or nullptr.
[[nodiscard]] inline const char* parse_float(std::string_view text, float& value) noexcept {
  // Up to seven digits: both parts are exact in float, so that their quotient is the nearest one.
  constexpr float power_of_ten[] = {1e0F, 1e1F, 1e2F, 1e3F, 1e4F, 1e5F, 1e6F, 1e7F};
  std::int32_t number = 0;
  int digits = 0;
  int decimals = -1;  // no point yet
  bool is_plain = text.size() <= 8;
  for (std::size_t i = 0; is_plain && i < text.size(); ++i) {
    if (const char c = text[i]; c >= '0' && c <= '9') {
      number = number * 10 + (c - '0');
      ++digits;
      if (decimals >= 0) ++decimals;
    } else {
      is_plain = c == '.' && decimals < 0;
      decimals = 0;
    }
  }
  if (is_plain && digits >= 1 && digits <= 7) {
    value = static_cast<float>(number) / power_of_ten[decimals < 0 ? 0 : decimals];
    return nullptr;
  }
  const auto result = parse_whole(text, value);
  if (result.ec == std::errc::result_out_of_range) return "is out of the range of a float";
  if (result.ec != std::errc{}) return "is not a number";
  return std::isfinite(value) ? nullptr : "is not finite";
}

}  // namespace kindred::detail
