#include <kindred/model/baseline.hpp>
#include <kindred/model/matrix_factorization.hpp>
#include <kindred/model/stacked_hybrid.hpp>
#include <kindred/model/weighted_hybrid.hpp>

#include <doctest/doctest.h>

#include <Eigen/QR>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <vector>

#include "rating_table.hpp"

namespace kindred::stacked_hybrid_test {

using test::noisy;
using test::rating_table;
using test::ratings_of_table;
using test::table_of;

static_assert(rating_model<stacked_hybrid<rating_table, baseline_model>>);
static_assert(ranking_model<stacked_hybrid<rating_table, baseline_model>>);

namespace {

constexpr index users = 60;
constexpr index items = 50;
constexpr stacking_options constant{.user_ratings = false, .item_ratings = false};
constexpr stacking_options unpenalised{.blend = {.regularization = 0}};

/// Training ratings in every number: user 0 and item 0 have none, the last ones the most.
bool trained(index u, index i) { return u + i >= users; }
bool held_out(index u, index i) { return !trained(u, i) || (u + i) % 5 == 0; }

rating_table truth() {
  const counter_rng rng(1);
  return table_of(users, items, [&](index u, index i) {
    return 3 + rng.normal(static_cast<std::uint64_t>(u * items + i));
  });
}

double log_of(std::size_t count) { return std::log(1 + static_cast<double>(count)); }

template <class Model>
double mse(const Model& model, const dataset& ratings) {
  double sum = 0;
  for (const auto& r : test::ratings_of(ratings))
    sum += std::pow(double{r.value} - double{model.predict(r.user, r.item)}, 2);
  return sum / static_cast<double>(ratings.size());
}

}  // namespace

TEST_CASE("with no feature but the constant, stacking is the weighted hybrid") {
  const rating_table goal = truth();
  const dataset train = ratings_of_table(goal, trained);
  const dataset validation = ratings_of_table(goal, held_out);
  stacked_hybrid stacked{constant, noisy(goal, 0.5, 2), noisy(goal, 1, 3)};
  weighted_hybrid weighted{noisy(goal, 0.5, 2), noisy(goal, 1, 3)};
  stacked.fit_weights(train, validation);
  weighted.fit_weights(validation);
  for (index u = -1; u < users; ++u) {
    CHECK(test::scores_of(stacked, u)[3] == doctest::Approx(test::scores_of(weighted, u)[3]));
    CHECK(stacked.predict(u, 4) == doctest::Approx(weighted.predict(u, 4)));
    for (std::size_t m = 0; m < 3; ++m)
      CHECK(stacked.weights(u, 7)[m] == doctest::Approx(weighted.weights()[m]));
  }
}

TEST_CASE("a stacked hybrid begins as the mean of its models") {
  const stacked_hybrid hybrid{table_of(2, 3, [](index u, index i) { return u + i; }),
                              table_of(2, 3, [](index, index i) { return 4 * i; })};
  CHECK(hybrid.weights(1, 2) == std::array{0.0, 0.5, 0.5});
  CHECK(test::scores_of(hybrid, 1) == std::vector<float>{0.5, 3, 5.5});
  CHECK(hybrid.num_users() == 2);
  CHECK(hybrid.num_items() == 3);
}

TEST_CASE("the weights are those of ridge regression on products of features and predictions") {
  const rating_table goal = truth();
  const std::array models = {noisy(goal, 0.5, 2), noisy(goal, 1, 3)};
  const dataset train = ratings_of_table(goal, trained);
  const dataset validation = ratings_of_table(goal, held_out);
  stacked_hybrid hybrid{unpenalised, models[0], models[1]};
  hybrid.fit_weights(train, validation);

  const auto rows = static_cast<Eigen::Index>(validation.size());
  Eigen::MatrixXd system(rows, 9);
  Eigen::VectorXd right(rows);
  const auto logs_of = [&](index u, index i) {
    return std::array{1.0, log_of(train.by_user(u).size()), log_of(train.by_item(i).size())};
  };
  Eigen::Index row = 0;
  for (const auto& r : test::ratings_of(validation)) {
    for (int f = 0; f < 3; ++f) {
      const double feature = logs_of(r.user, r.item)[static_cast<std::size_t>(f)];
      system(row, 3 * f) = feature;
      for (int m = 0; m < 2; ++m)
        system(row, 3 * f + m + 1) =
            feature * double{models[static_cast<std::size_t>(m)].predict(r.user, r.item)};
    }
    right[row++] = double{r.value};
  }
  const Eigen::VectorXd solution = system.colPivHouseholderQr().solve(right);
  for (const index u : {0, 20, 59})
    for (const index i : {0, 30, 49})
      for (int m = 0; m < 3; ++m) {
        double expected = 0;
        for (int f = 0; f < 3; ++f)
          expected += logs_of(u, i)[static_cast<std::size_t>(f)] * solution[3 * f + m];
        CHECK(hybrid.weights(u, i)[static_cast<std::size_t>(m)] ==
              doctest::Approx(expected).epsilon(1e-5));
      }
}

TEST_CASE("a model that is good for well-known users is trusted on them alone") {
  const rating_table goal = truth();
  const counter_rng rng(5);
  const rating_table learning = table_of(users, items, [&](index u, index i) {
    return double{goal.predict(u, i)} +
           rng.normal(static_cast<std::uint64_t>(u * items + i)) * (u < users / 2 ? 2.0 : 0.1);
  });
  const rating_table steady = noisy(goal, 0.6, 3);
  const dataset train =
      ratings_of_table(goal, [](index u, index i) { return u >= users / 2 || i == 0; });
  const dataset validation = ratings_of_table(goal, held_out);
  stacked_hybrid stacked{learning, steady};
  weighted_hybrid weighted{learning, steady};
  stacked.fit_weights(train, validation);
  weighted.fit_weights(validation);
  CHECK(stacked.weights(59, 25)[1] > stacked.weights(59, 25)[2]);
  CHECK(stacked.weights(1, 25)[1] < stacked.weights(1, 25)[2]);
  CHECK(mse(stacked, ratings_of_table(goal)) < 0.7 * mse(weighted, ratings_of_table(goal)));
}

TEST_CASE("an unknown user or item has no ratings") {
  const rating_table goal = truth();
  stacked_hybrid hybrid{unpenalised, noisy(goal, 0.5, 2), noisy(goal, 1, 3)};
  hybrid.fit_weights(ratings_of_table(goal, trained), ratings_of_table(goal, held_out));
  CHECK(hybrid.weights(unknown_index, 0) == hybrid.weights(0, 0));
  CHECK(hybrid.weights(users, items) == hybrid.weights(0, 0));
  CHECK(std::isfinite(hybrid.predict(unknown_index, unknown_index)));
}

TEST_CASE("fitting a stacked hybrid fits its models on all and counts all") {
  const dataset train = test::random_dataset(3000, 60, 40, 3);
  stacked_hybrid hybrid{matrix_factorization<>{{.factors = 4, .epochs = 5}}, baseline_model{}};
  hybrid.fit(train);
  const auto [rest, held] = split_random(train, {.test_fraction = 0.1, .seed = 42});
  matrix_factorization<> mf{{.factors = 4, .epochs = 5}};
  baseline_model baseline;
  mf.fit(rest);
  baseline.fit(rest);
  stacked_hybrid by_hand{mf, baseline};
  by_hand.fit_weights(rest, held);
  CHECK(hybrid.weights(unknown_index, unknown_index) ==
        by_hand.weights(unknown_index, unknown_index));
  mf.fit(train);
  CHECK(hybrid.part<0>().predict(3, 4) == mf.predict(3, 4));
  CHECK(hybrid.weights(0, 0) != by_hand.weights(0, 0));  // of more ratings
}

TEST_CASE("a stacked hybrid has the same bits on any number of threads") {
  const dataset train = test::random_dataset(20'000, 900, 80, 3);
  const auto fitted = [&] {
    stacked_hybrid hybrid{matrix_factorization<>{{.factors = 4, .epochs = 3}}, baseline_model{}};
    hybrid.fit(train);
    return hybrid;
  };
  const auto one = test::on_threads(1, fitted);
  const auto many = test::on_threads(8, fitted);
  CHECK(many.weights(3, 4) == one.weights(3, 4));
  CHECK(test::scores_of(many, 5) == test::scores_of(one, 5));
}

TEST_CASE("a stacked hybrid refuses what it cannot combine, and stays as it was") {
  const rating_table goal = truth();
  const dataset ratings = ratings_of_table(goal);
  CHECK_THROWS_AS((stacked_hybrid{goal, baseline_model{}}), data_error);
  CHECK_THROWS_AS((stacked_hybrid{{.blend = {.regularization = -1}}, goal, goal}), option_error);
  stacked_hybrid unfitted{baseline_model{}, baseline_model{}};
  CHECK_THROWS_AS(unfitted.fit_weights(ratings, ratings), not_fitted_error);

  stacked_hybrid hybrid{goal, noisy(goal, 1, 2)};
  hybrid.fit_weights(ratings, ratings);
  const auto weights = hybrid.weights(3, 4);
  CHECK_THROWS_AS(hybrid.fit_weights(dataset(), dataset()), data_error);
  CHECK(hybrid.weights(3, 4) == weights);
}

}  // namespace kindred::stacked_hybrid_test
