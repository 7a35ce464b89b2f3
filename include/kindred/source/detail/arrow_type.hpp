#pragma once

#include <kindred/core/error.hpp>
#include <kindred/source/detail/number.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

namespace kindred::detail {

/// How the values of an array lie in its buffers. Numbers come before text, integers first.
enum class arrow_storage {
  int8,
  uint8,
  int16,
  uint16,
  int32,
  uint32,
  int64,
  uint64,
  boolean,
  half,
  float32,
  float64,
  decimal,
  text,        ///< with offsets of 32 bits
  large_text,  ///< of 64 bits
  text_view
};

/// The type of a column that ratings can be read from.
struct arrow_type {
  arrow_storage storage = arrow_storage::int8;
  bool is_time = false;               ///< a date or a timestamp
  std::int64_t ticks_per_second = 1;  ///< of a timestamp
  std::int64_t seconds_per_tick = 1;  ///< of a date in days
  std::size_t words = 0;              ///< of 32 bits, in a decimal
  int scale = 0;                      ///< of a decimal: its digits behind the point

  [[nodiscard]] bool is_integer() const noexcept {
    return storage <= arrow_storage::uint64 && !is_time;
  }
  [[nodiscard]] bool is_number() const noexcept {
    return storage <= arrow_storage::decimal && !is_time;
  }
  [[nodiscard]] bool is_text() const noexcept { return storage >= arrow_storage::text; }
};

/// Of what stands behind "d:", precision,scale[,bits].
[[nodiscard]] inline std::optional<arrow_type> parse_arrow_decimal(std::string_view text) {
  int numbers[] = {0, 0, 128};
  std::size_t count = 0;
  for (std::size_t comma = 0; comma != text.npos; ++count) {
    comma = text.find(',');
    if (count == std::size(numbers)) return std::nullopt;
    if (parse_whole(text.substr(0, comma), numbers[count]).ec != std::errc{}) return std::nullopt;
    if (comma != text.npos) text.remove_prefix(comma + 1);
  }
  const auto [precision, scale, bits] = numbers;
  const bool is_known = bits == 32 || bits == 64 || bits == 128 || bits == 256;
  if (count < 2 || precision < 1 || !is_known) return std::nullopt;
  return arrow_type{.storage = arrow_storage::decimal,
                    .words = static_cast<std::size_t>(bits) / 32,
                    .scale = scale};
}

/// What a format string of the C data interface says; nothing if it is of no use for ratings.
[[nodiscard]] inline std::optional<arrow_type> parse_arrow_type(std::string_view format) {
  using enum arrow_storage;
  static constexpr std::pair<std::string_view, arrow_type> types[] = {
      {"c", {int8}},
      {"C", {uint8}},
      {"s", {int16}},
      {"S", {uint16}},
      {"i", {int32}},
      {"I", {uint32}},
      {"l", {int64}},
      {"L", {uint64}},
      {"b", {boolean}},
      {"e", {half}},
      {"f", {float32}},
      {"g", {float64}},
      {"u", {text}},
      {"U", {large_text}},
      {"vu", {text_view}},
      {"tdD", {.storage = int32, .is_time = true, .seconds_per_tick = 86400}},
      {"tdm", {.storage = int64, .is_time = true, .ticks_per_second = 1000}},
      {"tss:", {.storage = int64, .is_time = true}},
      {"tsm:", {.storage = int64, .is_time = true, .ticks_per_second = 1000}},
      {"tsu:", {.storage = int64, .is_time = true, .ticks_per_second = 1'000'000}},
      {"tsn:", {.storage = int64, .is_time = true, .ticks_per_second = 1'000'000'000}}};
  if (format.starts_with("d:")) return parse_arrow_decimal(format.substr(2));
  // Behind the colon of a timestamp stands the zone that it is shown in: it is UTC all the same.
  const std::size_t colon = format.find(':');
  const std::string_view kind = colon == format.npos ? format : format.substr(0, colon + 1);
  for (const auto& [name, type] : types)
    if (name == kind) return type;
  return std::nullopt;
}

}  // namespace kindred::detail
