#include <kindred/core/error.hpp>
#include <kindred/core/random.hpp>
#include <kindred/data/load.hpp>
#include <kindred/source/arrow.hpp>
#include <kindred/source/memory.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "arrow_support.hpp"
#include "support.hpp"

namespace kindred::arrow_test {

using namespace test;

namespace {

using rows = std::vector<source_row>;

static_assert(rating_source<arrow_source>);
static_assert(std::is_nothrow_move_constructible_v<arrow_source>);
// The ABI of a machine with 64-bit pointers.
static_assert(sizeof(void*) != 8 || (sizeof(ArrowSchema) == 72 && sizeof(ArrowArray) == 80 &&
                                     sizeof(ArrowArrayStream) == 40));

arrow_source source_of(const arrow_array& batch, const arrow_options& options = {}) {
  ArrowSchema schema = lend_schema(batch);
  ArrowArray array = lend_array(batch);
  return arrow_source(&schema, &array, options);
}

arrow_source source_of(std::vector<arrow_array> batches, const arrow_options& options = {}) {
  ArrowArrayStream stream = lend_stream({std::move(batches)});
  return arrow_source(&stream, options);
}

/// What a record batch holds, and that everything is given back.
source_contents contents(const arrow_array& batch, const arrow_options& options = {}) {
  source_contents all = contents_of(source_of(batch, options));
  CHECK(loans == arrow_loans{});
  return all;
}

rows rows_of(const arrow_array& batch, const arrow_options& options = {}) {
  source_contents all = contents(batch, options);
  CHECK(all.rejected.empty());
  return std::move(all.rows);
}

std::string message_of(const arrow_array& batch, const arrow_options& options = {}) {
  const auto read = [&] { contents_of(source_of(batch, options)); };
  std::string message = error_of<format_error>(read).what();
  CHECK(loans == arrow_loans{});
  return message;
}

arrow_array users(std::int64_t count = 2) {
  nullable<std::int64_t> ids;
  for (std::int64_t i = 1; i <= count; ++i) ids.emplace_back(i);
  return numbers<std::int64_t>("user", "l", ids);
}
arrow_array items(std::int64_t count = 2) {
  arrow_array ids = users(count);
  ids.name = "item";
  return ids;
}

/// The values that a column of ratings comes out as.
std::vector<float> ratings_of(arrow_array column) {
  column.name = "rating";
  std::vector<float> values;
  const std::int64_t count = column.length;
  for (const source_row& row : rows_of(record_batch({users(count), items(count), column})))
    values.push_back(row.value);
  return values;
}

std::vector<std::int64_t> times_of(arrow_array column, std::int64_t ticks_per_second = 1) {
  column.name = "time";
  std::vector<std::int64_t> times;
  const std::int64_t count = column.length;
  const arrow_options options{.ticks_per_second = ticks_per_second};
  for (const source_row& row : rows_of(record_batch({users(count), items(count), column}), options))
    times.push_back(row.time);
  return times;
}

std::vector<std::string> ids_of(arrow_array column) {
  column.name = "item";
  std::vector<std::string> ids;
  for (const source_row& row : rows_of(record_batch({users(column.length), column})))
    ids.push_back(row.item);
  return ids;
}

/// Why the only row of a batch with this column is bad.
rejected_row fault_of(arrow_array column, std::string name, const arrow_options& options = {}) {
  column.name = std::move(name);
  const auto all = contents(record_batch({users(1), items(1), std::move(column)}), options);
  CHECK(all.rows.empty());
  REQUIRE(all.rejected.size() == 1);
  CHECK(all.rejected[0].line == 1);
  CHECK(all.rejected[0].column == 3);
  return all.rejected[0];
}

using strings = std::vector<std::string>;
using floats = std::vector<float>;
using integers = std::vector<std::int64_t>;

template <class Number>
void check_integer_ids(const char* format) {
  constexpr Number low = std::numeric_limits<Number>::min();
  constexpr Number high = std::numeric_limits<Number>::max();
  CAPTURE(format);
  CHECK(ids_of(numbers<Number>("", format, {low, Number{7}, high})) ==
        strings{std::to_string(low), "7", std::to_string(high)});
}

const nullable<std::string> some_texts{
    "a", "exactly 12 b", "thirteen byte", std::nullopt, "another text that is in a buffer", "b"};
const strings some_ids{"a", "exactly 12 b", "thirteen byte", "another text that is in a buffer",
                       "b"};

strings ids_without_null(arrow_array column) {
  column.name = "item";
  const auto all = contents(record_batch({users(column.length), std::move(column)}));
  REQUIRE(all.rejected.size() == 1);
  CHECK(all.rejected[0].line == 4);
  CHECK(all.rejected[0].column == 2);
  CHECK(all.rejected[0].reason == "item id is NULL");
  strings ids;
  for (const source_row& row : all.rows) ids.push_back(row.item);
  return ids;
}

template <class Key>
void check_keys(const char* format) {
  const nullable<Key> keys{Key{2}, Key{0}, Key{2}, std::nullopt, Key{1}};
  CAPTURE(format);
  CHECK(ids_without_null(with_dictionary(numbers<Key>("", format, keys),
                                         texts<std::int32_t>("", {"x", "y", "z"}))) ==
        strings{"z", "x", "z", "y"});
}

/// The first number of that many 32-bit words in two's complement.
std::string wide_integer(std::int64_t number, std::size_t words) {
  std::vector<std::uint32_t> all(words, number < 0 ? UINT32_MAX : 0);
  all[0] = static_cast<std::uint32_t>(number);
  if (words > 1) all[1] = static_cast<std::uint32_t>(static_cast<std::uint64_t>(number) >> 32);
  return bytes_of(all);
}

arrow_array decimals(const std::string& format, const integers& unscaled, std::size_t words) {
  arrow_array array{format, "rating", {std::nullopt, std::string()}};
  for (const std::int64_t number : unscaled) *array.buffers[1] += wide_integer(number, words);
  array.length = static_cast<std::int64_t>(unscaled.size());
  return array;
}

}  // namespace

TEST_CASE("arrow: ids of all integer types") {
  check_integer_ids<std::int8_t>("c");
  check_integer_ids<std::uint8_t>("C");
  check_integer_ids<std::int16_t>("s");
  check_integer_ids<std::uint16_t>("S");
  check_integer_ids<std::int32_t>("i");
  check_integer_ids<std::uint32_t>("I");
  check_integer_ids<std::int64_t>("l");
  check_integer_ids<std::uint64_t>("L");
}

TEST_CASE("arrow: an id beyond 64 bits with a sign is text, with all of its batch") {
  nullable<std::uint64_t> ids(20'000, 7);
  ids[1] = UINT64_MAX;
  ids[2] = std::nullopt;
  auto source = source_of(record_batch({numbers("user", "L", ids), items(20'000)}));
  rating_batch batch;
  REQUIRE(source.next(batch));
  CHECK(batch.users.integers.empty());
  CHECK(batch.users.texts.size() == 16'383);
  CHECK(batch.users.texts[0] == "7");
  CHECK(batch.users.texts[1] == "18446744073709551615");
  CHECK(batch.users.texts[2] == "7");
  REQUIRE(source.next(batch));
  CHECK(batch.users.integers[0] == 7);
}

TEST_CASE("arrow: ids of all text types") {
  CHECK(ids_without_null(texts<std::int32_t>("", some_texts)) == some_ids);
  CHECK(ids_without_null(texts<std::int64_t>("", some_texts)) == some_ids);
  CHECK(ids_without_null(text_views("", some_texts)) == some_ids);
}

TEST_CASE("arrow: texts are views of the arrays until the next batch") {
  nullable<std::string> ids;
  for (int i = 0; i < 20'000; ++i) ids.emplace_back("user number " + std::to_string(i));
  const auto batch_of = record_batch({texts<std::int32_t>("user", ids), items(20'000)});
  ArrowSchema schema = lend_schema(batch_of);
  ArrowArray array = lend_array(batch_of);
  const char* const bytes = static_cast<const char*>(array.children[0]->buffers[2]);
  arrow_source source(&schema, &array);
  rating_batch batch;
  std::size_t place = 0;
  std::size_t row = 0;
  while (source.next(batch)) {
    CHECK(batch.size() <= 16'384);
    for (const std::string_view id : batch.users.texts) {
      REQUIRE(id == ids[row++]);
      REQUIRE(id.data() == bytes + place);
      place += id.size();
    }
  }
  CHECK(row == ids.size());
  CHECK(batch.size() == 0);
  CHECK(loans == arrow_loans{});
}

TEST_CASE("arrow: ids in a dictionary") {
  check_keys<std::int8_t>("c");
  check_keys<std::uint8_t>("C");
  check_keys<std::int16_t>("s");
  check_keys<std::uint16_t>("S");
  check_keys<std::int32_t>("i");
  check_keys<std::uint32_t>("I");
  check_keys<std::int64_t>("l");
  check_keys<std::uint64_t>("L");
  const nullable<std::int32_t> keys{0, 1, 2, 3, 4, 5};
  const auto numbered = [&](arrow_array values) {
    return with_dictionary(numbers("", "i", keys), std::move(values));
  };
  CHECK(ids_without_null(numbered(texts<std::int64_t>("", some_texts))) == some_ids);
  CHECK(ids_without_null(numbered(text_views("", some_texts))) == some_ids);
  CHECK(ids_of(with_dictionary(numbers<std::int8_t>("", "c", {1, 0, 1}),
                               numbers<std::uint16_t>("", "S", {5, 65'535}))) ==
        strings{"65535", "5", "65535"});
  const arrow_array all = numbered(texts<std::int32_t>("", {"a", "b", "c", "d", "e", "f", "g"}));
  CHECK(ids_of(all.slice(3, 2)) == strings{"d", "e"});
  arrow_array later = all;
  later.dictionary[0] = later.dictionary[0].slice(1, 6);
  CHECK(ids_of(later) == strings{"b", "c", "d", "e", "f", "g"});
}

TEST_CASE("arrow: ratings of all types") {
  CHECK(ratings_of(numbers<std::int8_t>("", "c", {-128, 127})) == floats{-128, 127});
  CHECK(ratings_of(numbers<std::uint8_t>("", "C", {0, 255})) == floats{0, 255});
  CHECK(ratings_of(numbers<std::int16_t>("", "s", {-300, 300})) == floats{-300, 300});
  CHECK(ratings_of(numbers<std::uint16_t>("", "S", {0, 65'535})) == floats{0, 65'535});
  CHECK(ratings_of(numbers<std::int32_t>("", "i", {-70'000, 5})) == floats{-70'000, 5});
  CHECK(ratings_of(numbers<std::uint32_t>("", "I", {3'000'000'000U})) == floats{3e9F});
  CHECK(ratings_of(numbers<std::int64_t>("", "l", {INT64_MIN, 3})) == floats{-0x1p63F, 3});
  CHECK(ratings_of(numbers<std::uint64_t>("", "L", {UINT64_MAX, 4})) == floats{0x1p64F, 4});
  CHECK(ratings_of(numbers<float>("", "f", {0.1F, -3.5F})) == floats{0.1F, -3.5F});
  CHECK(ratings_of(numbers<double>("", "g", {0.1, -3.5})) == floats{0.1F, -3.5F});
  CHECK(ratings_of(booleans("", {true, false, true})) == floats{1, 0, 1});
  CHECK(ratings_of(with_dictionary(numbers<std::int8_t>("", "c", {1, 1, 0}),
                                   numbers<double>("", "g", {0.5, 4}))) == floats{4, 4, 0.5F});
}

TEST_CASE("arrow: all finite numbers of 16 bits") {
  nullable<std::uint16_t> halves;
  floats expected;
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    if ((bits & 0x7C00) == 0x7C00) continue;
    halves.emplace_back(static_cast<std::uint16_t>(bits));
    // The same digits in a float of 32 bits, whose exponents are 112 less.
    const std::uint32_t wide = (bits & 0x8000) << 16 | (bits & 0x7FFF) << 13;
    float value = 0;
    std::memcpy(&value, &wide, sizeof value);
    expected.push_back(value * 0x1p112F);
  }
  CHECK(ratings_of(numbers("", "e", halves)) == expected);
  for (const int bits : {0x7C00, 0xFC00, 0x7C01, 0xFE00})
    CHECK(fault_of(numbers<std::uint16_t>("", "e", {static_cast<std::uint16_t>(bits)}), "rating")
              .reason == "rating is not finite");
}

TEST_CASE("arrow: decimals of all widths") {
  const integers unscaled{35, -35, 0, 1, -1, 2'000'000'001, -2'000'000'001};
  const floats expected{3.5F, -3.5F, 0, 0.1F, -0.1F, 200'000'000.1F, -200'000'000.1F};
  CHECK(ratings_of(decimals("d:9,1,32", unscaled, 1)) == expected);
  CHECK(ratings_of(decimals("d:18,1,64", unscaled, 2)) == expected);
  CHECK(ratings_of(decimals("d:38,1", unscaled, 4)) == expected);
  CHECK(ratings_of(decimals("d:38,1,128", unscaled, 4)) == expected);
  CHECK(ratings_of(decimals("d:76,1,256", unscaled, 8)) == expected);
  CHECK(ratings_of(decimals("d:38,0", {INT64_MIN, INT64_MAX}, 4)) == floats{-0x1p63F, 0x1p63F});
  CHECK(ratings_of(decimals("d:38,-3", {-7, 2}, 4)) == floats{-7000, 2000});
  CHECK(ratings_of(decimals("d:38,10", {12'345'678'901}, 4)) == floats{1.2345678901F});
  arrow_array least = decimals("d:38,0", {0}, 4);
  least.buffers[1]->back() = '\x80';
  CHECK(ratings_of(least) == floats{-0x1p127F});
}

TEST_CASE("arrow: times as numbers of any unit") {
  CHECK(times_of(numbers<std::int64_t>("", "l", {881'250'949, -1})) == integers{881'250'949, -1});
  CHECK(times_of(numbers<std::uint64_t>("", "L", {7})) == integers{7});
  CHECK(times_of(numbers<std::int32_t>("", "i", {-1, 0, 1999}), 1000) == integers{-1, 0, 1});
  CHECK(times_of(numbers<double>("", "g", {1.75, -0.5})) == integers{1, -1});
  CHECK(times_of(numbers<float>("", "f", {2500}), 1000) == integers{2});
  CHECK(times_of(decimals("d:38,3", {1'234'567, -1}, 4)) == integers{1234, -1});
}

TEST_CASE("arrow: dates and timestamps") {
  CHECK(times_of(numbers<std::int32_t>("", "tdD", {14'592, -1})) ==
        integers{1'260'748'800, -86'400});
  CHECK(times_of(numbers<std::int64_t>("", "tdm", {1'260'748'800'000})) == integers{1'260'748'800});
  CHECK(times_of(numbers<std::int64_t>("", "tss:", {INT64_MIN, INT64_MAX})) ==
        integers{INT64_MIN, INT64_MAX});
  for (const std::string zone : {"", "UTC", "Europe/Berlin", "+01:00"}) {
    CHECK(times_of(numbers<std::int64_t>("", "tss:" + zone, {5, -5})) == integers{5, -5});
    CHECK(times_of(numbers<std::int64_t>("", "tsm:" + zone, {5999, -1})) == integers{5, -1});
    CHECK(times_of(numbers<std::int64_t>("", "tsu:" + zone, {5'999'999, -1'000'000})) ==
          integers{5, -1});
    CHECK(times_of(numbers<std::int64_t>("", "tsn:" + zone, {5'999'999'999, -1'000'000'001})) ==
          integers{5, -2});
  }
  CHECK(times_of(numbers<std::int64_t>("", "tsm:", {5000}), 7) == integers{5});
}

TEST_CASE("arrow: weights") {
  const auto all = contents(
      record_batch({users(3), items(3), numbers<double>("weight", "g", {0.5, std::nullopt, 2.0})}));
  CHECK(all.rows == rows{{"1", "1", 1, 0, 0.5F}, {"3", "3", 1, 0, 2}});
  CHECK(all.has_weights);
  CHECK_FALSE(all.has_times);
}

TEST_CASE("arrow: bad values are bad rows") {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const auto check = [](const rejected_row& fault, const char* value, const char* reason) {
    CHECK(fault.value == value);
    CHECK(fault.reason == reason);
  };
  const auto number = [](double value) { return numbers<double>("", "g", {value}); };
  check(fault_of(number(infinity), "rating"), "inf", "rating is not finite");
  check(fault_of(number(-1e300), "rating"), "-1e+300", "rating is out of the range of a float");
  check(fault_of(number(std::nan("")), "weight"), "nan", "weight is not finite");
  check(fault_of(number(0), "weight"), "0", "weight is not positive");
  check(fault_of(booleans("", {false}), "weight"), "0", "weight is not positive");
  check(fault_of(number(1e30), "time"), "1e+30", "time is out of range");
  check(fault_of(number(std::nan("")), "time"), "nan", "time is out of range");
  check(fault_of(numbers<std::uint64_t>("", "L", {UINT64_MAX}), "time"), "18446744073709551615",
        "time is out of range");
  check(fault_of(numbers<std::int64_t>("", "l", {std::nullopt}), "time"), "", "time is NULL");
  check(fault_of(numbers<std::int64_t>("", "tsm:", {std::nullopt}), "time"), "", "time is NULL");
  check(fault_of(number(0), "rating", {.rating = 1, .weight = 3}), "0", "weight is not positive");
  const arrow_options second{.item = "second"};
  check(fault_of(texts<std::int32_t>("", {""}), "second", second), "", "item id is empty");
  check(fault_of(text_views("", {""}), "second", second), "", "item id is empty");
  check(fault_of(with_dictionary(numbers<std::int8_t>("", "c", {0}), texts<std::int32_t>("", {""})),
                 "second", second),
        "", "item id is empty");
}

TEST_CASE("arrow: bad rows are those of a CSV file, in the order of the rows") {
  const nullable<std::string> who{"u", "", "u", "u", "", "u", "v"};
  const nullable<double> stars{1, 1, 1e300, 2, std::nan(""), 3, 4};
  const nullable<double> weight{1, 1, 1, 0, 0, -0.5, 6};
  const auto all = contents(
      record_batch({texts<std::int64_t>("user", who), items(7), numbers("rating", "g", stars),
                    users(7).slice(0, 7), numbers("weight", "g", weight)}),
      {.user = 1, .time = 4});
  auto expected = contents_of_text(
      "u,1,1,1,1\n,2,1,2,1\nu,3,1e+300,3,1\nu,4,2,4,0\n,5,nan,5,0\n"
      "u,6,3,6,-0.5\nv,7,4,7,6\n",
      {.header = csv_header::absent, .weight = 5});
  REQUIRE(expected.rejected.size() == 5);
  CHECK(all == expected);
}

TEST_CASE("arrow: NULL in every column, and rows that are NULL as a whole") {
  arrow_array batch =
      record_batch({numbers<std::int32_t>("user", "i", {std::nullopt, 2, 3, 4, 5, 6, std::nullopt}),
                    text_views("item", {"a", std::nullopt, "c", "d", "e", "f", ""}),
                    numbers<float>("rating", "f", {1, 2, std::nullopt, 4, 5, 6, 7}),
                    numbers<std::int64_t>("time", "l", {1, 2, 3, std::nullopt, 5, 6, 7}),
                    numbers<float>("weight", "f", {1, 2, 3, 4, std::nullopt, 6, 7})});
  batch.buffers[0] = bits_of({true, true, true, true, true, true, false});
  batch.null_count = 1;
  const auto all = contents(batch);
  CHECK(all.rows == rows{{"6", "f", 6, 6, 6}});
  CHECK(all.lines == std::vector<std::uint64_t>{6});
  const strings reasons{"user id is NULL", "item id is NULL", "rating is NULL",
                        "time is NULL",    "weight is NULL",  "row is NULL"};
  REQUIRE(all.rejected.size() == reasons.size());
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    CHECK(all.rejected[i].reason == reasons[i]);
    CHECK(all.rejected[i].line == (i < 5 ? i + 1 : 7));
    CHECK(all.rejected[i].column == (i < 5 ? i + 1 : 0));
  }
}

TEST_CASE("arrow: a validity bitmap counts unless there is no NULL") {
  arrow_array ids = items(3);
  ids.buffers[0] = bits_of({true, false, true});
  ids.null_count = 0;
  CHECK(contents(record_batch({users(3), ids})).rows.size() == 3);
  ids.null_count = -1;
  CHECK(contents(record_batch({users(3), ids})).rows.size() == 2);
  ids.buffers[0] = std::nullopt;
  CHECK(contents(record_batch({users(3), ids})).rows.size() == 3);
}

TEST_CASE("arrow: slices of batches and of columns") {
  arrow_array batch = record_batch(
      {numbers<std::int16_t>("user", "s",
                             {0, std::nullopt, 2, 3, 4, 5, 6, std::nullopt, 8, 9, 10, 11}),
       texts<std::int32_t>("item", {"a", "b", "c", "d", "e", "f", "g", std::nullopt, "i", "j"}),
       booleans("rating", {true, true, true, true, false, true, true, false, true, false})});
  batch.children[0] = batch.children[0].slice(2, 10);
  batch.length = 10;
  batch.buffers[0] = bits_of({true, true, true, false, true, true, true, true, true, true});
  batch.null_count = -1;
  const auto all = contents(batch.slice(3, 6));
  CHECK(all.rows == rows{{"6", "e", 0}, {"8", "g", 1}, {"10", "i", 1}});
  CHECK(all.lines == std::vector<std::uint64_t>{2, 4, 6});
  REQUIRE(all.rejected.size() == 3);
  CHECK(all.rejected[0].reason == "row is NULL");
  CHECK(all.rejected[1].reason == "user id is NULL");
  CHECK(all.rejected[2].reason == "item id is NULL");
}

TEST_CASE("arrow: columns by their usual names, by name and by position") {
  const arrow_array batch =
      record_batch({numbers<std::int64_t>("timestamp", "l", {4}), numbers<float>("Stars", "f", {3}),
                    texts<std::int32_t>("note", {"x"}), numbers<std::int64_t>("movie_id", "l", {2}),
                    numbers<std::int64_t>("User ID", "l", {1})});
  CHECK(rows_of(batch) == rows{{"1", "2", 3, 4}});
  CHECK(rows_of(batch, {.user = "note", .rating = column_choice::none()}) ==
        rows{{"x", "2", 1, 4}});
  CHECK(rows_of(batch, {.user = 4, .item = 5, .time = column_choice::none(), .weight = "Stars"}) ==
        rows{{"2", "1", 3, 0, 3}});
  CHECK(message_of(batch, {.item = "film"}) ==
        "arrow: has no column named 'film': 'timestamp, Stars, note, movie_id, User ID'");
  CHECK(message_of(batch, {.item = 6}) ==
        "arrow: has no column 6: 'timestamp, Stars, note, movie_id, User ID'");
  CHECK(message_of(record_batch({users()})) == "arrow: has no column for the item id: 'user'");
  CHECK(message_of(record_batch({})) == "arrow: has no column for the user id");
  CHECK_THROWS_WITH_AS(source_of(batch, {.user = 0}), "option user id = 0 is not in columns from 1",
                       option_error);
  CHECK_THROWS_WITH_AS(source_of(batch, {.ticks_per_second = 0}),
                       "option ticks_per_second = 0 is not in [1, ...)", option_error);
  CHECK(loans == arrow_loans{});
}

TEST_CASE("arrow: columns that are not read may be anything") {
  arrow_array list = numbers<std::int32_t>("list", "+l", {0, 0, 0}).slice(0, 2);
  list.children.push_back(users(0));
  arrow_array nameless = users();
  nameless.spoil_schema = [](ArrowSchema& schema) { schema.name = nullptr; };
  const arrow_array null{"n", "nothing", {}, 2};
  CHECK(rows_of(record_batch({list, users(), nameless, null, items()})) ==
        rows{{"1", "1"}, {"2", "2"}});
}

TEST_CASE("arrow: a stream of many batches, some of them empty") {
  const auto batch_of = [](std::int64_t first, std::int64_t count) {
    return record_batch({users(50'000).slice(first, count), items(50'000).slice(first, count)});
  };
  auto source = source_of(std::vector{batch_of(0, 0), batch_of(0, 3), batch_of(3, 0),
                                      batch_of(3, 40'000), batch_of(40'003, 1), batch_of(0, 0)});
  CHECK(source.name() == "arrow");
  rating_batch batch;
  std::vector<std::size_t> sizes;
  std::int64_t row = 0;
  while (source.next(batch)) {
    CHECK(loans.arrays == 3);  // a batch and its two columns
    sizes.push_back(batch.size());
    for (std::size_t r = 0; r < batch.size(); ++r) {
      REQUIRE(batch.users.integers[r] == ++row);
      REQUIRE(batch.lines[r] == static_cast<std::uint64_t>(row));
    }
  }
  CHECK(sizes == std::vector<std::size_t>{3, 16'384, 16'384, 7'232, 1});
  CHECK(batch.size() == 0);
  CHECK(loans == arrow_loans{});
  CHECK_FALSE(source.next(batch));
}

TEST_CASE("arrow: what is given is taken over, and given back once") {
  const arrow_array batch = record_batch({users(), with_dictionary(items(), users(3))});
  {
    ArrowArrayStream stream = lend_stream({{batch, batch}});
    arrow_source source(&stream);
    CHECK(is_released(stream));
    CHECK(loans == arrow_loans{0, 0, 1});
    rating_batch rows;
    REQUIRE(source.next(rows));
    CHECK(loans == arrow_loans{0, 4, 1});
    arrow_source moved(std::move(source));
    REQUIRE(moved.next(rows));
    moved = source_of(batch);
    CHECK(loans == arrow_loans{0, 4, 0});
    REQUIRE(moved.next(rows));
    CHECK(rows.size() == 2);
  }
  CHECK(loans == arrow_loans{});
  {
    ArrowSchema schema = lend_schema(batch);
    ArrowArray array = lend_array(batch);
    CHECK_THROWS_AS(arrow_source(&schema, &array, {.item = "none"}), format_error);
    CHECK(is_released(schema));
    CHECK(is_released(array));
    ArrowArrayStream stream = lend_stream({{batch}});
    CHECK_THROWS_AS(arrow_source(&stream, {.item = "none"}), format_error);
    CHECK(is_released(stream));
  }
  CHECK(loans == arrow_loans{});
}

TEST_CASE("arrow: a stream that fails says why") {
  const arrow_array batch = record_batch({users(), items()});
  const auto failure = [](lent_stream source) {
    ArrowArrayStream stream = lend_stream(std::move(source));
    const auto error = error_of<io_error>([&] { contents_of(arrow_source(&stream, {}, "S")); });
    CHECK(error.path() == "S");
    CHECK(loans == arrow_loans{});
    return std::string(error.what());
  };
  CHECK(failure({.batches = {batch}, .fails_at = 1}) ==
        "S: the stream cannot go on (error 5, Input/output error): the disk is on fire");
  CHECK(failure({.batches = {batch}, .fails_at = 0, .reason = nullptr}) ==
        "S: the stream cannot go on (error 5, Input/output error): it gives no reason");
  CHECK(failure({.batches = {batch}, .fails_at_schema = true}) ==
        "S: the stream cannot tell its schema (error 22, Invalid argument): the disk is on fire");
}

TEST_CASE("arrow: nothing, and what has been released") {
  const arrow_array batch = record_batch({users(), items()});
  const char* const no_stream = "arrow: is no stream, or one that has been released";
  CHECK_THROWS_WITH_AS(arrow_source(nullptr), no_stream, format_error);
  ArrowArrayStream stream = lend_stream({{batch}});
  stream.release(&stream);
  CHECK_THROWS_WITH_AS(arrow_source{&stream}, no_stream, format_error);
  CHECK_THROWS_WITH_AS(arrow_source(nullptr, nullptr), "arrow: record batch has no schema",
                       format_error);
  ArrowSchema schema = lend_schema(batch);
  CHECK_THROWS_WITH_AS(arrow_source(&schema, nullptr), "arrow: record batch has been released",
                       format_error);
  CHECK(loans == arrow_loans{});
}

TEST_CASE("arrow: types that cannot be read are named") {
  const auto message = [](std::string format, std::string name) {
    arrow_array column = items();
    column.format = std::move(format);
    column.name = name;
    return message_of(record_batch({items(), users(), std::move(column)}),
                      {.user = name == "user id" ? name : "user"});
  };
  for (const char* const format : {"b", "f", "d:38,0", "tdD", "tsu:UTC", "z", "+s", "+r", "", "u:"})
    CHECK(message(format, "user id")
              .starts_with(
                  "arrow, column 3: 'user id' has an Arrow format that no user id can have"));
  CHECK(message("+l", "user id") ==
        "arrow, column 3: 'user id' has an Arrow format that no user id can have: '+l'");
  for (const char* const format : {"u", "tss:", "tdm", "d:1", "d:3,1,16", "d:0,0", "d:1,2,128,4",
                                   "d:x,1", "d:", "d:38,0,", "n", "Z", "vz", "w:4", "tDs", "tiM"})
    CHECK(message(format, "rating") ==
          "arrow, column 3: 'rating' has an Arrow format that no rating can have: '" +
              std::string(format) + '\'');
  for (const char* const format : {"vu", "tts", "ttn", "tDn", "ts", "tss", "tsx:", "+ud:0"})
    CHECK(message(format, "time").find("that no time can have") != std::string::npos);
  CHECK(message("U", "weight").find("that no weight can have") != std::string::npos);

  const auto keyed = [](arrow_array keys, arrow_array values) {
    return message_of(record_batch({users(), with_dictionary(std::move(keys), std::move(values))}));
  };
  arrow_array floating = items();
  floating.format = "f";
  CHECK(keyed(floating, users()) == "arrow, column 2: 'item' numbers its dictionary by: 'f'");
  CHECK(keyed(items(), floating) ==
        "arrow, column 2: 'item' has an Arrow format that no item id can have: 'f'");
  CHECK(keyed(items(), with_dictionary(users(), users())) ==
        "arrow, column 2: 'item' has a dictionary in its dictionary");
  CHECK(message_of(users()) == "arrow: record batch is no struct, by its Arrow format: 'l'");
}

namespace {

/// A batch whose array, or that of a column, is not what it should be.
struct spoilt_array {
  int column;  ///< from 1; 0 for the batch
  std::function<void(ArrowArray&)> spoil;
  const char* trouble;
};

const spoilt_array spoilt_arrays[] = {
    {0, [](ArrowArray& a) { a.length = -1; }, "has -1 rows at offset 0"},
    {0, [](ArrowArray& a) { a.offset = -1; }, "has 3 rows at offset -1"},
    {0, [](ArrowArray& a) { a.offset = INT64_MAX; }, "has 3 rows at offset 9223372036854775807"},
    {0, [](ArrowArray& a) { a.n_buffers = 0; }, "has 0 buffers, not 1"},
    {0, [](ArrowArray& a) { a.buffers = nullptr; }, "has no list of its buffers or children"},
    {0, [](ArrowArray& a) { a.n_children = 3; }, "has 3 children, not 4"},
    {0, [](ArrowArray& a) { a.n_children = INT64_MIN; },
     "has -9223372036854775808 children, not 4"},
    {0, [](ArrowArray& a) { a.children = nullptr; }, "has no list of its buffers or children"},
    {0, [](ArrowArray& a) { a.null_count = 4; }, "has 4 nulls in 3 rows"},
    {0, [](ArrowArray& a) { a.null_count = -2; }, "has -2 nulls in 3 rows"},
    {0, [](ArrowArray& a) { a.null_count = 1; }, "has nulls and no validity bitmap"},
    {1, [](ArrowArray& a) { a.release(&a); }, "has been released"},
    {1, [](ArrowArray& a) { a.length = 2; }, "has 2 rows, not 3"},
    {1, [](ArrowArray& a) { a.length = INT64_MAX; }, "has 9223372036854775807 rows at offset 0"},
    {1, [](ArrowArray& a) { a.offset = INT64_MAX / 64; },
     "has 3 rows at offset 144115188075855871"},
    {1, [](ArrowArray& a) { a.n_buffers = 3; }, "has 3 buffers, not 2"},
    {1, [](ArrowArray& a) { a.n_children = 1; }, "has 1 children, not 0"},
    {1, [](ArrowArray& a) { a.buffers[1] = nullptr; }, "has no buffer of values"},
    {1, [](ArrowArray& a) { a.null_count = 3; }, "has nulls and no validity bitmap"},
    {1, [](ArrowArray& a) { a.dictionary = &a; }, "has a dictionary, and its type has none"},
    {2, [](ArrowArray& a) { a.n_buffers = 2; }, "has 2 buffers, not 3"},
    {2, [](ArrowArray& a) { a.buffers[2] = nullptr; }, "has no buffer of text"},
    {3, [](ArrowArray& a) { a.n_buffers = 2; }, "has 2 buffers, not 3"},
    {3, [](ArrowArray& a) { a.n_buffers = -1; }, "has -1 buffers, not 3"},
    {3, [](ArrowArray& a) { a.n_buffers = 3; }, "has a view outside of its buffers"},
    {3, [](ArrowArray& a) { a.buffers[3] = nullptr; }, "has a view outside of its buffers"},
    {3, [](ArrowArray& a) { a.buffers[4] = nullptr; }, "has a view outside of its buffers"},
    {4, [](ArrowArray& a) { a.dictionary = nullptr; }, "has no dictionary"},
    {4, [](ArrowArray& a) { a.dictionary->length = 1; }, "has key 1 of a dictionary of 1 values"},
    {4, [](ArrowArray& a) { a.dictionary->release(a.dictionary); }, "has been released"},
    {4, [](ArrowArray& a) { a.dictionary->buffers[1] = nullptr; }, "has no buffer of values"}};

/// Columns of an integer, a text, a view and a dictionary.
arrow_array four_columns() {
  arrow_array batch = record_batch(
      {numbers<std::int64_t>("integer", "l", {1, 2, 3}),
       texts<std::int32_t>("text", {"a", "b", "c"}),
       text_views("view", {"some long text that", "has some long text", "that has some long"}),
       with_dictionary(numbers<std::int8_t>("keyed", "c", {0, 1, 0}), users())});
  return batch;
}

/// Reads a batch with each of its columns.
void read_all_columns(const arrow_array& batch) {
  for (const auto& [user, item] : {std::pair(1, 2), std::pair(3, 4)})
    contents_of(source_of(batch, {.user = user, .item = item}));
}

template <class T>
std::string with_element(const std::string& bytes, std::size_t at, T value) {
  std::string changed = bytes;
  std::memcpy(changed.data() + at * sizeof value, &value, sizeof value);
  return changed;
}

}  // namespace

TEST_CASE("arrow: arrays that are not what their schema says") {
  for (const auto& [column, spoil, trouble] : spoilt_arrays) {
    arrow_array batch = four_columns();
    const char* const names[] = {"integer", "text", "view", "keyed"};
    std::string message = "arrow: record batch " + std::string(trouble);
    if (column > 0)
      message =
          "arrow, column " + std::to_string(column) + ": '" + names[column - 1] + "' " + trouble;
    (column > 0 ? batch.children[static_cast<std::size_t>(column) - 1] : batch).spoil_array = spoil;
    CHECK_THROWS_WITH_AS(read_all_columns(batch), message.c_str(), format_error);
    CHECK(loans == arrow_loans{});
  }
  arrow_array batch = four_columns();
  batch.spoil_array = [](ArrowArray& array) {
    array.children[0]->release(array.children[0]);
    array.children[0] = nullptr;
  };
  CHECK_THROWS_WITH_AS(read_all_columns(batch), "arrow, column 1: 'integer' is missing",
                       format_error);
  CHECK(loans == arrow_loans{});
}

TEST_CASE("arrow: schemas that contradict themselves") {
  const auto message = [](int column, const std::function<void(ArrowSchema&)>& spoil) {
    arrow_array batch = four_columns();
    (column > 0 ? batch.children[static_cast<std::size_t>(column) - 1] : batch).spoil_schema =
        spoil;
    return message_of(batch, {.user = 1, .item = 4});
  };
  CHECK(message(0, [](ArrowSchema& s) { s.format = nullptr; }) ==
        "arrow: record batch has no schema");
  CHECK(message(0, [](ArrowSchema& s) { s.release(&s); }) == "arrow: record batch has no schema");
  CHECK(message(0, [](ArrowSchema& s) { s.n_children = -1; }) ==
        "arrow: record batch has -1 columns in its schema");
  CHECK(message(0, [](ArrowSchema& s) { s.children = nullptr; }) ==
        "arrow: record batch has 4 columns in its schema");
  CHECK(message(0, [](ArrowSchema& s) { s.dictionary = s.children[0]; }) ==
        "arrow: record batch is no struct, by its Arrow format: '+s'");
  CHECK(message(2, [](ArrowSchema& s) { s.format = nullptr; }) ==
        "arrow: record batch has no schema for its column 2");
  CHECK(message(2, [](ArrowSchema& s) { s.release(&s); }) ==
        "arrow: record batch has no schema for its column 2");
  CHECK(message(4, [](ArrowSchema& s) { s.dictionary->format = nullptr; }) ==
        "arrow, column 4: 'keyed' has no schema of its dictionary");
}

TEST_CASE("arrow: buffers that contradict themselves") {
  const auto message = [](std::size_t column, std::size_t buffer, const auto& change) {
    arrow_array batch = four_columns();
    std::string& bytes = *batch.children[column - 1].buffers[buffer];
    bytes = change(bytes);
    try {
      read_all_columns(batch);
    } catch (const format_error& e) {
      CHECK(e.column() == column);
      return std::string(e.what());
    }
    return std::string("nothing");
  };
  const auto offset = [&](std::size_t at, std::int32_t value) {
    return message(2, 1, [&](const auto& bytes) { return with_element(bytes, at, value); });
  };
  const std::string disorder = "arrow, column 2: 'text' has offsets out of order";
  CHECK(offset(0, -1) == disorder);
  CHECK(offset(1, 4) == disorder);
  CHECK(offset(1, INT32_MAX) == disorder);
  CHECK(offset(2, 0) == disorder);
  CHECK(offset(3, -1) == disorder);
  arrow_array hidden =
      record_batch({users(3), texts<std::int32_t>("item", {"a", std::nullopt, "c"})});
  std::string& offsets = *hidden.children[1].buffers[1];
  offsets = with_element(offsets, 1, std::int32_t{100});  // what shows it in the next row is NULL
  CHECK(message_of(hidden) == "arrow, column 2: 'item' has offsets out of order");
  const auto view = [&](std::size_t at, std::int32_t value) {
    return message(3, 1, [&](const auto& bytes) { return with_element(bytes, at, value); });
  };
  const std::string outside = "arrow, column 3: 'view' has a view outside of its buffers";
  for (const auto& [at, value] :
       {std::pair(0, -1), std::pair(0, 38), std::pair(0, INT32_MAX), std::pair(2, 2),
        std::pair(2, -1), std::pair(3, -1), std::pair(3, 19), std::pair(3, INT32_MAX)})
    CHECK(view(static_cast<std::size_t>(at), value) == outside);
  CHECK(message(3, 4, [](const auto& bytes) { return with_element(bytes, 1, std::int64_t{-1}); }) ==
        outside);
  const auto key = [&](std::int8_t value) {
    return message(4, 1, [&](const auto& bytes) { return with_element(bytes, 1, value); });
  };
  CHECK(key(2) == "arrow, column 4: 'keyed' has key 2 of a dictionary of 2 values");
  CHECK(key(-1) == "arrow, column 4: 'keyed' has key -1 of a dictionary of 2 values");
  CHECK(loans == arrow_loans{});
}

TEST_CASE("arrow: null pointers for what needs no memory") {
  arrow_array empty = four_columns();
  empty.length = 0;
  for (arrow_array& column : empty.children) {
    column.length = 0;
    for (auto& buffer : column.buffers) buffer.reset();
  }
  read_all_columns(empty);
  arrow_array blank = record_batch({users(), texts<std::int32_t>("item", {"", ""})});
  blank.children[1].buffers[2].reset();
  CHECK(contents(blank).rejected.size() == 2);
}

namespace {

/// Rows as memory_source takes them, some of them bad.
struct random_rows {
  std::vector<std::tuple<std::string, std::int64_t, double, std::int64_t, double>> tuples;

  random_rows(std::uint64_t seed, std::size_t count) {
    const counter_rng rng(seed);
    constexpr double bad[] = {std::numeric_limits<double>::quiet_NaN(), -1e300, 0, -1};
    for (std::size_t r = 0; r < count; ++r) {
      const auto bits = [&](std::uint64_t what) { return rng.bits(8 * r + what); };
      const auto number = [&](std::uint64_t what) {
        return bits(what) % 20 == 0 ? bad[bits(what) / 20 % 4] : 0.5 * double(bits(what) % 9 + 1);
      };
      std::string user(bits(0) % 20, static_cast<char>('a' + bits(0) / 20 % 26));
      tuples.emplace_back(std::move(user), static_cast<std::int64_t>(bits(1)) >> 20, number(2),
                          static_cast<std::int64_t>(bits(3)) >> 32, number(4));
    }
  }

  /// Columns of the types that `turn` picks, which NULL cannot be told from by their rows.
  [[nodiscard]] arrow_array batch(std::uint64_t turn) const {
    nullable<std::string> who;
    nullable<std::int64_t> what;
    nullable<double> stars;
    nullable<std::int64_t> when;
    nullable<double> weight;
    for (const auto& [user, item, rating, time, heavy] : tuples) {
      who.emplace_back(user);
      what.emplace_back(item);
      stars.emplace_back(rating);
      when.emplace_back(time);
      weight.emplace_back(heavy);
    }
    arrow_array column = turn % 3 == 0   ? texts<std::int32_t>("user", who)
                         : turn % 3 == 1 ? texts<std::int64_t>("user", who)
                                         : text_views("user", who);
    if (turn % 2 == 1) column = numbered_by_itself(std::move(column));
    return record_batch({std::move(column), numbers("item", "l", what),
                         numbers("rating", "g", stars), numbers("time", "tss:", when),
                         numbers("weight", "g", weight)});
  }

 private:
  static arrow_array numbered_by_itself(arrow_array values) {
    nullable<std::int32_t> keys;
    for (std::int32_t k = 0; k < values.length; ++k) keys.emplace_back(k);
    const std::string name = values.name;
    return with_dictionary(numbers(name, "i", keys), std::move(values));
  }
};

}  // namespace

TEST_CASE("arrow: random ratings in random pieces are those of memory") {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    const random_rows random(seed, 5000);
    const auto expected = contents_of(memory_source{random.tuples});
    REQUIRE(expected.rejected.size() > 100);
    CHECK(contents(random.batch(seed)) == expected);

    std::vector<arrow_array> pieces;
    const counter_rng rng(seed + 100);
    for (std::int64_t first = 0; first < 5000;) {
      const auto count = static_cast<std::int64_t>(rng.bits(pieces.size()) % 1500);
      pieces.push_back(random.batch(seed).slice(first, std::min(count, 5000 - first)));
      first += pieces.back().length;
    }
    CHECK(contents_of(source_of(std::move(pieces))) == expected);
  }
  CHECK(loans == arrow_loans{});
}

TEST_CASE("arrow: load takes ratings and names bad rows") {
  arrow_array batch = record_batch({texts<std::int32_t>("user", {"ann", "bob", "ann"}),
                                    numbers<std::int32_t>("movieId", "i", {7, 7, 8}),
                                    numbers<double>("rating", "g", {4, std::nullopt, 5})});
  CHECK_THROWS_WITH_AS(static_cast<void>(load(source_of(batch))),
                       "arrow:2, column 3: rating is NULL", format_error);
  load_report report;
  const dataset data = load(source_of(batch), {.bad_rows = bad_row_policy::skip}, report);
  CHECK(data.size() == 2);
  CHECK(report.rows_rejected == 1);
  CHECK(data.users().find("ann") == 0);
  CHECK(data.items().find(8) == 1);
  CHECK_THROWS_WITH_AS(static_cast<void>(load(source_of(batch.slice(0, 0)))),
                       "arrow: no usable ratings", data_error);
}

}  // namespace kindred::arrow_test
