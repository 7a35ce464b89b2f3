#include <kindred/core/error.hpp>
#include <kindred/data/build.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "support.hpp"

namespace kindred::build_test {

using namespace test;

namespace {

/// What the policies mean, said plainly.
std::vector<rating> merged(const rating_columns& columns, duplicate_policy policy) {
  std::map<std::pair<index, index>, std::vector<std::size_t>> rows;
  for (std::size_t r = 0; r < columns.size(); ++r)
    rows[{columns.users[r], columns.items[r]}].push_back(r);
  std::vector<rating> result;
  for (const auto& [pair, group] : rows) {
    std::size_t chosen = group.back();
    if (policy == duplicate_policy::first) chosen = group.front();
    if (policy == duplicate_policy::max)
      for (const std::size_t r : group) {
        if (columns.values[r] > columns.values[chosen]) chosen = r;
      }
    float value = columns.values[chosen];
    if (policy == duplicate_policy::max) {
      // The last of the greatest.
      for (const std::size_t r : group)
        if (columns.values[r] == value) chosen = r;
    }
    if (policy == duplicate_policy::mean) {
      double sum = 0;
      for (const std::size_t r : group) sum += double{columns.values[r]};
      value = static_cast<float>(sum / static_cast<double>(group.size()));
    }
    result.push_back(
        {pair.first, pair.second, value, columns.times[chosen], columns.weights[chosen]});
  }
  return result;
}

std::string message_of(const auto& action) {
  try {
    action();
  } catch (const data_error& e) {
    return e.what();
  }
  return "no data_error";
}

}  // namespace

TEST_CASE("make_dataset: rows are what a map of the pairs would hold, under every policy") {
  struct size {
    std::size_t rows;
    index users;
    index items;
  };
  for (const auto& [rows, users, items] :
       {size{1, 1, 1}, size{40, 1, 9}, size{40, 9, 1}, size{597, 43, 31}, size{150000, 700, 300},
        size{200000, 3, 70000}, size{200000, 70000, 3}, size{9, 100000, 100000}}) {
    const auto columns = random_columns(rows, users, items, rows);
    for (const auto policy : {duplicate_policy::last, duplicate_policy::first,
                              duplicate_policy::mean, duplicate_policy::max}) {
      const dataset data = make_dataset(numbered_ids(users), numbered_ids(items), columns, policy);
      CHECK(ratings_of(data) == merged(columns, policy));
    }
  }
}

TEST_CASE("make_dataset: columns hold the rows, by item then user") {
  for (const std::size_t rows : {7U, 500U, 200000U}) {
    const dataset data = random_dataset(rows, 400, 900, 5);
    std::vector<rating> expected;
    for (const rating& r : ratings_of(data)) expected.push_back({r.item, r.user, r.value});
    std::sort(expected.begin(), expected.end());
    std::vector<rating> columns;
    for (index i = 0; i < data.num_items(); ++i)
      for (const auto [user, value] : data.by_item(i)) columns.push_back({i, user, value});
    CHECK(columns == expected);
  }
}

TEST_CASE("make_dataset: mean, least and greatest value") {
  const dataset data = random_dataset(100000, 300, 500, 8);
  const auto values = data.row_values();
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  CHECK(data.mean() == doctest::Approx(sum / static_cast<double>(data.size())).epsilon(1e-12));
  CHECK(data.min_value() == 0.5F);
  CHECK(data.max_value() == 5.0F);
}

TEST_CASE("make_dataset: the same bits on any number of threads") {
  const auto columns = random_columns(400000, 5000, 3000, 3);
  const auto build = [&] {
    return make_dataset(numbered_ids(5000), numbered_ids(3000), columns, duplicate_policy::mean);
  };
  const dataset serial = on_threads(1, build);
  CHECK(same(serial, on_threads(2, build)));
  CHECK(same(serial, on_threads(8, build)));
}

TEST_CASE("make_dataset: no ratings, users and items without ratings") {
  const dataset none = make_dataset({}, {}, rating_columns{});
  CHECK(none.empty());
  CHECK(none.num_users() == 0);
  CHECK(none.user_offsets().size() == 1);
  CHECK(none.item_offsets().size() == 1);

  const dataset quiet = make_dataset(numbered_ids(3), numbered_ids(4), rating_columns{});
  CHECK(quiet.num_users() == 3);
  CHECK(quiet.by_user(2).empty());
  CHECK(quiet.by_item(3).empty());
  CHECK(quiet.mean() == 0);

  const dataset one = make_dataset(numbered_ids(5), numbered_ids(6), std::vector<index>{3},
                                   std::vector<index>{2}, std::vector<float>{4.5F});
  CHECK(ratings_of(one) == std::vector<rating>{{3, 2, 4.5F}});
  CHECK(one.by_user(4).empty());
  CHECK_FALSE(one.has_times());
  CHECK_FALSE(one.has_weights());
}

TEST_CASE("make_dataset: a duplicate under the error policy names its user and item") {
  rating_columns columns{{1, 0, 1}, {0, 1, 0}, {1, 2, 3}, {}, {}};
  CHECK(message_of([&] {
          return make_dataset(ids_of({"ann", "bob"}), ids_of({"x", "y"}), columns,
                              duplicate_policy::error);
        }) == "user 'bob' rates item 'x' more than once");
  columns.items[2] = 1;
  CHECK(make_dataset(numbered_ids(2), numbered_ids(2), columns, duplicate_policy::error).size() ==
        3);
}

TEST_CASE("make_dataset: refuses what a dataset may not hold, naming the first such rating") {
  const float inf = std::numeric_limits<float>::infinity();
  const auto message = [](const auto& spoil) {
    auto columns = random_columns(100000, 10, 20, 1);
    spoil(columns);
    return message_of([&] { return make_dataset(numbered_ids(10), numbered_ids(20), columns); });
  };
  CHECK(message([](auto& c) { c.users.pop_back(); }) == "rating columns differ in length");
  CHECK(message([](auto& c) { c.times.pop_back(); }) == "rating columns differ in length");
  CHECK(message([](auto& c) { c.weights.push_back(1); }) == "rating columns differ in length");
  CHECK(message([](auto& c) { c.users[90000] = c.users[70000] = 10; }) ==
        "rating 70000: user index 10 is not in 0 .. 9");
  CHECK(message([](auto& c) { c.items[5] = -1; }) == "rating 5: item index -1 is not in 0 .. 19");
  CHECK(message([&](auto& c) { c.values[99999] = c.values[7] = inf; }) ==
        "rating 7: value inf is not finite");
  CHECK(message([](auto& c) { c.values[8] = std::numeric_limits<float>::quiet_NaN(); }) ==
        "rating 8: value nan is not finite");
  CHECK(message([](auto& c) { c.weights[9] = 0; }) ==
        "rating 9: weight 0 is not finite and positive");
  CHECK(message([&](auto& c) { c.weights[9] = inf; }) ==
        "rating 9: weight inf is not finite and positive");
  CHECK_NOTHROW(detail::require_rating_count(2147483647));
  CHECK_THROWS_WITH_AS(detail::require_rating_count(2147483648),
                       "2147483648 ratings are more than a dataset holds (2147483647)", data_error);
}

}  // namespace kindred::build_test
