#pragma once

#include <kindred/source/detail/number.hpp>

#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

namespace kindred {

namespace detail {

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar (H. Hinnant, "chrono-
/// Compatible Low-Level Date Algorithms": days_from_civil).
[[nodiscard]] constexpr std::int64_t days_from_civil(std::int64_t year, std::int64_t month,
                                                     std::int64_t day) noexcept {
  year -= month <= 2;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const std::int64_t day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

[[nodiscard]] constexpr std::int64_t days_of_month(std::int64_t year, std::int64_t month) noexcept {
  constexpr std::int64_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && is_leap ? 29 : days[month - 1];
}

/// Takes a calendar time apart from the front.
class calendar_parser {
 public:
  explicit calendar_parser(std::string_view text) noexcept : rest_(text) {}

  [[nodiscard]] std::optional<std::int64_t> parse() noexcept {
    std::int64_t year = 0;
    std::int64_t month = 0;
    std::int64_t day = 0;
    const bool has_date = number(4, 0, 9999, year) && take("-") && number(2, 1, 12, month) &&
                          take("-") && number(2, 1, days_of_month(year, month), day);
    if (!has_date) return std::nullopt;
    std::int64_t seconds = days_from_civil(year, month, day) * 86400;
    if (rest_.empty()) return seconds;
    if (!take("T") && !take(" ")) return std::nullopt;
    if (!clock(seconds) || !zone(seconds) || !rest_.empty()) return std::nullopt;
    return seconds;
  }

 private:
  bool take(std::string_view what) noexcept {
    if (!rest_.starts_with(what)) return false;
    rest_.remove_prefix(what.size());
    return true;
  }

  /// Exactly `digits` digits that spell low .. high.
  bool number(std::size_t digits, std::int64_t low, std::int64_t high,
              std::int64_t& value) noexcept {
    if (rest_.size() < digits) return false;
    if (!parse_digits(rest_.substr(0, digits), rest_.data() + rest_.size(), value)) return false;
    if (value < low || value > high) return false;
    rest_.remove_prefix(digits);
    return true;
  }

  /// hh:mm[:ss[.fraction]]; second 60 is a leap second, and the fraction is dropped.
  bool clock(std::int64_t& seconds) noexcept {
    std::int64_t hour = 0;
    std::int64_t minute = 0;
    std::int64_t second = 0;
    if (!number(2, 0, 23, hour) || !take(":") || !number(2, 0, 59, minute)) return false;
    if (take(":") && !number(2, 0, 60, second)) return false;
    if (take(".")) {
      const std::size_t digits = rest_.find_first_not_of("0123456789");
      if (digits == 0 || rest_.empty()) return false;
      rest_.remove_prefix(digits == std::string_view::npos ? rest_.size() : digits);
    }
    seconds += hour * 3600 + minute * 60 + second;
    return true;
  }

  /// Nothing, Z, UTC, or an offset +hh, +hhmm or +hh:mm of either sign.
  bool zone(std::int64_t& seconds) noexcept {
    take(" ");
    if (rest_.empty()) return true;
    if (take("Z") || take("UTC")) return true;
    const std::int64_t sign = take("+") ? -1 : take("-") ? 1 : 0;
    std::int64_t hours = 0;
    std::int64_t minutes = 0;
    if (sign == 0 || !number(2, 0, 23, hours)) return false;
    if (take(":") || !rest_.empty())
      if (!number(2, 0, 59, minutes)) return false;
    seconds += sign * (hours * 3600 + minutes * 60);
    return true;
  }

  std::string_view rest_;
};

/// Whole seconds of ticks since some beginning; the fraction is dropped downwards.
[[nodiscard]] constexpr std::int64_t whole_seconds(std::int64_t ticks,
                                                   std::int64_t ticks_per_second) noexcept {
  return ticks / ticks_per_second - (ticks % ticks_per_second < 0 ? 1 : 0);
}

/// The same; false if there is no such number of 64 bits.
[[nodiscard]] inline bool whole_seconds(double ticks, std::int64_t ticks_per_second,
                                        std::int64_t& seconds) noexcept {
  const double floor = std::floor(ticks / static_cast<double>(ticks_per_second));
  if (!(std::abs(floor) < 0x1p63)) return false;
  seconds = static_cast<std::int64_t>(floor);
  return true;
}

/// kindred::parse_time(); memory can be read up to `readable`.
[[nodiscard]] inline bool parse_time(std::string_view text, std::int64_t ticks_per_second,
                                     const char* readable, std::int64_t& seconds) noexcept {
  if (parse_digits(text, readable, seconds)) {
    if (ticks_per_second != 1) seconds /= ticks_per_second;
    return true;
  }
  if (parse_whole(text, seconds).ec == std::errc{}) {
    seconds = whole_seconds(seconds, ticks_per_second);
    return true;
  }
  double ticks = 0;
  if (parse_whole(text, ticks).ec == std::errc{})
    return whole_seconds(ticks, ticks_per_second, seconds);
  const auto calendar = calendar_parser(text).parse();
  seconds = calendar.value_or(0);
  return calendar.has_value();
}

}  // namespace detail

/// Unix seconds of a time that is written
/// - as a number of `ticks_per_second` a second since 1970 began in UTC (1 for seconds, 1000 for
///   milliseconds); a fraction of a second is dropped downwards;
/// - as `YYYY-MM-DD`, midnight UTC;
/// - as `YYYY-MM-DD hh:mm[:ss[.fraction]]`, with `T` or a space between and an optional zone `Z`,
///   `UTC`, `+hh`, `+hhmm` or `+hh:mm` behind (ISO 8601); UTC without one.
/// Nothing for anything else, dates that no calendar has included.
/// Precondition: ticks_per_second > 0.
[[nodiscard]] inline std::optional<std::int64_t> parse_time(
    std::string_view text, std::int64_t ticks_per_second = 1) noexcept {
  std::int64_t seconds = 0;
  const char* const end = text.data() + text.size();
  if (!detail::parse_time(text, ticks_per_second, end, seconds)) return std::nullopt;
  return seconds;
}

}  // namespace kindred
