#include <kindred/core/error.hpp>
#include <kindred/data/load.hpp>
#include <kindred/source/csv.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "../temporary_folder.hpp"
#include "support.hpp"

namespace kindred::csv_test {

using namespace test;

namespace {

using rows = std::vector<source_row>;

/// Two ratings with times, whatever stands between the fields.
std::string two_rows(const std::string& delimiter) {
  return "1" + delimiter + "7" + delimiter + "3.5" + delimiter + "881250949\n" +  //
         "2" + delimiter + "8" + delimiter + "4" + delimiter + "891717742\n";
}

const rows two{{"1", "7", 3.5F, 881250949}, {"2", "8", 4, 891717742}};

}  // namespace

TEST_CASE("csv: detects the usual delimiters") {
  for (const std::string delimiter : {",", "\t", "::", ";", "|", " "})
    CHECK_MESSAGE(rows_of_text(two_rows(delimiter)) == two, delimiter);
}

TEST_CASE("csv: the most frequent delimiter outside of quotes is the one") {
  CHECK(rows_of_text("\"a,b,c,d\";x;2\n") == rows{{"a,b,c,d", "x", 2}});
  CHECK(rows_of_text("a,b|x|2|7\n") == rows{{"a,b", "x", 2, 7}});
}

TEST_CASE("csv: takes any delimiter") {
  for (const std::string d : {"#", "::", ":::", "<=>", "\x01", " - ", "12345678;"}) {
    const rows expected{{"u", "i", 2}, {"v", "j", 3}};
    const std::string text = "u" + d + "i" + d + "2\nv" + d + "j" + d + "3";
    CHECK_MESSAGE(rows_of_text(text, {.delimiter = d}) == expected, d);
  }
  CHECK(rows_of_text("a:b::c:d::2", {.delimiter = "::"}) == rows{{"a:b", "c:d", 2}});
}

TEST_CASE("csv: without a header the columns are user, item, rating, time") {
  CHECK(rows_of_text("u,i\n") == rows{{"u", "i"}});
  CHECK(rows_of_text("u,i,2\n") == rows{{"u", "i", 2}});
  CHECK(rows_of_text("u,i,2,3\n") == rows{{"u", "i", 2, 3}});
  CHECK(rows_of_text("u,i,2,3,more,and more\nv,j,4,5\n") ==
        rows{{"u", "i", 2, 3}, {"v", "j", 4, 5}});
  CHECK_FALSE(contents_of_text("u,i,2\n").has_times);
  CHECK_FALSE(contents_of_text("u,i,2,3\n").has_weights);
}

TEST_CASE("csv: finds the columns of a header by their usual names") {
  CHECK(rows_of_text("userId,movieId,rating,timestamp\n1,2,3,4\n") == rows{{"1", "2", 3, 4}});
  CHECK(rows_of_text("time,weight,Rating,Item ID,USER_ID\n4,0.5,3,2,1\n") ==
        rows{{"1", "2", 3, 4, 0.5F}});
  CHECK(rows_of_text("uid;note;iid;stars\n1;x;2;3\n") == rows{{"1", "2", 3}});
  CHECK(rows_of_text("user,item\n1,2\n") == rows{{"1", "2"}});
  CHECK(rows_of_text("\"user\",\"item\"\n1,2\n") == rows{{"1", "2"}});
  CHECK(contents_of_text("time,weight,rating,item,user\n4,0.5,3,2,1\n").has_weights);
}

TEST_CASE("csv: a header is detected, or is what the options say") {
  const csv_options places{.user = 1, .item = 2, .rating = 3};
  CHECK(rows_of_text("from,to,how much\na,b,2\n", places) == rows{{"a", "b", 2}});
  CHECK(rows_of_text("a,b,2\nc,d,3\n", places).size() == 2);
  CHECK(rows_of_text("1,2,3\n4,5,6\n", {.header = csv_header::present, .user = 1, .item = 2}) ==
        rows{{"4", "5"}});
  CHECK(rows_of_text("user,item\na,b\n", {.header = csv_header::absent}) ==
        rows{{"user", "item"}, {"a", "b"}});
}

TEST_CASE("csv: columns by name and by position, mixed") {
  const std::string text = "wer,was,user,rating,wann\n1,2,x,9,5\n";
  CHECK(rows_of_text(text, {.user = "wer", .item = "was", .time = "wann"}) ==
        rows{{"1", "2", 9, 5}});
  CHECK(rows_of_text(text, {.item = 2, .rating = column_choice::none()}) == rows{{"x", "2"}});
  CHECK(rows_of_text(text, {.user = "wer", .item = 2, .rating = 1, .weight = 5}) ==
        rows{{"1", "2", 1, 0, 5}});
  const std::string name = "wer";
  CHECK(rows_of_text(text, {.user = name, .item = 2}) == rows{{"1", "2", 9}});
}

TEST_CASE("csv: a role without a header leaves a column alone that another role has") {
  CHECK(rows_of_text("i,u,2,3\n", {.user = 2, .item = 1}) == rows{{"u", "i", 2, 3}});
  CHECK(rows_of_text("u,i,9,2\n", {.rating = 4}) == rows{{"u", "i", 2}});
  CHECK(rows_of_text("u,i,2,3\n", {.time = column_choice::none(), .weight = 4}) ==
        rows{{"u", "i", 2, 0, 3}});
}

TEST_CASE("csv: quoted fields hold delimiters, line ends and doubled quotes") {
  CHECK(rows_of_text("\"a,b\",\"c\nd\",\"2\"\n\"e\"\"f\"\"\",\"\"\"\",3\n") ==
        rows{{"a,b", "c\nd", 2}, {"e\"f\"", "\"", 3}});
  CHECK(rows_of_text("\"a::b\"::\"c\r\n\r\nd\"::2::\"7\"\r\n", {.delimiter = "::"}) ==
        rows{{"a::b", "c\r\n\r\nd", 2, 7}});
  CHECK(rows_of_text("x,y,3\n\"last\",\"row\",\"2\"") == rows{{"x", "y", 3}, {"last", "row", 2}});
}

TEST_CASE("csv: a quote inside a field is a character") {
  CHECK(rows_of_text("12\" vinyl,a\"b,2\n") == rows{{"12\" vinyl", "a\"b", 2}});
  CHECK(rows_of_text("\"a\",\"b,2\n", {.quoted = false}) == rows{{"\"a\"", "\"b", 2}});
}

TEST_CASE("csv: lines are counted over quoted line ends, headers and blank lines") {
  const auto all = contents_of_text(
      "\r\n\n user ,item,\"rating\n\"\n\n1,2,3\n\n\"a\nb\",2,3\n \t\n5,6,x\n7,8,9");
  CHECK(all.lines == std::vector<std::uint64_t>{6, 8, 12});
  REQUIRE(all.rejected.size() == 1);
  CHECK(all.rejected[0].line == 11);
}

TEST_CASE("csv: line ends LF and CRLF, and none at the end") {
  for (const std::string end : {"\n", "\r\n"}) {
    CHECK(rows_of_text("1,2,3" + end + "4,5,6" + end) == rows{{"1", "2", 3}, {"4", "5", 6}});
    CHECK(rows_of_text("1,2,3" + end + "4,5,6") == rows{{"1", "2", 3}, {"4", "5", 6}});
    CHECK(rows_of_text("user,item" + end + "a,b" + end + end + "\"c\",\"d\"" + end + end) ==
          rows{{"a", "b"}, {"c", "d"}});
  }
  CHECK(rows_of_text("1,2,3\r") == rows{{"1", "2", 3}});
  CHECK(rows_of_text("a\rb,2,3\n") == rows{{"a\rb", "2", 3}});
}

TEST_CASE("csv: a byte order mark is no part of the first field") {
  CHECK(rows_of_text("\xEF\xBB\xBFuser,item\n1,2\n") == rows{{"1", "2"}});
  CHECK(rows_of_text("\xEF\xBB\xBF\"a\",b,2\n") == rows{{"a", "b", 2}});
}

TEST_CASE("csv: spaces around a field are dropped unless it is quoted") {
  CHECK(rows_of_text(" 1 ,  b c ,  2.5 , 7 \n") == rows{{"1", "b c", 2.5F, 7}});
  CHECK(rows_of_text("\" 1 \",\" b\",2\n") == rows{{" 1 ", " b", 2}});
}

TEST_CASE("csv: ids are integers until one is not") {
  rating_batch batch;
  auto source = csv_source::from_text("1,-9223372036854775808,1\n\"22\",9223372036854775807,1\n");
  REQUIRE(source.next(batch));
  CHECK(batch.users.integers == std::vector<std::int64_t>{1, 22});
  CHECK(batch.items.integers == std::vector<std::int64_t>{INT64_MIN, INT64_MAX});
  CHECK_FALSE(source.next(batch));
  CHECK(batch.size() == 0);

  CHECK(rows_of_text("1,-0,1\n007,9223372036854775808,1\n-5,+3,1\n") ==
        rows{{"1", "-0"}, {"007", "9223372036854775808"}, {"-5", "+3"}});
}

TEST_CASE("csv: numbers as people write them") {
  for (const std::string number :
       {"3", "3.0", "+3", "3.", "0.3e1", "30e-1", "3.0000000000000", "00000000003", "3.00000000"}) {
    const source_row expected{"u", "i", 3};
    CHECK_MESSAGE(rows_of_text("u,i," + number + "\n").at(0) == expected, number);
  }
  CHECK(rows_of_text("u,i,-.5\n") == rows{{"u", "i", -0.5F}});
  CHECK(rows_of_text("u,i,16777217\n") == rows{{"u", "i", 16777216}});
  CHECK(rows_of_text("u,i,0.1\n") == rows{{"u", "i", 0.1F}});
}

TEST_CASE("csv: times as numbers and as dates") {
  CHECK(rows_of_text("u,i,1,1260759144.9\nu,j,1,2009-12-14\nu,k,1,2009-12-14 02:52:24\n"
                     "u,l,1,2009-12-14T03:52:24+01:00\n") == rows{{"u", "i", 1, 1260759144},
                                                                  {"u", "j", 1, 1260748800},
                                                                  {"u", "k", 1, 1260759144},
                                                                  {"u", "l", 1, 1260759144}});
  CHECK(rows_of_text("u,i,1,1433221332117\n", {.ticks_per_second = 1000}) ==
        rows{{"u", "i", 1, 1433221332}});
  CHECK_FALSE(contents_of_text("u,i,1,junk\n", {.time = column_choice::none()}).has_times);
}

TEST_CASE("csv: reads a file and through a reader") {
  const temporary_folder folder;
  const std::string path = folder.write("ratings.dat", two_rows("::"));
  csv_source file(path);
  CHECK(file.name() == path);
  CHECK(contents_of(file).rows == two);

  for (const std::size_t portion : {1U, 5U, 1000U}) {
    csv_source pipe(trickle_reader(two_rows("\t"), portion));
    CHECK(pipe.name() == "pipe");
    CHECK(contents_of(std::move(pipe)).rows == two);
  }
}

TEST_CASE("csv: a moved source goes on where it was") {
  csv_source first = csv_source::from_text("1,2,3\n4,5,6\n7,8,9\n", {.piece_bytes = 1});
  rating_batch batch;
  REQUIRE(first.next(batch));
  csv_source second = std::move(first);
  CHECK(contents_of(second).rows == rows{{"4", "5", 6}, {"7", "8", 9}});
  CHECK_FALSE(second.next(batch));
}

TEST_CASE("csv: load reads ratings, times and weights") {
  load_report report;
  const dataset data = load(csv_source::from_text("user,item,rating,time,weight\n"
                                                  "ann,x,4,10,1\nbob,y,2,20,0.5\nann,x,5,30,2\n"),
                            {}, report);
  CHECK(data.size() == 2);
  CHECK(report.rows_read == 3);
  CHECK(report.duplicates == 1);
  CHECK(data.users().find("ann") == 0);
  CHECK(data.by_user(0).values()[0] == 5);
  CHECK(data.times_of(0)[0] == 30);
  CHECK(data.weights_of(1)[0] == 0.5F);
  CHECK_THROWS_WITH_AS(static_cast<void>(load(csv_source::from_text("7,x,4\n8,x,1\n7,x,5\n"),
                                              {.duplicates = duplicate_policy::error})),
                       "text: user '7' rates item 'x' more than once", data_error);
}

}  // namespace kindred::csv_test
