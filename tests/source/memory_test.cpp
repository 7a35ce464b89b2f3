#include <kindred/core/error.hpp>
#include <kindred/data/load.hpp>
#include <kindred/source/memory.hpp>

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "support.hpp"

namespace kindred::memory_test {

using namespace test;

namespace {

using rows = std::vector<source_row>;

template <class... Arguments>
rows rows_of(Arguments&&... arguments) {
  source_contents all = contents_of(memory_source{std::forward<Arguments>(arguments)...});
  CHECK(all.rejected.empty());
  for (std::size_t r = 0; r < all.lines.size(); ++r) CHECK(all.lines[r] == r + 1);
  return std::move(all.rows);
}

struct event {
  std::string who;
  int what;
  double stars;
  std::int64_t when;

  [[nodiscard]] std::string shop() const { return "shop " + who; }
};

const std::vector<event> events{{"ann", 7, 4.5, 100}, {"bob", 8, 2, 200}};

constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

/// The numbers 1 .. last, once: its iterator cannot be copied, its end is of another type.
class countdown {
 public:
  explicit countdown(int first) : left_(first) {}

  class iterator {
   public:
    explicit iterator(int& left) : left_(&left) {}
    iterator(iterator&&) = default;
    iterator& operator=(iterator&&) = default;
    std::pair<std::string, int> operator*() const { return {"user", *left_}; }
    iterator& operator++() {
      --*left_;
      return *this;
    }
    friend bool operator==(const iterator& at, std::default_sentinel_t) { return *at.left_ == 0; }

   private:
    int* left_;
  };
  iterator begin() { return iterator(left_); }
  static std::default_sentinel_t end() { return {}; }

