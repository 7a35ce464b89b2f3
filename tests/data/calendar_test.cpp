#include <doctest/doctest.h>

#include <kindred/data/calendar.hpp>

#include <cstdint>
#include <limits>

namespace kindred::calendar_test {

namespace {

using kindred::calendar_options;
using kindred::rating_context;

int at(const rating_context& context, std::int64_t time) { return context(0, 0, time); }

constexpr std::int64_t hour = 3600;
constexpr std::int64_t day = 24 * hour;
constexpr std::int64_t thursday = 0;                // 1970-01-01
constexpr std::int64_t leap_day = 951'782'400;      // 2000-02-29, a Tuesday (date -u -d)
constexpr std::int64_t new_year_1969 = -365 * day;  // a Wednesday
constexpr calendar_options kiritimati{std::chrono::hours(14)};
constexpr calendar_options new_york{std::chrono::hours(-5)};

}  // namespace

TEST_CASE("a day has four times") {
  const auto context = kindred::time_of_day();
  CHECK(context.count() == 4);
  for (int h = 0; h < 24; ++h) {
    CHECK(at(context, leap_day + h * hour) == h / 6);
    CHECK(at(context, new_year_1969 + h * hour + hour - 1) == h / 6);
  }
  CHECK(at(kindred::time_of_day(kiritimati), thursday) == 14 / 6);
  CHECK(at(kindred::time_of_day(new_york), thursday) == 19 / 6);
}

TEST_CASE("a week has seven days, of which two are its end") {
  const auto weekday = kindred::day_of_week();
  CHECK(weekday.count() == 7);
  CHECK(kindred::weekend().count() == 2);
  for (int d = -800; d < 800; ++d) {
    const int expected = (3 + d + 7 * 200) % 7;  // from a Thursday, 3
    CHECK(at(weekday, d * day) == expected);
    CHECK(at(weekday, d * day + day - 1) == expected);
    CHECK(at(kindred::weekend(), d * day) == (expected >= 5 ? 1 : 0));
  }
  CHECK(at(weekday, leap_day) == 1);
  CHECK(at(kindred::day_of_week(kiritimati), thursday + 10 * hour) == 4);
  CHECK(at(kindred::day_of_week(new_york), thursday + 5 * hour - 1) == 2);
}

TEST_CASE("a year has four seasons") {
  const auto context = kindred::season();
  CHECK(context.count() == 4);
  CHECK(at(context, leap_day) == 0);
  CHECK(at(context, leap_day + day - 1) == 0);
  CHECK(at(context, leap_day + day) == 1);       // March
  CHECK(at(context, leap_day + 93 * day) == 2);  // June 1st
  CHECK(at(context, leap_day + 92 * day) == 1);
  CHECK(at(context, leap_day + 185 * day) == 3);  // September 1st
  CHECK(at(context, leap_day + 276 * day) == 0);  // December 1st
  CHECK(at(context, new_year_1969) == 0);
  CHECK(at(kindred::season(kiritimati), leap_day + 10 * hour) == 1);
}

TEST_CASE("a time at the end of all times still has a context") {
  for (const auto time :
       {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()})
    for (const auto& options : {calendar_options{}, kiritimati, new_york}) {
      CHECK_NOTHROW((void)at(kindred::time_of_day(options), time));
      CHECK_NOTHROW((void)at(kindred::day_of_week(options), time));
      CHECK_NOTHROW((void)at(kindred::season(options), time));
    }
}

TEST_CASE("a place is at most a day away from UTC") {
  CHECK_NOTHROW((void)kindred::weekend({.utc_offset = std::chrono::hours(-24)}));
  CHECK_THROWS_AS((void)kindred::weekend({.utc_offset = std::chrono::hours(25)}),
                  kindred::option_error);
  CHECK_THROWS_AS((void)kindred::weekend({.utc_offset = std::chrono::seconds::min()}),
                  kindred::option_error);
}

}  // namespace kindred::calendar_test
