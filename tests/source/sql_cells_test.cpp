#include <kindred/source/detail/sql_cells.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

namespace kindred::sql_cells_test {

namespace {

using detail::sql_id;

constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t greatest = std::numeric_limits<std::int64_t>::max();
constexpr double infinity = std::numeric_limits<double>::infinity();
const double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// The id in a cell, with the kind that it has in a batch, or why there is none.
std::string id_of(const sql_value& cell) {
  sql_id id;
  if (const char* const trouble = detail::read_id(cell, id)) return trouble;
  return id.is_integer ? "integer " + std::to_string(id.integer) : "text " + std::string(id.text);
}

std::string float_of(const sql_value& cell) {
  float value = 0;
  const char* const trouble = detail::read_float(cell, value);
  return trouble != nullptr ? trouble : detail::to_text(value);
}

std::string time_of(const sql_value& cell, std::int64_t ticks_per_second = 1) {
  std::int64_t seconds = 0;
  const char* const trouble = detail::read_time(cell, ticks_per_second, seconds);
  return trouble != nullptr ? trouble : detail::to_text(seconds);
}

}  // namespace

TEST_CASE("an id is a whole number of any type, or text") {
  CHECK(id_of(greatest) == "integer 9223372036854775807");
  CHECK(id_of(least) == "integer -9223372036854775808");
  CHECK(id_of(7.0) == "integer 7");
  CHECK(id_of(-0x1p62) == "integer -4611686018427387904");
  CHECK(id_of("u1") == "text u1");
  CHECK(id_of(std::string_view("a\0b", 3)) == std::string("text a\0b", 8));
  CHECK(id_of("  7") == "text   7");
}

TEST_CASE("text that spells an integer is that integer") {
  CHECK(id_of("42") == "integer 42");
  CHECK(id_of("-9223372036854775808") == "integer -9223372036854775808");
  // BIGINT UNSIGNED, leading zeros and decimals are texts, as they are everywhere in kindred.
  CHECK(id_of("18446744073709551615") == "text 18446744073709551615");
  CHECK(id_of("042") == "text 042");
  CHECK(id_of("42.00") == "text 42.00");
}

TEST_CASE("what is no id says why") {
  CHECK(id_of(std::monostate{}) == "is NULL");
  CHECK(id_of("") == "is empty");
  CHECK(id_of(sql_bytes{"u1"}) == "is bytes, not text");
  for (const double number : {0.5, 0x1p63, -0x1p63, infinity, -infinity, not_a_number})
    CHECK(id_of(number) == "is not a whole number");
}

TEST_CASE("a rating is a finite number of any type, or spelled") {
  CHECK(float_of(std::int64_t{-4}) == "-4");
  CHECK(float_of(3.5) == "3.5");
  CHECK(float_of("3.50") == "3.5");
  CHECK(float_of("-12345678.25") == "-12345678");
  CHECK(float_of(greatest) == "9.223372e+18");
  CHECK(float_of(0.1) == float_of("0.1"));

  CHECK(float_of(std::monostate{}) == "is NULL");
  CHECK(float_of(sql_bytes{"4"}) == "is bytes, not a number");
  CHECK(float_of("") == "is not a number");
  CHECK(float_of("good") == "is not a number");
  CHECK(float_of("4 stars") == "is not a number");
  CHECK(float_of("NaN") == "is not finite");
  CHECK(float_of(not_a_number) == "is not finite");
  CHECK(float_of(-infinity) == "is not finite");
  CHECK(float_of(1e39) == "is out of the range of a float");
  CHECK(float_of("-1e39") == "is out of the range of a float");
}

TEST_CASE("a time is ticks since 1970 or a date") {
  CHECK(time_of(std::int64_t{978300760}) == "978300760");
  CHECK(time_of("978300760") == "978300760");
  CHECK(time_of(2.75) == "2");
  CHECK(time_of(-2.25) == "-3");
  CHECK(time_of("2001-01-01") == "978307200");
  CHECK(time_of("2001-01-01 00:00:01") == "978307201");
  CHECK(time_of("2001-01-01 00:00:01.999999") == "978307201");
  CHECK(time_of("2001-01-01T01:00:00+01:00") == "978307200");

  CHECK(time_of(std::int64_t{1999}, 1000) == "1");
  CHECK(time_of(std::int64_t{-1}, 1000) == "-1");
  CHECK(time_of(std::int64_t{-1000}, 1000) == "-1");
  CHECK(time_of(least, 1000) == "-9223372036854776");
  CHECK(time_of("1999", 1000) == "1");
  CHECK(time_of(-1.0, 1000) == "-1");

  CHECK(time_of(std::monostate{}) == "is NULL");
  CHECK(time_of(sql_bytes{"0"}) == "is bytes, not a time");
  CHECK(time_of("") == "is neither a number nor a date");
  CHECK(time_of("0000-00-00 00:00:00") == "is neither a number nor a date");
  CHECK(time_of("2001-02-30") == "is neither a number nor a date");
  for (const double ticks : {0x1p63, infinity, not_a_number})
    CHECK(time_of(ticks) == "is out of range");
}

TEST_CASE("a message shows a cell") {
  CHECK(detail::cell_text(std::monostate{}).empty());
  CHECK(detail::cell_text(std::int64_t{-7}) == "-7");
  CHECK(detail::cell_text(0.25) == "0.25");
  CHECK(detail::cell_text("text") == "text");
  CHECK(detail::cell_text(sql_bytes{"four"}) == "4 bytes");
}

}  // namespace kindred::sql_cells_test
