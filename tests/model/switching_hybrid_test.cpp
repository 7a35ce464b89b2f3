#include <kindred/model/baseline.hpp>
#include <kindred/model/matrix_factorization.hpp>
#include <kindred/model/popularity.hpp>
#include <kindred/model/switching_hybrid.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <span>
#include <stop_token>
#include <vector>

#include "rating_table.hpp"

namespace kindred::switching_hybrid_test {

using test::rating_table;
using test::ratings_of_table;
using test::scores_of;
using test::table_of;

namespace {

struct rating_only {
  [[nodiscard]] index num_users() const noexcept { return 2; }
  [[nodiscard]] index num_items() const noexcept { return 2; }
  [[nodiscard]] float predict(index, index) const noexcept { return 1; }
};

struct ranking_only {
  [[nodiscard]] index num_users() const noexcept { return 2; }
  [[nodiscard]] index num_items() const noexcept { return 2; }
  void score(index, std::span<float> scores) const noexcept { scores[0] = 1; }
};

constexpr index users = 8;
constexpr index items = 6;
const rating_table cold = table_of(users, items, [](index u, index i) { return u + i; });
const rating_table warm = table_of(users, items, [](index u, index i) { return -u - 2 * i; });

/// User u has u ratings, item i has 7 - i.
dataset staircase() {
  return ratings_of_table(cold, [](index u, index i) { return i < u; });
}

}  // namespace

static_assert(rating_model<switching_hybrid<rating_table, baseline_model>>);
static_assert(ranking_model<switching_hybrid<rating_table, baseline_model>>);
static_assert(rating_model<switching_hybrid<rating_only, baseline_model>>);
static_assert(!ranking_model<switching_hybrid<rating_only, baseline_model>>);
static_assert(ranking_model<switching_hybrid<baseline_model, ranking_only>>);
static_assert(!rating_model<switching_hybrid<baseline_model, ranking_only>>);

TEST_CASE("a switching hybrid asks the warm model where user and item have enough ratings") {
  switching_hybrid hybrid{{.min_user_ratings = 3, .min_item_ratings = 4}, cold, warm};
  hybrid.fit_counts(staircase());
  for (index u = 0; u < users; ++u)
    for (index i = 0; i < items; ++i) {
      const bool enough = u >= 3 && 7 - i >= 4;
      CHECK(hybrid.is_warm(u) == (u >= 3));
      CHECK(hybrid.is_warm(u, i) == enough);
      CHECK(hybrid.predict(u, i) == (enough ? warm : cold).predict(u, i));
    }
}

TEST_CASE("a whole ranking is of one model, by what is known of the user") {
  switching_hybrid hybrid{{.min_user_ratings = 3, .min_item_ratings = 4}, cold, warm};
  hybrid.fit_counts(staircase());
  for (index u = 0; u < users; ++u)
    CHECK(scores_of(hybrid, u) == scores_of(u >= 3 ? warm : cold, u));
}

TEST_CASE("of an unknown user or item nothing is known") {
  switching_hybrid hybrid{{.min_user_ratings = 0, .min_item_ratings = 1}, cold, warm};
  hybrid.fit_counts(staircase());
  CHECK(hybrid.is_warm(unknown_index));
  CHECK(hybrid.is_warm(unknown_index, 0));
  for (const index item : {unknown_index, items, std::numeric_limits<index>::max()})
    CHECK_FALSE(hybrid.is_warm(7, item));
  switching_hybrid by_user{{.min_user_ratings = 1, .min_item_ratings = 0}, cold, warm};
  by_user.fit_counts(staircase());
  for (const index user : {unknown_index, users, std::numeric_limits<index>::min()})
    CHECK_FALSE(by_user.is_warm(user, 0));
}

TEST_CASE("before anything is counted all is cold") {
  const switching_hybrid hybrid{cold, warm};
  CHECK(hybrid.options() == switching_options{5, 3});
  CHECK(hybrid.predict(7, 0) == cold.predict(7, 0));
}

TEST_CASE("fitting a switching hybrid fits both models and counts") {
  const dataset train = test::random_dataset(2000, 60, 40, 3);
  switching_hybrid hybrid{popularity_model{}, matrix_factorization<>{{.factors = 4}}};
  hybrid.fit(train);
  matrix_factorization<> mf{{.factors = 4}};
  mf.fit(train);
  popularity_model popularity;
  popularity.fit(train);
  index warm_users = 0;
  for (index u = 0; u < 60; ++u) {
    const bool enough = train.by_user(u).size() >= 5;
    warm_users += enough ? 1 : 0;
    CHECK(scores_of(hybrid, u) == (enough ? scores_of(mf, u) : scores_of(popularity, u)));
  }
  CHECK(warm_users > 0);
  CHECK(hybrid.predict(unknown_index, 3) == popularity.predict(unknown_index, 3));
}

TEST_CASE("switching serves new users better than either model serves all") {
  // Users with one rating, to whom the warm model is a stranger, beside users with many.
  const rating_table truth = table_of(40, 30, [](index u, index i) { return (u * i) % 5 + 1; });
  const rating_table mean = table_of(40, 30, [](index, index i) { return i % 2 + 2.5; });
  const rating_table learner = table_of(
      40, 30, [&](index u, index i) { return u < 20 ? 0.0 : double{truth.predict(u, i)} + 0.25; });
  const auto error = [&](const auto& model) {
    double sum = 0;
    for (index u = 0; u < 40; ++u)
      for (index i = 0; i < 30; ++i) {
        const double e = double{truth.predict(u, i)} - double{model.predict(u, i)};
        sum += e * e;
      }
    return sum;
  };
  switching_hybrid hybrid{mean, learner};
  hybrid.fit_counts(ratings_of_table(truth, [](index u, index i) { return u >= 20 || i == u; }));
  CHECK(error(hybrid) < error(mean));
  CHECK(error(hybrid) < error(learner));
}

TEST_CASE("a switching hybrid refuses what does not fit, and stays as it was") {
  CHECK_THROWS_AS((switching_hybrid{cold, baseline_model{}}), data_error);
  CHECK_THROWS_AS((switching_hybrid{{.min_user_ratings = -1}, cold, warm}), option_error);
  CHECK_THROWS_AS((switching_hybrid{{.min_item_ratings = -1}, cold, warm}), option_error);
  switching_hybrid hybrid{cold, warm};
  hybrid.fit_counts(staircase());
  CHECK_THROWS_WITH_AS(hybrid.fit_counts(test::random_dataset(9, users, items + 1, 1)),
                       "switching_hybrid: sizes differ: 8 users and 6 items, 8 and 7", data_error);
  CHECK(hybrid.is_warm(5, 0));

  switching_hybrid trained{popularity_model{}, baseline_model{}};
  trained.fit(staircase());
  fit_options stopped;
  std::stop_source source;
  source.request_stop();
  stopped.stop = source.get_token();
  CHECK_THROWS_AS(trained.fit(test::random_dataset(90, 20, 20, 1), stopped), cancelled);
  CHECK(trained.num_users() == users);
  CHECK(trained.is_warm(5, 0));
}

}  // namespace kindred::switching_hybrid_test