 private:
  int left_;
};

}  // namespace

TEST_CASE("memory: tuples of two to five fields") {
  CHECK(rows_of(std::vector{std::tuple("u", 7), std::tuple("v", 8)}) ==
        rows{{"u", "7"}, {"v", "8"}});
  CHECK(rows_of(std::vector{std::tuple("u", 7, 2.5F)}) == rows{{"u", "7", 2.5F}});
  CHECK(rows_of(std::vector{std::tuple("u", 7, 2.5F, 9)}) == rows{{"u", "7", 2.5F, 9}});
  CHECK(rows_of(std::vector{std::tuple("u", 7, 2.5F, 9, 0.5)}) == rows{{"u", "7", 2.5F, 9, 0.5F}});
  CHECK(rows_of(std::vector{std::tuple("u", 7, 1, 9, 1, "more")}) == rows{{"u", "7", 1, 9}});
}

TEST_CASE("memory: whatever is a range of what reads like a tuple") {
  const rows expected{{"1", "2"}, {"3", "4"}};
  using pair = std::pair<int, int>;
  const pair array[] = {{1, 2}, {3, 4}};
  CHECK(rows_of(array) == expected);
  CHECK(rows_of(std::span(array)) == expected);
  CHECK(rows_of(std::list<pair>{{1, 2}, {3, 4}}) == expected);
  CHECK(rows_of(std::map<int, int>{{1, 2}, {3, 4}}) == expected);
  CHECK(rows_of(std::vector<std::array<int, 2>>{{1, 2}, {3, 4}}) == expected);
  CHECK(rows_of(std::array{std::array{1, 2, 5}, std::array{3, 4, 6}}) ==
        rows{{"1", "2", 5}, {"3", "4", 6}});
}

TEST_CASE("memory: an lvalue is referred to, an rvalue taken in") {
  std::vector<std::pair<int, int>> pairs{{1, 2}};
  memory_source reference{pairs};
  memory_source mine{std::vector(pairs)};
  pairs[0] = {3, 4};
  CHECK(contents_of(reference).rows == rows{{"3", "4"}});
  CHECK(contents_of(mine).rows == rows{{"1", "2"}});
  const auto& constant = pairs;
  CHECK(rows_of(constant) == rows{{"3", "4"}});
}

TEST_CASE("memory: structs with the usual members") {
  struct plain {
    int user;
    std::string item;
  };
  CHECK(rows_of(std::vector<plain>{{1, "a"}}) == rows{{"1", "a"}});
  struct full {
    double weight;
    float rating;
    std::int64_t time;
    std::string_view item;
    std::uint8_t user;
  };
  CHECK(rows_of(std::vector<full>{{0.5, 3, 9, "a", 200}}) == rows{{"200", "a", 3, 9, 0.5F}});
  CHECK(rows_of(rows{{"u", "i", 2, 3, 4}}) == rows{{"u", "i", 2, 3, 4}});  // a `value`
  struct weighted {
    int user;
    int item;
    int weight;
  };
  const auto all = contents_of(memory_source{std::vector<weighted>{{1, 2, 3}}});
  CHECK(all.rows == rows{{"1", "2", 1, 0, 3}});
  CHECK(all.has_weights);
  CHECK_FALSE(all.has_times);
}

TEST_CASE("memory: projections") {
  const rows expected{{"ann", "7", 4.5F, 100}, {"bob", "8", 2, 200}};
  CHECK(rows_of(events, &event::who, &event::what, &event::stars, &event::when) == expected);
  CHECK(rows_of(events, [](const event& e) {
          return std::tuple(e.who, e.what, e.stars, e.when);
        }) == expected);
  CHECK(rows_of(events, [](const event& e) {
          return source_row{e.who, std::to_string(e.what), static_cast<float>(e.stars), e.when};
        }) == expected);
  CHECK(rows_of(events, &event::shop, [](const event& e) { return e.what + 1; }) ==
        rows{{"shop ann", "8"}, {"shop bob", "9"}});
  const std::map<std::pair<std::string, int>, double> table{{{"ann", 7}, 4.5}};
  CHECK(rows_of(table, [](const auto& entry) {
          return std::tuple(entry.first.first, entry.first.second, entry.second);
        }) == rows{{"ann", "7", 4.5F}});
}

TEST_CASE("memory: a range that can be read only once") {
  const rows read = rows_of(countdown(3));
  CHECK(read == rows{{"user", "3"}, {"user", "2"}, {"user", "1"}});
  countdown mine(2);
  CHECK(rows_of(mine).size() == 2);
  CHECK(rows_of(mine).empty());
}

TEST_CASE("memory: batches are bounded, and are the rows in order") {
  std::vector<std::pair<int, std::string>> pairs;
  for (int i = 0; i < 40'000; ++i) pairs.emplace_back(i, "item number " + std::to_string(i));
  memory_source source{pairs};
  CHECK(source.name() == "memory");
  rating_batch batch;
  std::size_t row = 0;
  while (source.next(batch)) {
    CHECK(batch.size() <= 16'384);
    for (std::size_t r = 0; r < batch.size(); ++r, ++row) {
      REQUIRE(batch.users.integers[r] == pairs[row].first);
      REQUIRE(batch.items.texts[r] == pairs[row].second);
      REQUIRE(batch.lines[r] == row + 1);
    }
  }
  CHECK(row == pairs.size());
  CHECK(batch.size() == 0);
  CHECK_FALSE(source.next(batch));
}

TEST_CASE("memory: ids are text or any integers") {
  CHECK(rows_of(std::vector{std::pair(INT64_MIN, INT64_MAX)}) ==
        rows{{"-9223372036854775808", "9223372036854775807"}});
  const std::string text = "a view of it";
  CHECK(rows_of(std::vector{std::pair(std::string_view(text).substr(2, 4), "c string")}) ==
        rows{{"view", "c string"}});
}

TEST_CASE("memory: an unsigned id beyond 64 bits with a sign is text, with all of its batch") {
  std::vector<std::pair<std::uint64_t, int>> pairs(20'000, {7, 1});
  pairs[1].first = UINT64_MAX;
  pairs[2].first = std::uint64_t{1} << 63;
  memory_source source{pairs};
  rating_batch batch;
  REQUIRE(source.next(batch));
  CHECK(batch.users.integers.empty());
  CHECK(batch.users.texts[0] == "7");
  CHECK(batch.users.texts[1] == "18446744073709551615");
  CHECK(batch.users.texts[2] == "9223372036854775808");
  CHECK(batch.users.texts[3] == "7");
  REQUIRE(source.next(batch));
  CHECK(batch.users.integers[0] == 7);
  const dataset data = load(memory_source{pairs});
  CHECK(data.num_users() == 3);
  CHECK(data.users().find(UINT64_MAX) == 1);
}

TEST_CASE("memory: times of the system's clock") {
  using namespace std::chrono;
  const sys_days day = 2009y / December / 14;
  CHECK(rows_of(std::vector{std::tuple(1, 2, 3, day)}) == rows{{"1", "2", 3, 1260748800}});
  CHECK(rows_of(std::vector{std::tuple(1, 2, 3, sys_seconds(1260759144s))}) ==
        rows{{"1", "2", 3, 1260759144}});
  CHECK(rows_of(std::vector{std::tuple(1, 2, 3, sys_time<milliseconds>(-1ms))}) ==
        rows{{"1", "2", 3, -1}});
}

TEST_CASE("memory: ratings of any arithmetic type") {
  CHECK(rows_of(std::vector{std::tuple(1, 2, true, 3, 2.5L)}) == rows{{"1", "2", 1, 3, 2.5F}});
  CHECK(rows_of(std::vector{std::tuple(1, 2, 0.1)}) == rows{{"1", "2", 0.1F}});
  CHECK(rows_of(std::vector{std::tuple(1, 2, -std::int8_t{5})}) == rows{{"1", "2", -5}});
}

TEST_CASE("memory: bad rows are reported as those of a CSV file") {
  const std::vector<std::tuple<std::string, std::string, double, int, double>> mixed{
      {"u", "i", 1, 2, 3},   {"", "i", 1, 2, 3},         {"u", "", 1, 2, 3},
      {"u", "i", nan, 2, 3}, {"u", "i", infinity, 2, 3}, {"u", "i", -1e+300, 2, 3},
      {"u", "i", 1, 2, 0},   {"u", "i", 1, 2, -0.5},     {"u", "i", 1, 2, nan},
      {"", "i", nan, 2, 0},  {"v", "j", 4, 5, 6}};
  const csv_options as_tuples{.header = csv_header::absent, .weight = 5};
  const auto expected = contents_of_text(
      "u,i,1,2,3\n,i,1,2,3\nu,,1,2,3\nu,i,nan,2,3\nu,i,inf,2,3\nu,i,-1e+300,2,3\nu,i,1,2,0\n"
      "u,i,1,2,-0.5\nu,i,1,2,nan\n,i,nan,2,0\nv,j,4,5,6\n",
      as_tuples);
  REQUIRE(expected.rejected.size() == 9);
  CHECK(contents_of(memory_source{mixed}) == expected);
}

TEST_CASE("memory: a time beyond 64 bits is a bad row") {
  const auto all = contents_of(memory_source{std::vector{std::tuple(1, 2, 3, UINT64_MAX)}});
  REQUIRE(all.rejected.size() == 1);
  CHECK(all.rejected[0].line == 1);
  CHECK(all.rejected[0].column == 4);
  CHECK(all.rejected[0].value == "18446744073709551615");
  CHECK(all.rejected[0].reason == "time is out of range");
}

TEST_CASE("memory: load takes ratings, merges duplicates and names bad rows") {
  std::vector<std::tuple<std::string, int, float>> table{
      {"ann", 7, 4}, {"bob", 7, 1}, {"ann", 7, 5}};
  load_report report;
  const dataset data = load(memory_source{table}, {}, report);
  CHECK(data.size() == 2);
  CHECK(report.duplicates == 1);
  CHECK(data.by_user(0).values()[0] == 5);
  CHECK(data.items().find(7) == 0);
  CHECK_THROWS_WITH_AS(
      static_cast<void>(load(memory_source{table}, {.duplicates = duplicate_policy::error})),
      "memory: user 'ann' rates item '7' more than once", data_error);

  std::get<float>(table[1]) = nan;
  CHECK_THROWS_WITH_AS(static_cast<void>(load(memory_source{table})),
                       "memory:2, column 3: rating is not finite: 'nan'", format_error);
  CHECK(load(memory_source{table}, {.bad_rows = bad_row_policy::skip}).size() == 1);
}

TEST_CASE("memory: nothing to read") {
  const std::vector<std::pair<int, int>> none;
  CHECK(rows_of(none).empty());
  CHECK_THROWS_WITH_AS(static_cast<void>(load(memory_source{none})), "memory: no usable ratings",
                       data_error);
}

}  // namespace kindred::memory_test
