#include <kindred/core/error.hpp>
#include <kindred/core/random.hpp>
#include <kindred/io/json.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kindred::json_test {

namespace {

using kindred::format_error;
using kindred::detail::append_json_string;
using kindred::detail::is_valid_utf8;
using kindred::detail::json_cursor;

const std::string file = "a.safetensors";

std::string read_string(std::string_view text) {
  json_cursor cursor(file, text, 0);
  std::string value = cursor.string();
  cursor.end();
  return value;
}

std::size_t read_number(std::string_view text) {
  json_cursor cursor(file, text, 0);
  const std::size_t value = cursor.number();
  cursor.end();
  return value;
}

/// Reads [[number, ...], ...], the deepest thing that this grammar asks for.
std::vector<std::vector<std::size_t>> read_table(std::string_view text) {
  std::vector<std::vector<std::size_t>> table;
  json_cursor cursor(file, text, 0);
  cursor.array([&] {
    table.emplace_back();
    cursor.array([&] { table.back().push_back(cursor.number()); });
  });
  cursor.end();
  return table;
}

/// UTF-8 by its definition: encode every code point and compare.
std::string encode(std::uint32_t code) {
  const auto byte = [](std::uint32_t bits) { return static_cast<char>(bits); };
  if (code < 0x80) return {byte(code)};
  if (code < 0x800) return {byte(0xc0 | code / 64), byte(0x80 | code % 64)};
  if (code < 0x10000)
    return {byte(0xe0 | code / 4096), byte(0x80 | code / 64 % 64), byte(0x80 | code % 64)};
  return {byte(0xf0 | code / 262144), byte(0x80 | code / 4096 % 64), byte(0x80 | code / 64 % 64),
          byte(0x80 | code % 64)};
}

}  // namespace

TEST_CASE("json numbers are non-negative integers that fit") {
  CHECK(read_number("0") == 0);
  CHECK(read_number(" 42\n") == 42);
  CHECK(read_number("18446744073709551615") == 18446744073709551615U);
  for (const char* bad : {"", "-1", "+1", "01", "00", "1.0", "1e3", "0x1", "a", "\"1\"", "1 2",
                          "18446744073709551616", "99999999999999999999999999", "null", "true"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(read_number(bad), format_error);
  }
}

TEST_CASE("json strings know every escape and no other") {
  CHECK(read_string(R"("")") == "");
  CHECK(read_string(R"("a\"b\\c\/d\b\f\n\r\t")") == "a\"b\\c/d\b\f\n\r\t");
  CHECK(read_string(R"("\u0041\u00e9\u20AC\uD83D\uDE00")") == "A\u00e9\u20ac\U0001f600");
  CHECK(read_string("\"\\u0000\"") == std::string(1, '\0'));
  for (const char* bad :
       {"\"", "\"a", "a", "\"a\nb\"", "\"\\x41\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\", "\"\\u",
        "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"\\ud800x\"", "\"\\ud800\\n\"",
        "\"\xff\"", "\"\xc3\"", "\"a\" \"b\"", "'a'", "\"\xc3\\u00a9\""}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(read_string(bad), format_error);
  }
}

TEST_CASE("json lists take commas between elements only") {
  CHECK(read_table("[]").empty());
  CHECK(read_table(" [ [ 1 , 2 ] , [ ] ] ") == std::vector<std::vector<std::size_t>>{{1, 2}, {}});
  for (const char* bad : {"", "[", "[[]", "[,]", "[[],]", "[[1,]]", "[[1 2]]", "[[]] []", "[{}]",
                          "[[1]", "[[1}", "{}", "[[[1]]]"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(read_table(bad), format_error);
  }
}

TEST_CASE("json nesting is refused at the depth that the grammar has, however deep it goes") {
  CHECK_THROWS_AS(read_table(std::string(10'000'000, '[')), format_error);
}

TEST_CASE("json objects hand over each key in order") {
  std::string seen;
  json_cursor cursor(file, R"({"a":1, "b" : 2})", 0);
  cursor.object([&](const std::string& key) { seen += key + std::to_string(cursor.number()); });
  CHECK(seen == "a1b2");
  for (const char* bad : {"{", "{a:1}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\":1 \"b\":2}"}) {
    CAPTURE(bad);
    json_cursor broken(file, bad, 0);
    CHECK_THROWS_AS(broken.object([&](const std::string&) { (void)broken.number(); }),
                    format_error);
  }
}

TEST_CASE("a json error names the file and the byte") {
  json_cursor cursor(file, "  x", 8);
  try {
    (void)cursor.number();
    FAIL("no error");
  } catch (const format_error& error) {
    CHECK(error.file() == file);
    CHECK(error.column() == 11);  // the 'x' is byte 10, counted from 0
    CHECK(std::string_view(error.what()) ==
          "a.safetensors, column 11: expected a non-negative integer");
  }
}

TEST_CASE("UTF-8 takes exactly the encodings of the code points") {
  std::size_t wrong = 0;
  for (std::uint32_t code = 0; code < 0x110000; ++code) {
    const bool surrogate = code >= 0xd800 && code < 0xe000;
    wrong += is_valid_utf8(encode(code)) == surrogate ? 1U : 0U;
  }
  CHECK(wrong == 0);
  // All pairs and triples of bytes: as many are valid as there are code points of that length.
  std::size_t pairs = 0;
  std::size_t triples = 0;
  std::string text(3, '\0');
  for (unsigned a = 0x80; a < 0x100; ++a)
    for (unsigned b = 0; b < 0x100; ++b) {
      text[0] = static_cast<char>(a);
      text[1] = static_cast<char>(b);
      pairs += is_valid_utf8(std::string_view(text).substr(0, 2)) ? 1U : 0U;
      for (unsigned c = 0x80; c < 0x100; ++c) {
        text[2] = static_cast<char>(c);
        triples += is_valid_utf8(text) ? 1U : 0U;
      }
    }
  CHECK(pairs == 0x800 - 0x80);
  CHECK(triples == 0x10000 - 0x800 - 0x800);
  for (const char* bad : {"\xf4\x90\x80\x80", "\xf0\x8f\xbf\xbf", "\xf5\x80\x80\x80", "\xc0\x80",
                          "\xf0\x90\x80", "\xe2\x82", "\x80"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_valid_utf8(bad));
  }
}

TEST_CASE("a json string reads back as it was written") {
  const kindred::counter_rng rng(3);
  for (std::uint64_t round = 0; round < 2000; ++round) {
    std::string text;
    for (std::uint64_t i = 0; i < round % 17; ++i) {
      const std::uint32_t limit = i % 2 == 0 ? 0x80 : 0xd800;
      text += encode(static_cast<std::uint32_t>(rng.below(100 * round + i, limit)));
    }
    std::string json;
    append_json_string(json, text);
    REQUIRE(read_string(json) == text);
  }
}

}  // namespace kindred::json_test
