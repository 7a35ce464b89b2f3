#include <kindred/core/error.hpp>
#include <kindred/data/load.hpp>
#include <kindred/source/csv.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "../temporary_folder.hpp"
#include "support.hpp"

namespace kindred::csv_hostile_test {

using namespace test;

namespace {

format_error refusal_of(std::string text, const csv_options& options = {}) {
  return error_of<format_error>(
      [&] { static_cast<void>(csv_source::from_text(std::move(text), options)); });
}

std::string message_of(std::string text, const csv_options& options = {}) {
  return refusal_of(std::move(text), options).what();
}

/// What is reported of the third line, between two good ones and another.
rejected_row report_of(const std::string& line, const csv_options& options = {}) {
  auto all = contents_of_text("user,item,rating,time\nu,i,1,2\n" + line + "\nv,j,3,4\n", options);
  CHECK(all.rows == std::vector<source_row>{{"u", "i", 1, 2}, {"v", "j", 3, 4}});
  CHECK(all.lines == std::vector<std::uint64_t>{2, 4});
  REQUIRE(all.rejected.size() == 1);
  CHECK(all.rejected[0].line == 3);
  return all.rejected[0];
}

void check_report(const std::string& line, std::uint64_t column, std::string_view value,
                  std::string_view reason) {
  CAPTURE(line);
  const rejected_row row = report_of(line);
  CHECK(row.column == column);
  CHECK(row.value == value);
  CHECK(row.reason == reason);
}

}  // namespace

TEST_CASE("csv: a file that cannot be read is an io_error with its path") {
  const temporary_folder folder;
  const auto message = [](const std::string& path) -> std::string {
    return error_of<io_error>([&] { csv_source{path}; }).what();
  };
  CHECK(message(folder.path("gone.csv")) ==
        folder.path("gone.csv") + ": No such file or directory");
  CHECK(message(folder.path()) == folder.path() + ": Is a directory");
}

TEST_CASE("csv: an empty file, or one of blank lines") {
  const temporary_folder folder;
  const std::string path = folder.write("empty.csv", "");
  const auto error = error_of<format_error>([&] { csv_source{path}; });
  CHECK(error.file() == path);
  CHECK(std::string(error.what()) == path + ": is empty");
  CHECK(message_of("\xEF\xBB\xBF") == "text: is empty");
  CHECK(message_of("\n \n\r\n") == "text:3: is empty");
  CHECK_THROWS_WITH_AS(csv_source(trickle_reader("", 1)), "pipe: is empty", format_error);
}

TEST_CASE("csv: a header and nothing else") {
  CHECK(message_of("user,item") == "text:1: has a header and no rows");
  CHECK(message_of("\nuser,item\n\r\n \n") == "text:4: has a header and no rows");
}

TEST_CASE("csv: a column that is missing") {
  const format_error error = refusal_of("\nuser,name,stars\n1,2,3\n");
  CHECK(error.line() == 2);
  CHECK(error.value() == "user, name, stars");
  CHECK(std::string(error.what()) == "text:2: has no column for the item id: 'user, name, stars'");
  CHECK(message_of("a;b;rating\n1;2;3\n") ==
        "text:1: has no column for the user id: 'a, b, rating'");
  CHECK(message_of("user,item\n1,2\n", {.rating = "Score"}) ==
        "text:1: has no column named 'Score': 'user, item'");
  CHECK(message_of("1,2,3\n", {.header = csv_header::absent, .user = "user"}) ==
        "text:1: has no column named 'user': '1, 2, 3'");
  CHECK(message_of("user,item\n1,2\n", {.weight = 3}) == "text:1: has no column 3: 'user, item'");
  CHECK(message_of("one\ntwo\n") == "text:1: has no column for the item id: 'one'");
}

TEST_CASE("csv: what is compressed or not UTF-8 is named") {
  CHECK(message_of("\x1f\x8b\x08") ==
        "text: is compressed with gzip: read it through gzip_file of kindred/source/gzip.hpp");
  CHECK(message_of(std::string("\xff\xfeu\0,\0", 6)) == "text: is UTF-16: convert it to UTF-8");
  CHECK(message_of(std::string("\xfe\xff\0u\0,", 6)) == "text: is UTF-16: convert it to UTF-8");
}

TEST_CASE("csv: a first row that is broken") {
  const format_error error = refusal_of("\nuser,\"item\n1,2\n");
  CHECK(error.line() == 2);
  CHECK(error.column() == 2);
  CHECK(std::string(error.what()) == "text:2, column 2: quote is not closed: '\"item'");
  CHECK(message_of("\"user\"s,item\n1,2\n") ==
        "text:1, column 1: text behind a closing quote: '\"user\"s,item'");
  CHECK(message_of(std::string(2000, 'x') + ",1\n", {.max_row_bytes = 1000}) ==
        "text:1: row is longer than 1000 bytes: '" + std::string(60, 'x') + "... (256 bytes)'");
}

TEST_CASE("csv: options out of their range") {
  const auto name = [](const csv_options& options) {
    return error_of<option_error>(
               [&] { static_cast<void>(csv_source::from_text("1,2,3\n", options)); })
        .name();
  };
  CHECK(name({.delimiter = "\""}) == "delimiter");
  CHECK(name({.delimiter = "\n"}) == "delimiter");
  CHECK(name({.delimiter = std::string(33, ',')}) == "delimiter");
  CHECK(name({.user = 0}) == "user id");
  CHECK(name({.weight = -1}) == "weight");
  CHECK(name({.ticks_per_second = 0}) == "ticks_per_second");
  CHECK(name({.max_row_bytes = 0}) == "max_row_bytes");
  CHECK(name({.window_bytes = 0}) == "window_bytes");
  CHECK(name({.piece_bytes = 0}) == "piece_bytes");
}

TEST_CASE("csv: a bad row is reported with its line, column and value, and costs no other") {
  check_report("x", 0, "x", "row has 1 of 4 columns");
  check_report("x,y,5", 0, "x,y,5", "row has 3 of 4 columns");
  check_report("\"\"", 0, "", "row has 1 of 4 columns");
  check_report("x,y,good,7", 3, "good", "rating is not a number");
  check_report("x,y,,7", 3, "", "rating is not a number");
  check_report("x,y,5 stars,7", 3, "5 stars", "rating is not a number");
  check_report("x,y,\"4,5\",7", 3, "4,5", "rating is not a number");
  check_report("x,y,0x10,7", 3, "0x10", "rating is not a number");
  check_report("x,y,1.2.3,7", 3, "1.2.3", "rating is not a number");
  check_report("x,y,.,7", 3, ".", "rating is not a number");
  check_report("x,y,--1,7", 3, "--1", "rating is not a number");
  check_report("x,y,+-1,7", 3, "+-1", "rating is not a number");
  check_report("x,y,nan,7", 3, "nan", "rating is not finite");
  check_report("x,y,NaN,7", 3, "NaN", "rating is not finite");
  check_report("x,y,-inf,7", 3, "-inf", "rating is not finite");
  check_report("x,y,Infinity,7", 3, "Infinity", "rating is not finite");
  check_report("x,y,1e39,7", 3, "1e39", "rating is out of the range of a float");
  check_report("x,y,1,soon", 4, "soon", "time is neither a number nor a date");
  check_report("x,y,1,2009-02-29", 4, "2009-02-29", "time is neither a number nor a date");
  check_report("x,y,1,", 4, "", "time is neither a number nor a date");
  check_report(",y,1,7", 1, "", "user id is empty");
  check_report("x,  ,1,7", 2, "", "item id is empty");
  check_report("x,\"\",1,7", 2, "", "item id is empty");
  check_report("x,\"y\"z,1,7", 2, "\"y\"z,1,7", "text behind a closing quote");
  check_report("x,\"a \"\"b\",\"c\"\"d\",7", 3, "c\"d", "rating is not a number");
}

TEST_CASE("csv: a weight must be a positive number") {
  for (const std::string weight : {"0", "-1", "nan", "x"}) {
    const auto all = contents_of_text("user,item,weight\nu,i," + weight + "\nv,j,2\n");
    CHECK(all.rows.size() == 1);
    REQUIRE(all.rejected.size() == 1);
    CHECK(all.rejected[0].column == 3);
    CHECK(all.rejected[0].value == weight);
  }
}

TEST_CASE("csv: text that is long or holds control characters is cut short in messages") {
  const std::string text = "u,i," + std::string(1000, 'z') + "\x01\n";
  const auto error = error_of<format_error>(
      [&] { static_cast<void>(load(csv_source::from_text("u,i,1\n" + text))); });
  CHECK(error.value().size() == 1001);
  CHECK(std::string(error.what()) ==
        "text:2, column 3: rating is not a number: '" + std::string(60, 'z') + "... (1001 bytes)'");
}

TEST_CASE("csv: ids may hold quotes, commas, zero bytes and any UTF-8") {
  const std::string zero("a\0b", 3);
  CHECK(rows_of_text("\"say \"\"hi\"\", Bob\",Amélie,1\n" + zero + ",\xff\xfe,2\n") ==
        std::vector<source_row>{{"say \"hi\", Bob", "Amélie", 1}, {zero, "\xff\xfe", 2}});
}

TEST_CASE("csv: a stray quote costs its line and no other") {
  const std::string head = "user,item,rating\na,\"b,1\n";
  const auto open = contents_of_text(head + "c,d,2\ne,f,3\n");
  CHECK(open.rows == std::vector<source_row>{{"c", "d", 2}, {"e", "f", 3}});
  CHECK(open.lines == std::vector<std::uint64_t>{3, 4});
  REQUIRE(open.rejected.size() == 1);
  CHECK(open.rejected[0].line == 2);
  CHECK(open.rejected[0].column == 2);
  CHECK(open.rejected[0].value == "\"b,1");
  CHECK(open.rejected[0].reason == "quote is not closed");

  const auto closed = contents_of_text(head + "c,d,2\ne,\"f\",3\n");
  CHECK(closed.rows == std::vector<source_row>{{"c", "d", 2}, {"e", "f", 3}});
  REQUIRE(closed.rejected.size() == 1);
  CHECK(closed.rejected[0].line == 2);
  CHECK(closed.rejected[0].reason == "text behind a closing quote");
}

TEST_CASE("csv: a line of 10 MB is one bad row") {
  const std::string endless(10'000'000, 'x');
  for (const std::size_t window : {std::size_t{1} << 16, std::size_t{1} << 25}) {
    const auto all = contents_of_text("user,item\na,b\n" + endless + "\nc,d\n" + endless,
                                      {.window_bytes = window});
    CHECK(all.rows == std::vector<source_row>{{"a", "b"}, {"c", "d"}});
    CHECK(all.lines == std::vector<std::uint64_t>{2, 4});
    REQUIRE(all.rejected.size() == 2);
    CHECK(all.rejected[0].line == 3);
    CHECK(all.rejected[0].value == std::string(256, 'x'));
    CHECK(all.rejected[0].reason == "row is longer than 1048576 bytes");
    CHECK(all.rejected[1].line == 5);
  }
  CHECK(refusal_of(endless).value() == std::string(256, 'x'));
  const auto wide = contents_of_text("a,b\nc," + endless + "\n", {.max_row_bytes = 20'000'000});
  REQUIRE(wide.rows.size() == 2);
  CHECK(wide.rows[1].item == endless);
}

TEST_CASE("csv: a quote that 10 MB do not close costs its line and no other") {
  std::string text = "user,item\na,b\nc,\"d\n";
  for (int i = 0; i < 1'000'000; ++i) text += "e,f,12345\n";
  for (const std::size_t window : {std::size_t{1} << 16, std::size_t{1} << 25}) {
    const auto all = contents_of_text(text, {.window_bytes = window});
    CHECK(all.rows.size() == 1'000'001);
    CHECK(all.lines.back() == 1'000'003);
    REQUIRE(all.rejected.size() == 1);
    CHECK(all.rejected[0].line == 3);
  }
}

TEST_CASE("csv: load stops at the first bad row, or reports them all") {
  const std::string text = "user,item,rating\n1,2,x\n1,3,4\n1,3,5\n2,2,nan\n";
  const auto error =
      error_of<format_error>([&] { static_cast<void>(load(csv_source::from_text(text))); });
  CHECK(error.file() == "text");
  CHECK(error.line() == 2);
  CHECK(error.column() == 3);
  CHECK(error.value() == "x");
  CHECK(std::string(error.what()) == "text:2, column 3: rating is not a number: 'x'");

  load_report report;
  const dataset data =
      load(csv_source::from_text(text), {.bad_rows = bad_row_policy::skip}, report);
  CHECK(data.size() == 1);
  CHECK(report.rows_read == 4);
  CHECK(report.rows_rejected == 2);
  CHECK(report.duplicates == 1);
  REQUIRE(report.rejected.size() == 2);
  CHECK(report.rejected[1].line == 5);
}

TEST_CASE("csv: an error of the reader passes through") {
  struct broken_reader final : trickle_reader {
    broken_reader() : trickle_reader("1,2,3\n4,5", 4) {}
    std::size_t read(std::span<char> space) override {
      const std::size_t got = trickle_reader::read(space);
      if (got == 0) throw io_error("pipe", "Broken pipe");
      return got;
    }
  };
  CHECK_THROWS_WITH_AS(
      contents_of(csv_source(broken_reader(), {.max_row_bytes = 1, .window_bytes = 1})),
      "pipe: Broken pipe", io_error);
}

}  // namespace kindred::csv_hostile_test
