#include <kindred/core/random.hpp>
#include <kindred/model/item_knn.hpp>
#include <kindred/model/user_knn.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "../data/support.hpp"
#include "neighbor_reference.hpp"

namespace kindred::knn_update_test {

namespace {

constexpr index users = 60;
constexpr index items = 50;

/// The first `rows` of a series of ratings, with some users and items more than have ratings.
dataset first_ratings(std::size_t rows, index more_users = 0, index more_items = 0) {
  auto columns = test::random_columns(rows, users, items, 1);
  columns.times.clear();
  return make_dataset(test::numbered_ids(users + more_users),
                      test::numbered_ids(items + more_items), std::move(columns));
}

/// The same with a few more by one user, new or old.
dataset with_ratings_of(const dataset& data, index user, std::uint64_t seed) {
  rating_columns columns;
  for (const test::rating& r : test::ratings_of(data)) {
    columns.users.push_back(r.user);
    columns.items.push_back(r.item);
    columns.values.push_back(r.value);
    columns.weights.push_back(r.weight);
  }
  const counter_rng rng(seed);
  for (std::uint64_t n = 0; n < 3; ++n) {
    columns.users.push_back(user);
    columns.items.push_back(
        static_cast<index>(rng.below(2 * n, static_cast<std::uint32_t>(data.num_items()))));
    columns.values.push_back(static_cast<float>(1 + rng.below(2 * n + 1, 5)));
    columns.weights.push_back(1);
  }
  return make_dataset(data.users(), data.items(), std::move(columns));
}

/// An update from `before` to `after` gives the bits of a fit.
template <class Model>
void check_update(const knn_options& options, const dataset& before, const dataset& after) {
  CAPTURE(static_cast<int>(options.similarity.measure));
  Model updated(options);
  updated.fit(before);
  const Model old = updated;
  updated.update(after);
  Model fitted(options);
  fitted.fit(after);
  CHECK(test::same_bits(updated.neighbors(), fitted.neighbors()));
  CHECK(updated.num_users() == fitted.num_users());
  std::size_t different = 0;
  for (index u = 0; u < after.num_users(); ++u)
    for (index i = 0; i < after.num_items(); ++i)
      different += updated.predict(u, i) == fitted.predict(u, i) ? 0U : 1U;
  CHECK(different == 0);
  CHECK(old.neighbors().size() == static_cast<std::size_t>(Model::side == axis::users
                                                               ? before.num_users()
                                                               : before.num_items()));
}

}  // namespace

TEST_CASE_TEMPLATE("an update has the bits of a fit, for every measure", Model, user_knn,
                   item_knn) {
  const dataset before = first_ratings(900, 2);
  const dataset after = with_ratings_of(before, 7, 2);
  const dataset with_new_user = with_ratings_of(before, users + 1, 3);
  for (const similarity_options& alike : test::all_similarities())
    for (const index most : {0, 4, 30}) {
      const knn_options options{.similarity = alike, .neighbors = most};
      check_update<Model>(options, before, after);
      check_update<Model>(options, before, with_new_user);
    }
}

TEST_CASE_TEMPLATE("an update takes any other ratings, too", Model, user_knn, item_knn) {
  const knn_options options{.similarity = {.shrinkage = 3, .negative = true},
                            .predictor = knn_predictor::baseline,
                            .neighbors = 5};
  const dataset data = first_ratings(900);
  check_update<Model>(options, data, data);
  check_update<Model>(options, data, first_ratings(905));        // some replace others
  check_update<Model>(options, data, first_ratings(903, 4, 3));  // new ids
  check_update<Model>(options, data, first_ratings(2000));
  check_update<Model>(options, data, first_ratings(895));  // fewer ratings
  check_update<Model>(options, first_ratings(900, 5, 5), data);
  check_update<Model>(options, data, test::random_dataset(300, 20, 90, 5));
}

TEST_CASE_TEMPLATE("many updates one after another have the bits of a fit", Model, user_knn,
                   item_knn) {
  const knn_options options{.similarity = {.measure = similarity::adjusted_cosine}, .neighbors = 3};
  dataset data = first_ratings(700);
  Model updated(options);
  updated.fit(data);
  for (index step = 0; step < 25; ++step) {
    data = with_ratings_of(data, (step * 7) % users, static_cast<std::uint64_t>(step) + 10);
    updated.update(data);
    Model fitted(options);
    fitted.fit(data);
    CHECK(test::same_bits(updated.neighbors(), fitted.neighbors()));
  }
}

TEST_CASE("an update has the same bits on any number of threads") {
  const dataset before = test::random_dataset(9000, 400, 300, 6);
  const dataset after = with_ratings_of(before, 11, 7);
  const knn_options options{.similarity = {.measure = similarity::cosine}, .neighbors = 10};
  item_knn fitted(options);
  fitted.fit(after);
  for (const int threads : {1, 2, 8}) {
    item_knn updated(options);
    updated.fit(before);
    test::on_threads(threads, [&] { return updated.update(after); });
    CHECK(test::same_bits(updated.neighbors(), fitted.neighbors()));
  }
}

}  // namespace kindred::knn_update_test
