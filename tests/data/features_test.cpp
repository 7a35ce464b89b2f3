#include <kindred/core/error.hpp>
#include <kindred/data/calendar.hpp>
#include <kindred/data/features.hpp>

#include <doctest/doctest.h>

#include "feature_support.hpp"

namespace kindred::features_test {

using namespace test;

namespace {

void check(const feature_set& features) { check_options(features); }

}  // namespace

TEST_CASE("features: what is sound is taken") {
  check({});
  check({.users = {few_users()}});
  check({.users = {few_users(), {{"age"}, {"city", 3}, {.name = "tags", .buckets = 9}}},
         .context = {{"weekend", weekend()}, {"season", season()}}});
}

TEST_CASE("features: a column that the table lacks is named, with its side") {
  CHECK_THROWS_WITH_AS(check({.users = {few_users(), {{"age"}, {"income"}}}}),
                       "users: no feature column 'income'; there are: age, city, tags, bio",
                       data_error);
  CHECK_THROWS_WITH_AS(check({.items = {feature_table(5), {{"genres"}}}}),
                       "items: no feature column 'genres'; there are: none", data_error);
}

TEST_CASE("features: nothing is selected twice") {
  CHECK_THROWS_WITH_AS(check({.items = {few_users(), {{"age"}, {"city"}, {"age"}}}}),
                       "items: feature column 'age' is selected twice", data_error);
  CHECK_THROWS_WITH_AS(check({.context = {{"when", weekend()}, {"when", season()}}}),
                       "context 'when' is selected twice", data_error);
}

TEST_CASE("features: options out of range are refused, with side and column") {
  CHECK_THROWS_WITH_AS(check({.users = {few_users(), {{"city", 0}}}}),
                       "option min_count of users column 'city' = 0 is not in [1, 2147483647]",
                       option_error);
  CHECK_THROWS_WITH_AS(check({.items = {few_users(), {{.name = "bio", .buckets = -1}}}}),
                       "option buckets of items column 'bio' = -1 is not in [0, 2147483647]",
                       option_error);
  CHECK_THROWS_WITH_AS(check({.users = {few_users(), {{.name = "age", .buckets = 5}}}}),
                       "option buckets of users column 'age' = 5 is not in {0}: it is numeric",
                       option_error);
}

}  // namespace kindred::features_test
