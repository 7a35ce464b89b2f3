#include <kindred/source/time.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <ctime>
#include <string_view>

namespace kindred::time_test {

using kindred::parse_time;

TEST_CASE("numbers are seconds since 1970, fractions dropped downwards") {
  CHECK(parse_time("0") == 0);
  CHECK(parse_time("881250949") == 881250949);
  CHECK(parse_time("+7") == 7);
  CHECK(parse_time("-1") == -1);
  CHECK(parse_time("1260759144.9") == 1260759144);
  CHECK(parse_time("-0.5") == -1);
  CHECK(parse_time("1.26e9") == 1260000000);
  CHECK(parse_time("9223372036854775807") == INT64_MAX);
}

TEST_CASE("other ticks than seconds are divided, downwards") {
  CHECK(parse_time("1433221332117", 1000) == 1433221332);
  CHECK(parse_time("-1", 1000) == -1);
  CHECK(parse_time("-1000", 1000) == -1);
  CHECK(parse_time("1500.5", 1000) == 1);
  CHECK(parse_time("2015-06-02", 1000) == 1433203200);
}

TEST_CASE("calendar times are UTC unless they name a zone") {
  CHECK(parse_time("1970-01-01") == 0);
  CHECK(parse_time("2009-12-14 02:52:24") == 1260759144);
  CHECK(parse_time("2009-12-14T02:52:24Z") == 1260759144);
  CHECK(parse_time("2009-12-14T02:52:24.999Z") == 1260759144);
  CHECK(parse_time("2009-12-14 02:52:24 UTC") == 1260759144);
  CHECK(parse_time("2009-12-14T03:52:24+01:00") == 1260759144);
  CHECK(parse_time("2009-12-14T03:52:24+01") == 1260759144);
  CHECK(parse_time("2009-12-13T21:22:24-0530") == 1260759144);
  CHECK(parse_time("2009-12-14 02:52") == 1260759120);
  CHECK(parse_time("2016-12-31T23:59:60Z") == 1483228800);
}

TEST_CASE("every day of the years 1900 to 2100 is the day that the C library names") {
  std::int64_t expected = -2208988800;  // 1900-01-01
  for (int year = 1900; year <= 2100; ++year)
    for (int month = 1; month <= 12; ++month)
      for (int day = 1; day <= 31; ++day) {
        char text[16] = {};
        std::tm date = {};
        date.tm_year = year - 1900;
        date.tm_mon = month - 1;
        date.tm_mday = day;
        std::strftime(text, sizeof text, "%Y-%m-%d", &date);
        const std::time_t seconds = ::timegm(&date);
        const bool exists = date.tm_mday == day;  // timegm turns February 30th into March
        const auto parsed = parse_time(text);
        REQUIRE_MESSAGE(parsed.has_value() == exists, text);
        if (!exists) continue;
        REQUIRE(*parsed == seconds);
        REQUIRE(*parsed == expected);
        expected += 86400;
      }
}

TEST_CASE("what is no time yields nothing") {
  for (const std::string_view text : {"",
                                      " ",
                                      "yesterday",
                                      "2009-13-01",
                                      "2009-00-01",
                                      "2009-02-29",
                                      "2009-1-1",
                                      "2009-12-14T",
                                      "2009-12-14X02:52:24",
                                      "2009-12-14 24:00:00",
                                      "2009-12-14 02:60",
                                      "2009-12-14 02:52:61",
                                      "2009-12-14 02:52:24.",
                                      "2009-12-14 02:52:24.Z",
                                      "2009-12-14 02:52:24+",
                                      "2009-12-14 02:52:24+1",
                                      "2009-12-14 02:52:24+0:30",
                                      "2009-12-14 02:52:24Zulu",
                                      "2009-12-14 02:52:24 CET",
                                      "nan",
                                      "inf",
                                      "1e300",
                                      "12:30",
                                      "1260759144 "}) {
    CHECK_MESSAGE(!parse_time(text), text);
  }
}

}  // namespace kindred::time_test
