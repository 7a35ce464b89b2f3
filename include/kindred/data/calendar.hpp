#pragma once

#include <kindred/core/error.hpp>
#include <kindred/data/context.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace kindred {

/// Whose clock and calendar: those of a place at a fixed offset to UTC, without summer time.
struct calendar_options {
  std::chrono::seconds utc_offset{0};  ///< local time less UTC, at most a day; an hour for Berlin
};

namespace detail {

/// A moment on a local clock. Times beyond some 8000 years from 1970 count as the last of them.
class local_time {
 public:
  local_time(std::int64_t time, std::chrono::seconds utc_offset) noexcept
      : second_(std::chrono::seconds(std::clamp(time, -limit, limit)) + utc_offset),
        day_(std::chrono::floor<std::chrono::days>(second_)) {}

  [[nodiscard]] int hour() const noexcept {
    return static_cast<int>(std::chrono::floor<std::chrono::hours>(second_ - day_).count());
  }
  /// From Monday, 0.
  [[nodiscard]] int weekday() const noexcept {
    return static_cast<int>(std::chrono::weekday(day_).iso_encoding()) - 1;
  }
  /// From January, 1.
  [[nodiscard]] int month() const noexcept {
    return static_cast<int>(unsigned{std::chrono::year_month_day(day_).month()});
  }

 private:
  static constexpr std::int64_t limit = 250'000'000'000;

  std::chrono::sys_seconds second_;
  std::chrono::sys_days day_;
};

template <class Part>
[[nodiscard]] rating_context calendar_context(int count, const calendar_options& options,
                                              Part part) {
  const std::chrono::seconds offset = options.utc_offset;
  constexpr std::chrono::days day(1);
  require_option(offset >= -day && offset <= day, "utc_offset", offset.count(),
                 "[-86400, 86400] seconds");
  return {count, [=](std::int64_t time) { return part(local_time(time, offset)); }};
}

}  // namespace detail

// Each throws option_error if the offset is more than a day.

/// A quarter of the day: 0 is the night from 0 to 6 o'clock, 1 the morning, 2 the afternoon, 3 the
/// evening from 18 o'clock on.
[[nodiscard]] inline rating_context time_of_day(const calendar_options& options = {}) {
  return detail::calendar_context(4, options, [](auto local) { return local.hour() / 6; });
}

/// 0 is Monday, 6 Sunday.
[[nodiscard]] inline rating_context day_of_week(const calendar_options& options = {}) {
  return detail::calendar_context(7, options, [](auto local) { return local.weekday(); });
}

/// 1 on Saturday and Sunday, else 0.
[[nodiscard]] inline rating_context weekend(const calendar_options& options = {}) {
  return detail::calendar_context(2, options, [](auto local) { return local.weekday() / 5; });
}

/// 0 is December to February, 1 March to May, and so on.
[[nodiscard]] inline rating_context season(const calendar_options& options = {}) {
  return detail::calendar_context(4, options, [](auto local) { return local.month() % 12 / 3; });
}

}  // namespace kindred
