#include <kindred/core/error.hpp>
#include <kindred/data/select.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

#include "support.hpp"

namespace kindred::select_test {

using namespace test;

TEST_CASE("select_rows: the marked rows and no others, under the ids of the whole") {
  for (const std::size_t rows : {1U, 30U, 5000U, 300000U}) {
    const dataset data = random_dataset(rows, 900, 700, rows);
    const counter_rng rng(rows);
    std::vector<std::uint8_t> keep;
    std::vector<rating> expected;
    for (const rating& r : ratings_of(data)) {
      keep.push_back(static_cast<std::uint8_t>(rng.below(keep.size(), 3)));
      if (keep.back() != 0) expected.push_back(r);
    }
    const dataset part = select_rows(data, keep);
    CHECK(ratings_of(part) == expected);
    CHECK(part.users().text().data() == data.users().text().data());
    CHECK(part.items().text().data() == data.items().text().data());
    // Everything else, columns and mean included, is as if it had been built from these rows.
    rating_columns columns;
    for (const rating& r : expected) {
      columns.users.push_back(r.user);
      columns.items.push_back(r.item);
      columns.values.push_back(r.value);
      columns.times.push_back(r.time);
      columns.weights.push_back(r.weight);
    }
    CHECK(same(part, make_dataset(data.users(), data.items(), columns)));
  }
}

TEST_CASE("select_rows: all, none, of nothing") {
  const dataset data = random_dataset(2000, 50, 60, 1);
  CHECK(same(select_rows(data, std::vector<std::uint8_t>(data.size(), 1)), data));
  const dataset none = select_rows(data, std::vector<std::uint8_t>(data.size(), 0));
  CHECK(none.empty());
  CHECK(none.num_users() == 50);
  CHECK(none.mean() == 0);
  CHECK(select_rows(dataset(), {}).empty());
}

TEST_CASE("select_rows: refuses another number of marks") {
  CHECK_THROWS_WITH_AS(
      static_cast<void>(select_rows(random_dataset(1, 1, 1, 1), std::vector<std::uint8_t>(2))),
      "select_rows: 2 marks for 1 ratings", data_error);
}

}  // namespace kindred::select_test
