#include <doctest/doctest.h>

#include <kindred/evaluate/beyond_accuracy.hpp>

#include "ranking_scenario.hpp"

#include <cmath>
#include <vector>

namespace kindred::beyond_accuracy_test {

namespace {

using kindred::index;
using kindred::item_popularity;
using kindred::test::interactions;
using list = std::vector<index>;

}  // namespace

// The examples that RecTools documents, with users and items counted from 0.

TEST_CASE("novelty agrees with the example of RecTools") {
  const item_popularity known(interactions(3, 3, {{0, 0}, {0, 1}, {1, 0}, {2, 0}}));
  CHECK(mean_inverse_user_frequency(list{2}, known) == doctest::Approx(1.5849625));
  CHECK(mean_inverse_user_frequency(list{1, 2}, known) == doctest::Approx(1.5849625));
  CHECK(mean_inverse_user_frequency(list{0}, known) == 0);
  CHECK(mean_inverse_user_frequency(list{0, 1}, known) == doctest::Approx(0.79248125));
}

TEST_CASE("average popularity agrees with the example of RecTools") {
  const item_popularity known(interactions(3, 3, {{0, 0}, {0, 1}, {1, 0}, {1, 2}, {2, 0}, {2, 1}}));
  CHECK(average_popularity(list{0, 1}, known) == 2.5);
  CHECK(average_popularity(list{2, 0, 1}, known) == 2);
  CHECK(average_popularity(list{2, 1}, known) == 1.5);
}

TEST_CASE("serendipity agrees with the example of RecTools") {
  const item_popularity known(interactions(4, 4, {{0, 0}, {0, 1}, {1, 0}, {1, 1}, {2, 0}}));
  CHECK(serendipity_of(list{0}, list{1, 2}, known) == 0);
  CHECK(serendipity_of(list{0, 1}, list{1, 2}, known) == 0);
  CHECK(serendipity_of(list{1}, list{1, 2}, known) == 0.25);
  CHECK(serendipity_of(list{1, 2}, list{1, 2}, known) == 0.5);
  CHECK(serendipity_of(list{2}, {}, known) == 0);
  CHECK(serendipity_of(list{1, 2}, list{1}, known) == 0.125);
}

TEST_CASE("items with as many ratings are as popular") {
  const item_popularity known(interactions(2, 4, {{0, 0}, {1, 0}, {0, 1}, {0, 2}}));
  CHECK(known.popular_chance(0) == 1);
  CHECK(known.popular_chance(1) == 0.75);
  CHECK(known.popular_chance(2) == 0.75);
  CHECK(known.popular_chance(3) == 0);
}

TEST_CASE("nothing is known without ratings") {
  const item_popularity known(interactions(2, 3, {}));
  CHECK(known.inverse_user_frequency(1) == 0);
  CHECK(known.count(1) == 0);
  CHECK(known.popular_chance(1) == 0);
}

TEST_CASE("diversity is the mean distance of two items of a list") {
  const auto apart = [](index a, index b) { return std::abs(static_cast<double>(a - b)); };
  CHECK(intra_list_diversity(list{7}, apart) == 0);
  CHECK(intra_list_diversity(list{3, 1}, apart) == 2);
  CHECK(intra_list_diversity(list{1, 2, 4}, apart) == doctest::Approx((1 + 3 + 2) / 3.0));
  CHECK(intra_list_diversity(list{5, 0, 9}, [](index, index) { return 0.5; }) == 0.5);
}

TEST_CASE("coverage and Gini of cases worked by hand") {
  CHECK(catalogue_coverage(list{0, 3, 1, 0}) == 0.5);
  CHECK(gini_index({4, 4, 4}) == 0);
  CHECK(gini_index({0, 0, 0, 9}) == 1);
  CHECK(gini_index({3, 1}) == doctest::Approx(0.5));
  CHECK(gini_index({2, 1, 3}) == doctest::Approx((-2.0 * 1 + 0.0 * 2 + 2.0 * 3) / 6 / 2));
  CHECK(gini_index({0, 0}) == 0);
  CHECK(gini_index({5}) == 0);
}

}  // namespace kindred::beyond_accuracy_test
