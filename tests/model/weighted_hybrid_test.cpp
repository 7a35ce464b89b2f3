#include <kindred/model/baseline.hpp>
#include <kindred/model/matrix_factorization.hpp>
#include <kindred/model/popularity.hpp>
#include <kindred/model/weighted_hybrid.hpp>

#include <doctest/doctest.h>

#include <Eigen/QR>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stop_token>
#include <vector>

#include "../ml_100k.hpp"
#include "rating_table.hpp"

namespace kindred::weighted_hybrid_test {

using test::noisy;
using test::rating_table;
using test::ratings_of_table;
using test::table_of;

static_assert(rating_model<weighted_hybrid<rating_table, baseline_model>>);
static_assert(ranking_model<weighted_hybrid<rating_table, baseline_model>>);
static_assert(rating_model<weighted_hybrid<matrix_factorization<>, baseline_model, rating_table>>);

namespace {

constexpr index users = 60;
constexpr index items = 50;

rating_table truth() {
  const counter_rng rng(1);
  return table_of(users, items, [&](index u, index i) {
    return 3 + rng.normal(static_cast<std::uint64_t>(u * items + i));
  });
}

template <class Model>
double mse(const Model& model, const dataset& ratings) {
  double sum = 0;
  for (const auto& r : test::ratings_of(ratings))
    sum += std::pow(double{r.value} - double{model.predict(r.user, r.item)}, 2);
  return sum / static_cast<double>(ratings.size());
}

/// w_0 and the weights by orthogonal decomposition of the whole system, the penalty as further
/// rows.
template <std::size_t Models>
Eigen::VectorXd by_decomposition(const std::array<rating_table, Models>& models,
                                 const dataset& ratings, double penalty) {
  const auto rows = static_cast<Eigen::Index>(ratings.size());
  constexpr auto count = static_cast<Eigen::Index>(Models);
  Eigen::MatrixXd system = Eigen::MatrixXd::Zero(rows + count, count + 1);
  Eigen::VectorXd right(rows + count);
  Eigen::Index row = 0;
  for (const auto& r : test::ratings_of(ratings)) {
    system(row, 0) = 1;
    for (Eigen::Index m = 0; m < count; ++m)
      system(row, m + 1) =
          static_cast<double>(models[static_cast<std::size_t>(m)].predict(r.user, r.item));
    right[row++] = double{r.value};
  }
  for (Eigen::Index m = 0; m < count; ++m) {
    system(row, m + 1) = std::sqrt(penalty);
    right[row++] = std::sqrt(penalty) / static_cast<double>(count);
  }
  return system.colPivHouseholderQr().solve(right);
}

}  // namespace

TEST_CASE("a weighted hybrid begins as the mean of its models") {
  const weighted_hybrid hybrid{table_of(2, 3, [](index u, index i) { return u + i; }),
                               table_of(2, 3, [](index, index i) { return 4 * i; })};
  CHECK(hybrid.weights() == std::array{0.0, 0.5, 0.5});
  CHECK(hybrid.predict(1, 2) == 5.5F);
  CHECK(hybrid.num_users() == 2);
  CHECK(hybrid.num_items() == 3);
  CHECK(test::scores_of(hybrid, 1) == std::vector<float>{0.5, 3, 5.5});
  CHECK(hybrid.predict(unknown_index, 7) == 0);  // the fallback of both
}

TEST_CASE("weights can be given") {
  weighted_hybrid hybrid{table_of(1, 1, [](index, index) { return 2; }),
                         table_of(1, 1, [](index, index) { return 5; })};
  hybrid.set_weights({3, -0.5});
  CHECK(hybrid.weights() == std::array{0.0, 3.0, -0.5});
  CHECK(hybrid.predict(0, 0) == 3.5F);
  CHECK_THROWS_AS(hybrid.set_weights({1, std::nan("")}), option_error);
  CHECK(hybrid.weights() == std::array{0.0, 3.0, -0.5});
}

TEST_CASE("the weights are those of ridge regression") {
  const rating_table goal = truth();
  const std::array models = {noisy(goal, 0.5, 2), noisy(goal, 1, 3), noisy(goal, 0.2, 4)};
  const dataset ratings = ratings_of_table(goal, [](index u, index i) { return (u + i) % 3 > 0; });
  for (const double penalty : {0.0, 1.0, 300.0}) {
    weighted_hybrid hybrid{{.regularization = penalty}, models[0], models[1], models[2]};
    hybrid.fit_weights(ratings);
    const auto expected = by_decomposition(models, ratings, penalty);
    for (std::size_t m = 0; m < 4; ++m)
      CHECK(hybrid.weights()[m] ==
            doctest::Approx(expected[static_cast<Eigen::Index>(m)]).epsilon(1e-6));
  }
}

TEST_CASE("weights that are exact are found") {
  const rating_table a = truth();
  const rating_table b = noisy(truth(), 1, 5);
  const rating_table goal = table_of(
      users, items, [&](index u, index i) { return 0.5F + 2 * a.predict(u, i) - b.predict(u, i); });
  weighted_hybrid hybrid{{.regularization = 0}, a, b};
  hybrid.fit_weights(ratings_of_table(goal));
  CHECK(hybrid.weights()[0] == doctest::Approx(0.5).epsilon(1e-5));
  CHECK(hybrid.weights()[1] == doctest::Approx(2).epsilon(1e-5));
  CHECK(hybrid.weights()[2] == doctest::Approx(-1).epsilon(1e-5));
}

TEST_CASE("models with independent errors are weighed by their precision and beat the best") {
  // With errors of variance s and t around a goal of variance v, the weights are in the ratio t : s
  // and the error falls from the lesser of the two to 1 / (1 / v + 1 / s + 1 / t).
  const rating_table goal = truth();
  const dataset ratings = ratings_of_table(goal);
  weighted_hybrid hybrid{noisy(goal, 0.4, 2), noisy(goal, 0.8, 3)};
  hybrid.fit_weights(ratings);
  CHECK(hybrid.weights()[1] / hybrid.weights()[2] == doctest::Approx(4).epsilon(0.1));
  CHECK(mse(hybrid, ratings) == doctest::Approx(1 / (1 + 1 / 0.16 + 1 / 0.64)).epsilon(0.05));
  CHECK(mse(hybrid, ratings) < mse(hybrid.part<0>(), ratings));
}

TEST_CASE("without a penalty no model alone does better on what the weights were fitted to") {
  for (std::uint64_t seed = 10; seed < 30; ++seed) {
    const rating_table goal = truth();
    const dataset ratings =
        ratings_of_table(goal, [&](index u, index i) { return (u + 7 * i) % 11 == 0; });
    weighted_hybrid hybrid{{.regularization = 0},
                           noisy(goal, 0.3, seed),
                           noisy(goal, 0.3, 99),
                           noisy(noisy(goal, 0.3, 99), 0.01, seed),
                           truth()};
    hybrid.fit_weights(ratings);
    const double combined = mse(hybrid, ratings) - 1e-9;
    CHECK(combined <= mse(hybrid.part<0>(), ratings));
    CHECK(combined <= mse(hybrid.part<1>(), ratings));
    CHECK(combined <= mse(hybrid.part<2>(), ratings));
    CHECK(combined <= mse(hybrid.part<3>(), ratings));
  }
}

TEST_CASE("a great penalty keeps the weights equal") {
  const rating_table goal = truth();
  weighted_hybrid hybrid{{.regularization = 1e11}, noisy(goal, 0.1, 2), noisy(goal, 2, 3)};
  hybrid.fit_weights(ratings_of_table(goal));
  CHECK(hybrid.weights()[1] == doctest::Approx(0.5).epsilon(1e-6));
  CHECK(hybrid.weights()[2] == doctest::Approx(0.5).epsilon(1e-6));
}

TEST_CASE("models that say the same, or always one thing, leave the weights finite") {
  const rating_table goal = truth();
  const rating_table same = noisy(goal, 0.5, 2);
  const rating_table flat = table_of(users, items, [](index, index) { return 3; });
  const dataset ratings = ratings_of_table(goal);
  weighted_hybrid pair{{.regularization = 0}, same, flat};
  pair.fit_weights(ratings);
  weighted_hybrid triple{{.regularization = 0}, same, same, flat};
  triple.fit_weights(ratings);
  CHECK(triple.weights()[1] == doctest::Approx(triple.weights()[2]).epsilon(1e-4));
  for (index u = 0; u < users; ++u)
    CHECK(triple.predict(u, 0) == doctest::Approx(pair.predict(u, 0)).epsilon(1e-4));
}

TEST_CASE("predictions are held to the range of the ratings, scores are not") {
  const rating_table wide = table_of(users, items, [](index u, index i) { return u + i; });
  weighted_hybrid hybrid{wide, noisy(wide, 0.01, 2)};
  CHECK(hybrid.predict(59, 49) > 100);
  hybrid.fit_weights(
      ratings_of_table(wide, [](index u, index i) { return u + i > 30 && u + i < 50; }));
  CHECK(hybrid.predict(0, 0) == 31);
  CHECK(hybrid.predict(59, 49) == 49);
  CHECK(test::scores_of(hybrid, 59)[49] > 100);
}

TEST_CASE("fitting a hybrid fits its models on all and its weights on what was held out") {
  const dataset train = test::random_dataset(3000, 60, 40, 3);
  const blend_options options{.regularization = 2, .held_out = 0.2, .seed = 9};
  const matrix_factorization<> mf{{.factors = 4, .epochs = 5}};
  weighted_hybrid hybrid{options, mf, baseline_model{}};
  hybrid.fit(train);

  const auto [rest, held] = split_random(train, {.test_fraction = 0.2, .seed = 9});
  auto expected_mf = mf;
  baseline_model expected_baseline;
  expected_mf.fit(rest);
  expected_baseline.fit(rest);
  weighted_hybrid expected{options, expected_mf, expected_baseline};
  expected.fit_weights(held);
  CHECK(hybrid.weights() == expected.weights());
  expected_mf.fit(train);
  expected_baseline.fit(train);
  for (index i = 0; i < 40; ++i) {
    CHECK(hybrid.part<0>().predict(3, i) == expected_mf.predict(3, i));
    CHECK(hybrid.part<1>().predict(3, i) == expected_baseline.predict(3, i));
  }
}

TEST_CASE("the weights are fitted on the validation set where there is one") {
  const dataset data = test::random_dataset(3000, 60, 40, 3);
  const auto [train, validation] = split_random(data);
  weighted_hybrid hybrid{matrix_factorization<>{{.factors = 4}}, baseline_model{}};
  fit_options fit;
  fit.validation = validation;
  hybrid.fit(train, fit);
  matrix_factorization<> mf{{.factors = 4}};
  baseline_model baseline;
  mf.fit(train);
  baseline.fit(train);
  weighted_hybrid expected{mf, baseline};
  expected.fit_weights(validation);
  CHECK(hybrid.weights() == expected.weights());
}

TEST_CASE("a weighted hybrid has the same bits on any number of threads") {
  const dataset train = test::random_dataset(20'000, 900, 80, 3);
  const auto fitted = [&] {
    weighted_hybrid hybrid{matrix_factorization<>{{.factors = 4, .epochs = 3}}, baseline_model{}};
    hybrid.fit(train);
    return hybrid;
  };
  const auto one = test::on_threads(1, fitted);
  for (const int threads : {2, 8}) {
    const auto many = test::on_threads(threads, fitted);
    CHECK(many.weights() == one.weights());
    CHECK(test::scores_of(many, 5) == test::scores_of(one, 5));
  }
}

TEST_CASE("a fit that fails leaves the hybrid as it was") {
  const dataset train = test::random_dataset(2000, 60, 40, 3);
  weighted_hybrid hybrid{matrix_factorization<>{{.factors = 4}}, baseline_model{}};
  hybrid.fit(train);
  const auto weights = hybrid.weights();
  const auto scores = test::scores_of(hybrid, 0);
  fit_options stopped;
  std::stop_source source;
  source.request_stop();
  stopped.stop = source.get_token();
  CHECK_THROWS_AS(hybrid.fit(test::random_dataset(900, 60, 40, 4), stopped), cancelled);
  CHECK_THROWS_AS(hybrid.fit(dataset()), data_error);
  CHECK(hybrid.weights() == weights);
  CHECK(test::scores_of(hybrid, 0) == scores);
}

TEST_CASE("a weighted hybrid refuses what it cannot combine") {
  const rating_table goal = truth();
  const dataset ratings = ratings_of_table(goal);
  CHECK_THROWS_WITH_AS((weighted_hybrid{goal, table_of(60, 51, [](index, index) { return 0; })}),
                       "weighted_hybrid: sizes differ: 60 users and 50 items, 60 and "
                       "51",
                       data_error);
  CHECK_THROWS_AS((weighted_hybrid{goal, baseline_model{}}), data_error);  // not fitted yet
  CHECK_THROWS_AS((weighted_hybrid{{.regularization = -1}, goal, goal}), option_error);
  CHECK_THROWS_AS((weighted_hybrid{{.held_out = 0}, goal, goal}), option_error);
  CHECK_THROWS_AS((weighted_hybrid{{.held_out = 1}, goal, goal}), option_error);

  weighted_hybrid unfitted{baseline_model{}, popularity_model{}};
  CHECK_THROWS_AS(unfitted.fit_weights(ratings), not_fitted_error);
  CHECK_THROWS_AS(unfitted.fit(ratings_of_table(goal, [](index u, index i) { return u + i < 1; })),
                  data_error);  // too few to hold any out
  weighted_hybrid hybrid{goal, goal};
  CHECK_THROWS_AS(hybrid.fit_weights(dataset()), data_error);
  rating_table broken = goal;
  broken.values[7] = std::numeric_limits<float>::quiet_NaN();
  weighted_hybrid with_nan{goal, broken};
  CHECK_THROWS_AS(with_nan.fit_weights(ratings), data_error);
  CHECK(with_nan.weights() == std::array{0.0, 0.5, 0.5});
}

TEST_CASE("on MovieLens 100K a hybrid is better than its models") {
  const auto folder = test::data_folder();
  if (!folder) {
    MESSAGE("skipped: KINDRED_DATA does not name the folder of the data sets");
    return;
  }
  const dataset train = test::ml_100k(*folder, "u1.base");
  const dataset held_out = test::ml_100k(*folder, "u1.test");
  weighted_hybrid hybrid{matrix_factorization<>{{.factors = 32}},
                         matrix_factorization<>{{.factors = 32, .seed = 1}}, baseline_model{}};
  hybrid.fit(train);
  CHECK(mse(hybrid, held_out) < mse(hybrid.part<0>(), held_out));
  CHECK(mse(hybrid, held_out) < mse(hybrid.part<1>(), held_out));
  CHECK(mse(hybrid, held_out) < mse(hybrid.part<2>(), held_out));
}

}  // namespace kindred::weighted_hybrid_test
