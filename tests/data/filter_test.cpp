#include <kindred/core/error.hpp>
#include <kindred/data/filter.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "support.hpp"

namespace kindred::filter_test {

using namespace test;

namespace {

using named = std::tuple<std::string, std::string, float, std::int64_t, float>;

/// Ratings by the ids of user and item, which outlive a renumbering.
std::vector<named> named_ratings(const dataset& data) {
  std::vector<named> result;
  for (const rating& r : ratings_of(data))
    result.emplace_back(data.users().id(r.user), data.items().id(r.item), r.value, r.time,
                        r.weight);
  return result;
}

/// Whether every id has ratings and the columns hold what the rows do.
bool is_sound(const dataset& data) {
  rating_columns columns;
  for (const rating& r : ratings_of(data)) {
    columns.users.push_back(r.user);
    columns.items.push_back(r.item);
    columns.values.push_back(r.value);
    if (data.has_times()) columns.times.push_back(r.time);
    if (data.has_weights()) columns.weights.push_back(r.weight);
  }
  bool rated = true;
  for (index u = 0; u < data.num_users(); ++u) rated = rated && !data.by_user(u).empty();
  for (index i = 0; i < data.num_items(); ++i) rated = rated && !data.by_item(i).empty();
  return rated && same(data, make_dataset(data.users(), data.items(), std::move(columns)));
}

/// Taking away, over and over, what has too few; slow and obvious.
std::vector<rating> core_by_force(std::vector<rating> ratings, const dataset& data, index k) {
  for (;;) {
    std::vector<index> users(static_cast<std::size_t>(data.num_users()));
    std::vector<index> items(static_cast<std::size_t>(data.num_items()));
    for (const rating& r : ratings) {
      ++users[static_cast<std::size_t>(r.user)];
      ++items[static_cast<std::size_t>(r.item)];
    }
    const auto removed = std::erase_if(ratings, [&](const rating& r) {
      return users[static_cast<std::size_t>(r.user)] < k ||
             items[static_cast<std::size_t>(r.item)] < k;
    });
    if (removed == 0) return ratings;
  }
}

std::vector<named> names_of(const std::vector<rating>& ratings, const dataset& data) {
  std::vector<named> result;
  for (const rating& r : ratings)
    result.emplace_back(data.users().id(r.user), data.items().id(r.item), r.value, r.time,
                        r.weight);
  return result;
}

}  // namespace

TEST_CASE("drop_unrated: ids close up, ratings stay") {
  const dataset data = random_dataset(400, 900, 700, 3);
  const dataset closed = drop_unrated(data);
  CHECK(closed.num_users() < data.num_users());
  CHECK(closed.num_items() < data.num_items());
  CHECK(named_ratings(closed) == named_ratings(data));
  CHECK(is_sound(closed));
  CHECK(closed.row_values().data() == data.row_values().data());
  CHECK(same(drop_unrated(closed), closed));
  CHECK(drop_unrated(dataset()).empty());
  CHECK(
      drop_unrated(make_dataset(numbered_ids(3), numbered_ids(2), rating_columns{})).num_users() ==
      0);
}

TEST_CASE("filter_rows: what the predicate keeps, with the ids of the whole") {
  const dataset data = random_dataset(100000, 300, 400, 7);
  std::vector<rating> high;
  std::vector<rating> late;
  for (const rating& r : ratings_of(data)) {
    if (r.value >= 4 && r.user != r.item) high.push_back(r);
    if (r.time > 600) late.push_back(r);
  }
  const auto is_high = [](index u, index i, float value) { return value >= 4 && u != i; };
  const auto is_late = [](index, index, float, std::int64_t time) { return time > 600; };
  CHECK(ratings_of(filter_rows(data, is_high)) == high);
  CHECK(ratings_of(filter_rows(data, is_late)) == late);
  CHECK(filter_rows(data, is_late).num_users() == 300);
  CHECK(filter_rows(dataset(), is_late).empty());

  rating_columns timeless{{0}, {0}, {1}, {}, {}};
  const dataset one = make_dataset(numbered_ids(1), numbered_ids(1), timeless);
  CHECK_THROWS_AS(static_cast<void>(filter_rows(one, is_late)), data_error);
}

TEST_CASE("filter_min_counts: counts are those of the data as given") {
  const dataset data = random_dataset(3000, 200, 150, 11);
  for (const auto& least : {min_counts{0, 0}, min_counts{10, 0}, min_counts{0, 25},
                            min_counts{20, 20}, min_counts{5000, 0}}) {
    std::vector<rating> expected;
    for (const rating& r : ratings_of(data))
      if (static_cast<index>(data.by_user(r.user).size()) >= least.user_ratings &&
          static_cast<index>(data.by_item(r.item).size()) >= least.item_ratings)
        expected.push_back(r);
    const dataset filtered = filter_min_counts(data, least);
    CHECK(named_ratings(filtered) == names_of(expected, data));
    CHECK(is_sound(filtered));
  }
  CHECK_THROWS_AS(static_cast<void>(filter_min_counts(data, {.user_ratings = -1})), option_error);
  CHECK_THROWS_AS(static_cast<void>(filter_min_counts(data, {.item_ratings = -1})), option_error);
}

TEST_CASE("k_core: what is left of taking away over and over") {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const dataset data = random_dataset(2500, 150, 200, seed);
    const auto ratings = ratings_of(data);
    for (const index k : {0, 1, 3, 8, 12, 20, 60}) {
      const dataset core = k_core(data, k);
      CHECK(named_ratings(core) == names_of(core_by_force(ratings, data, k), data));
      CHECK(is_sound(core));
    }
  }
}

TEST_CASE("k_core: a chain that falls apart end to end, and a core of one") {
  // User u rates items u and u + 1: only the ends are weak, and they pull all others down.
  rating_columns chain;
  for (index u = 0; u < 1000; ++u)
    for (const index i : {u, u + 1}) {
      chain.users.push_back(u);
      chain.items.push_back(i);
      chain.values.push_back(1);
    }
  const dataset data = make_dataset(numbered_ids(1000), numbered_ids(1001), chain);
  CHECK(k_core(data, 1).size() == 2000);
  CHECK(k_core(data, 2).empty());
  CHECK_THROWS_AS(static_cast<void>(k_core(data, -1)), option_error);
}

}  // namespace kindred::filter_test
