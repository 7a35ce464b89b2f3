#include <doctest/doctest.h>

#include <kindred/data/time_decay.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "support.hpp"

namespace kindred::time_decay_test {

namespace {

using kindred::dataset;
using kindred::weight_by_age;
using kindred::test::rating;
using kindred::test::ratings_of;

constexpr std::chrono::seconds life{100};

dataset ratings() { return kindred::test::random_dataset(3000, 70, 40, 5); }  // times 0 .. 999

dataset with(dataset data, bool times, bool weights) {
  kindred::detail::dataset_storage storage = data.storage();
  if (!times) storage.row_times = {};
  if (!weights) storage.row_weights = {};
  return dataset(storage);
}

/// One user's ratings at these times, without weights.
dataset at_times(const std::vector<std::int64_t>& times) {
  kindred::rating_columns columns;
  for (const auto time : times) {
    columns.users.push_back(0);
    columns.items.push_back(static_cast<kindred::index>(columns.items.size()));
    columns.values.push_back(3);
    columns.times.push_back(time);
  }
  return kindred::make_dataset(kindred::test::numbered_ids(1),
                               kindred::test::numbered_ids(static_cast<int>(times.size())),
                               columns);
}

}  // namespace

TEST_CASE("a weight is halved every half-life, from the latest rating on") {
  const auto weights = weight_by_age(at_times({1000, 900, 800, 950, 0}), {.half_life = life});
  const auto w = weights.row_weights();
  CHECK(w[0] == 1);
  CHECK(w[1] == 0.5F);
  CHECK(w[2] == 0.25F);
  CHECK(w[3] == doctest::Approx(std::sqrt(0.5)).epsilon(1e-7));
  CHECK(w[4] == 0x1p-10F);
}

TEST_CASE("decay multiplies the weights that there are, and nothing else changes") {
  const dataset data = ratings();
  std::vector<rating> expected = ratings_of(data);
  const auto latest = std::max_element(expected.begin(), expected.end(),
                                       [](auto& a, auto& b) { return a.time < b.time; });
  const std::int64_t now = latest->time;
  const std::vector<rating> decayed = ratings_of(weight_by_age(data, {.half_life = life}));
  REQUIRE(decayed.size() == expected.size());
  for (std::size_t row = 0; row < expected.size(); ++row) {
    const double age = static_cast<double>(now - expected[row].time);
    CHECK(decayed[row].weight ==
          doctest::Approx(double{expected[row].weight} * std::pow(2.0, -age / 100)).epsilon(1e-6));
    expected[row].weight = decayed[row].weight;
  }
  CHECK(decayed == expected);
}

TEST_CASE("two decays are one with the sum of their rates") {
  const dataset data = with(ratings(), true, false);
  const auto twice = weight_by_age(weight_by_age(data, {.half_life = life}), {.half_life = life});
  const auto once = weight_by_age(data, {.half_life = life / 2});
  for (std::size_t row = 0; row < data.size(); ++row)
    CHECK(twice.row_weights()[row] == doctest::Approx(once.row_weights()[row]).epsilon(1e-6));
}

TEST_CASE("now can be set; what is later keeps its weight") {
  const auto decayed = weight_by_age(at_times({1000, 900, 800}), {.half_life = life, .now = 900});
  CHECK(decayed.row_weights()[0] == 1);
  CHECK(decayed.row_weights()[1] == 1);
  CHECK(decayed.row_weights()[2] == 0.5F);
}

TEST_CASE("however old, a weight is positive") {
  constexpr auto first = std::numeric_limits<std::int64_t>::min();
  constexpr auto last = std::numeric_limits<std::int64_t>::max();
  const auto decayed = weight_by_age(at_times({last, 0, first}), {.half_life = life});
  CHECK(decayed.row_weights()[0] == 1);
  CHECK(decayed.row_weights()[1] == std::numeric_limits<float>::min());
  CHECK(decayed.row_weights()[2] == std::numeric_limits<float>::min());
}

TEST_CASE("decay needs times and a positive half-life") {
  CHECK_THROWS_WITH_AS((void)weight_by_age(with(ratings(), false, true)),
                       "weight_by_age: the ratings have no times", kindred::data_error);
  CHECK_THROWS_AS((void)weight_by_age(ratings(), {.half_life = std::chrono::seconds(0)}),
                  kindred::option_error);
  CHECK_THROWS_AS((void)weight_by_age(ratings(), {.half_life = std::chrono::seconds(-1)}),
                  kindred::option_error);
  CHECK(weight_by_age(dataset()).empty());
}

}  // namespace kindred::time_decay_test
