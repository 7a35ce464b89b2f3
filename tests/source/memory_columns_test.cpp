#include <kindred/core/error.hpp>
#include <kindred/data/load.hpp>
#include <kindred/source/memory.hpp>
#include <kindred/source/memory_columns.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "support.hpp"

namespace kindred::memory_columns_test {

using namespace test;

TEST_CASE("memory columns: rows of what stands at one place") {
  const std::vector<std::string> users{"ann", "bob", "ann"};
  const int items[] = {7, 8, 9};
  std::vector<float> stars{4.5F, 2, 1};
  const std::vector<std::int64_t> times{100, 200, 300};
  CHECK(contents_of(memory_source{memory_columns{users, items}}).rows ==
        std::vector<source_row>{{"ann", "7"}, {"bob", "8"}, {"ann", "9"}});

  const memory_columns columns{users, std::span(items), std::span(stars), times};
  stars[0] = 3;
  const std::vector<source_row> expected{
      {"ann", "7", 3, 100}, {"bob", "8", 2, 200}, {"ann", "9", 1, 300}};
  CHECK(contents_of(memory_source{columns}).rows == expected);
  CHECK(contents_of(memory_source{columns}).rows == expected);
  CHECK(load(memory_source{columns}).size() == 3);
}

TEST_CASE("memory columns: a range like others") {
  const std::vector<int> users{1, 2};
  const std::vector<int> items{3, 4};
  const memory_columns columns{users, items};
  static_assert(std::input_iterator<decltype(columns.begin())>);
  CHECK(std::distance(columns.begin(), columns.end()) == 2);
  CHECK(*columns.begin()++ == std::tuple(1, 3));
  CHECK(*++columns.begin() == std::tuple(2, 4));
}

TEST_CASE("memory columns: none, or of several lengths") {
  const std::vector<int> none;
  const std::vector<int> one{1};
  CHECK(contents_of(memory_source{memory_columns{none, none}}).rows.empty());
  CHECK_THROWS_WITH_AS((memory_columns{one, one, none}), "rating columns differ in length",
                       data_error);
}

}  // namespace kindred::memory_columns_test
