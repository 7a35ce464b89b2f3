#include <kindred/core/error.hpp>
#include <kindred/data/split.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "support.hpp"

namespace kindred::split_test {

using namespace test;

namespace {

/// Each rating in exactly one part, times and weights included, and the ids shared.
bool complementary(const dataset& whole, const split& parts) {
  auto ratings = ratings_of(parts.train);
  const auto test = ratings_of(parts.test);
  ratings.insert(ratings.end(), test.begin(), test.end());
  std::sort(ratings.begin(), ratings.end());
  const auto shared = [&](const dataset& part) {
    return part.users().text().data() == whole.users().text().data() &&
           part.items().text().data() == whole.items().text().data();
  };
  return ratings == ratings_of(whole) && shared(parts.train) && shared(parts.test);
}

std::vector<dataset> samples() {
  return {random_dataset(3000, 90, 70, 1), random_dataset(200000, 900, 3000, 2),
          random_dataset(40, 1, 100, 3),   random_dataset(40, 100, 1, 4),
          random_dataset(1, 1, 1, 5),      random_dataset(3, 50, 50, 6)};
}

std::size_t rounded(std::size_t n, double fraction) {
  return static_cast<std::size_t>(std::floor(static_cast<double>(n) * fraction + 0.5));
}

/// What every split must do, however it chooses.
template <class Split>
void check_split(const Split& make) {
  for (const dataset& data : samples()) {
    const split parts = make(data, 1);
    CHECK(complementary(data, parts));
    const split again = make(data, 1);
    CHECK(same(parts.train, again.train));
    CHECK(same(parts.test, again.test));
  }
  const dataset data = random_dataset(200000, 900, 3000, 2);
  const split serial = on_threads(1, [&] { return make(data, 1); });
  const split parallel = on_threads(8, [&] { return make(data, 1); });
  CHECK(same(serial.train, parallel.train));
  CHECK(same(serial.test, parallel.test));
}

template <class Split>
void check_seed_matters(const Split& make) {
  const dataset data = random_dataset(3000, 90, 70, 1);
  // Where the seed only breaks a few ties, two seeds may well agree; nine in a row do not.
  const split first = make(data, 1);
  bool differs = false;
  for (std::uint64_t seed = 2; seed <= 10; ++seed)
    differs = differs || !same(first.test, make(data, seed).test);
  CHECK(differs);
}

template <class Split>
void check_fraction_range(const Split& make) {
  const dataset data = random_dataset(100, 9, 70, 1);
  for (const double fraction : {0.0, 1.0, -0.1, 1.5, std::numeric_limits<double>::quiet_NaN(),
                                std::numeric_limits<double>::infinity()})
    CHECK_THROWS_AS(static_cast<void>(make(data, split_options{.test_fraction = fraction})),
                    option_error);
}

}  // namespace

TEST_CASE("split_random: holds out exactly the fraction") {
  const auto make = [](const dataset& data, std::uint64_t seed) {
    return split_random(data, {.test_fraction = 0.2, .seed = seed});
  };
  check_split(make);
  check_seed_matters(make);
  check_fraction_range(
      [](const auto& data, const auto& options) { return split_random(data, options); });
  for (const dataset& data : samples())
    for (const double fraction : {0.01, 0.2, 0.5, 0.77, 0.999})
      CHECK(split_random(data, {.test_fraction = fraction}).test.size() ==
            rounded(data.size(), fraction));
  CHECK(split_random(dataset()).train.empty());
}

TEST_CASE("split_random: every rating is as likely as every other") {
  const dataset data = random_dataset(60, 10, 10, 8);
  std::vector<int> hits(data.size());
  constexpr int trials = 2000;
  for (std::uint64_t seed = 0; seed < trials; ++seed) {
    const split parts = split_random(data, {.test_fraction = 0.25, .seed = seed});
    const auto all = ratings_of(data);
    for (const rating& r : ratings_of(parts.test))
      ++hits[static_cast<std::size_t>(std::find(all.begin(), all.end(), r) - all.begin())];
  }
  const double p =
      static_cast<double>(rounded(data.size(), 0.25)) / static_cast<double>(data.size());
  const double deviation = std::sqrt(trials * p * (1 - p));
  for (const int hit : hits) CHECK(std::abs(hit - trials * p) < 4.5 * deviation);
}

TEST_CASE("split_by_user: the fraction of each user, never all") {
  const auto make = [](const dataset& data, std::uint64_t seed) {
    return split_by_user(data, {.test_fraction = 0.2, .seed = seed});
  };
  check_split(make);
  check_seed_matters(make);
  check_fraction_range(
      [](const auto& data, const auto& options) { return split_by_user(data, options); });
  for (const dataset& data : samples())
    for (const double fraction : {0.01, 0.2, 0.5, 0.99}) {
      const split parts = split_by_user(data, {.test_fraction = fraction});
      std::size_t wrong = 0;
      for (index u = 0; u < data.num_users(); ++u) {
        const std::size_t n = data.by_user(u).size();
        const std::size_t expected = n == 0 ? 0 : std::min(rounded(n, fraction), n - 1);
        wrong += parts.test.by_user(u).size() != expected ? 1U : 0U;
      }
      CHECK(wrong == 0);
    }
}

TEST_CASE("split_users: whole users") {
  const auto make = [](const dataset& data, std::uint64_t seed) {
    return split_users(data, {.test_fraction = 0.3, .seed = seed});
  };
  check_split(make);
  check_seed_matters(make);
  check_fraction_range(
      [](const auto& data, const auto& options) { return split_users(data, options); });
  for (const dataset& data : samples()) {
    const split parts = make(data, 3);
    std::size_t rated = 0;
    std::size_t held_out = 0;
    std::size_t torn = 0;
    for (index u = 0; u < data.num_users(); ++u) {
      rated += data.by_user(u).empty() ? 0U : 1U;
      held_out += parts.test.by_user(u).empty() ? 0U : 1U;
      torn += !parts.test.by_user(u).empty() && !parts.train.by_user(u).empty() ? 1U : 0U;
    }
    CHECK(torn == 0);
    CHECK(held_out == rounded(rated, 0.3));
  }
}

TEST_CASE("split_leave_one_out: the latest rating of each user with two or more") {
  const auto make = [](const dataset& data, std::uint64_t seed) {
    return split_leave_one_out(data, {.seed = seed});
  };
  check_split(make);
  for (const dataset& data : samples()) {
    const split parts = make(data, 9);
    std::size_t wrong = 0;
    for (index u = 0; u < data.num_users(); ++u) {
      const std::size_t n = data.by_user(u).size();
      wrong += parts.test.by_user(u).size() != (n < 2 ? 0U : 1U) ? 1U : 0U;
      if (n < 2) continue;
      const auto times = data.times_of(u);
      wrong += parts.test.times_of(u)[0] != *std::max_element(times.begin(), times.end()) ? 1U : 0U;
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("split_leave_one_out: at random without times, and among equal times") {
  rating_columns columns;
  for (index item = 0; item < 4; ++item) {
    columns.users.push_back(0);
    columns.items.push_back(item);
    columns.values.push_back(1);
  }
  const auto hits = [](const dataset& data) {
    std::vector<int> count(4);
    for (std::uint64_t seed = 0; seed < 4000; ++seed)
      ++count[static_cast<std::size_t>(
          split_leave_one_out(data, {.seed = seed}).test.row_items()[0])];
    return count;
  };
  // Four and a half standard deviations about what is expected.
  const auto near = [](int got, double expected, double p) {
    return std::abs(got - expected) < 4.5 * std::sqrt(4000 * p * (1 - p));
  };
  const auto timeless = hits(make_dataset(numbered_ids(1), numbered_ids(4), columns));
  for (const int count : timeless) CHECK(near(count, 1000, 0.25));
  columns.times = {7, 9, 8, 9};
  const auto timed = hits(make_dataset(numbered_ids(1), numbered_ids(4), columns));
  CHECK(timed[0] == 0);
  CHECK(timed[2] == 0);
  CHECK(near(timed[1], 2000, 0.5));
  CHECK(near(timed[3], 2000, 0.5));
}

TEST_CASE("split_temporal: the latest ratings, exactly the fraction") {
  const auto make = [](const dataset& data, std::uint64_t seed) {
    return split_temporal(data, {.test_fraction = 0.2, .seed = seed});
  };
  check_split(make);
  check_seed_matters(make);
  check_fraction_range(
      [](const auto& data, const auto& options) { return split_temporal(data, options); });
  for (const dataset& data : samples())
    for (const double fraction : {0.01, 0.2, 0.5, 0.99}) {
      const split parts = split_temporal(data, {.test_fraction = fraction});
      CHECK(parts.test.size() == rounded(data.size(), fraction));
      if (parts.test.empty() || parts.train.empty()) continue;
      const auto train = parts.train.row_times();
      const auto test = parts.test.row_times();
      CHECK(*std::max_element(train.begin(), train.end()) <=
            *std::min_element(test.begin(), test.end()));
    }
}

TEST_CASE("split_at_time: what came before, and the rest") {
  for (const dataset& data : samples())
    for (const std::int64_t time : {-1, 0, 500, 999, 1000}) {
      const split parts = split_at_time(data, time);
      CHECK(complementary(data, parts));
      const auto train = parts.train.row_times();
      const auto test = parts.test.row_times();
      CHECK(std::all_of(train.begin(), train.end(), [&](auto t) { return t < time; }));
      CHECK(std::all_of(test.begin(), test.end(), [&](auto t) { return t >= time; }));
    }
}

TEST_CASE("splits by time need times") {
  const dataset data = make_dataset(numbered_ids(1), numbered_ids(1), std::vector<index>{0},
                                    std::vector<index>{0}, std::vector<float>{1});
  CHECK_THROWS_WITH_AS(static_cast<void>(split_temporal(data)),
                       "split_temporal: the ratings have no times", data_error);
  CHECK_THROWS_WITH_AS(static_cast<void>(split_at_time(data, 3)),
                       "split_at_time: the ratings have no times", data_error);
}

TEST_CASE("k_fold: every rating is tested once, in parts of equal size") {
  for (const dataset& data : samples())
    for (const int folds : {2, 3, 5, 10}) {
      if (data.size() < static_cast<std::size_t>(folds)) continue;
      const auto splits = k_fold(data, {.folds = folds, .seed = 3});
      REQUIRE(splits.size() == static_cast<std::size_t>(folds));
      std::vector<rating> tested;
      for (const split& parts : splits) {
        CHECK(complementary(data, parts));
        CHECK(parts.test.size() >= data.size() / splits.size());
        CHECK(parts.test.size() <= data.size() / splits.size() + 1);
        const auto test = ratings_of(parts.test);
        tested.insert(tested.end(), test.begin(), test.end());
      }
      std::sort(tested.begin(), tested.end());
      CHECK(tested == ratings_of(data));
      CHECK(same(splits[1].test, split_fold(data, 1, {.folds = folds, .seed = 3}).test));
    }
  check_seed_matters([](const dataset& data, std::uint64_t seed) {
    return k_fold(data, {.folds = 3, .seed = seed})[0];
  });
}

TEST_CASE("k_fold: refuses numbers of folds that cannot be") {
  const dataset data = random_dataset(3, 50, 50, 6);
  for (const int folds : {-1, 0, 1})
    CHECK_THROWS_AS(static_cast<void>(k_fold(data, {.folds = folds})), option_error);
  CHECK_THROWS_WITH_AS(static_cast<void>(k_fold(data, {.folds = 4})),
                       "k_fold: 3 ratings for 4 folds", data_error);
  CHECK_THROWS_AS(static_cast<void>(split_fold(data, 3, {.folds = 3})), option_error);
  CHECK_THROWS_AS(static_cast<void>(split_fold(data, -1, {.folds = 3})), option_error);
}

}  // namespace kindred::split_test
