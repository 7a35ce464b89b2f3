#include <kindred/model/concepts.hpp>
#include <kindred/model/ease.hpp>

#include <doctest/doctest.h>

#include <Eigen/Dense>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

#include "../data/support.hpp"
#include "item_model_checks.hpp"
#include "linear_reference.hpp"

// Inside the namespace, since POSIX has a global function called index.
namespace kindred::ease_test {

static_assert(ranking_model<ease<>>);
static_assert(item_similarity_model<ease<>>);
static_assert(!rating_model<ease<>>);

namespace {

template <class Scalar>
Eigen::MatrixXd weights_of(const ease<Scalar>& model) {
  const Eigen::Index items = model.num_items();
  Eigen::MatrixXd weights(items, items);
  for (index i = 0; i < model.num_items(); ++i)
    for (Eigen::Index j = 0; j < items; ++j)
      weights(i, j) = static_cast<double>(model.weights(i)[static_cast<std::size_t>(j)]);
  return weights;
}

}  // namespace

TEST_CASE("ease weighs two items by hand") {
  // Three users have item 0, two of them item 1.
  const std::vector<index> users = {0, 0, 1, 1, 2};
  const std::vector<index> items = {0, 1, 0, 1, 0};
  const std::vector<float> values = {3, 4, 5, 1, 2};
  const dataset train =
      make_dataset(test::numbered_ids(3), test::numbered_ids(2), users, items, values);
  ease<> model{{.regularization = 5}};
  model.fit(train);
  CHECK(model.weights(0)[1] == doctest::Approx(2.0 / (3 + 5)));
  CHECK(model.weights(1)[0] == doctest::Approx(2.0 / (2 + 5)));
  ease<> dropout{{.regularization = 5, .dropout = 0.5}};
  dropout.fit(train);
  CHECK(dropout.weights(0)[1] == doctest::Approx(2.0 / (3 + 5 + 3)));
  CHECK(dropout.weights(1)[0] == doctest::Approx(2.0 / (2 + 5 + 2)));
  ease<> by_rating{{.regularization = 5, .values = interaction_value::rating}};
  by_rating.fit(train);
  CHECK(by_rating.weights(0)[1] == doctest::Approx(17.0 / (38 + 5)));
  CHECK(by_rating.weights(1)[0] == doctest::Approx(17.0 / (17 + 5)));
}

TEST_CASE_TEMPLATE("ease is where its objective has no slope", Scalar, float, double) {
  // The second half has so few users that their side is the cheaper one.
  for (const auto& [rows, users, items] : {std::tuple<std::size_t, index, index>{2000, 97, 43},
                                           {20000, 500, 577},
                                           {3000, 31, 577},
                                           {50, 1, 90}})
    for (const auto values : {interaction_value::one, interaction_value::rating})
      for (const double dropout : {0.0, 0.3}) {
        const dataset train = test::plain_dataset(rows, users, items, 1);
        CAPTURE(train.num_items());
        ease<Scalar> model{{.regularization = 20, .dropout = dropout, .values = values}};
        model.fit(train);
        const Eigen::MatrixXd weights = weights_of(model);
        CHECK(weights.diagonal().cwiseAbs().maxCoeff() == 0);
        const Eigen::MatrixXd x = test::interactions(train, values);
        const Eigen::MatrixXd gram = x.transpose() * x;
        const Eigen::VectorXd penalties =
            (gram.diagonal() * (dropout / (1 - dropout))).array() + 20;
        // The Lagrange multipliers of diag B = 0 are free; everywhere else the slope is zero.
        Eigen::MatrixXd slope = gram * weights - gram;
        slope += penalties.asDiagonal() * weights;
        slope.diagonal().setZero();
        const double precision = static_cast<double>(std::numeric_limits<Scalar>::epsilon());
        CHECK(slope.cwiseAbs().maxCoeff() < 30 * precision * gram.maxCoeff());
      }
}

TEST_CASE_TEMPLATE("ease scores by the product of interactions and weights", Scalar, float,
                   double) {
  const dataset train = test::plain_dataset(3000, 31, 1100, 1);
  for (const auto values : {interaction_value::one, interaction_value::rating}) {
    ease<Scalar> model{{.regularization = 20, .values = values}};
    model.fit(train);
    test::check_linear_scores(model, train, test::interactions(train, values) * weights_of(model));
    test::check_similar_items(model, weights_of(model));
  }
}

TEST_CASE("ease reports the errors of its reconstruction") {
  const dataset train = test::plain_dataset(700, 31, 43, 3);
  const dataset validation = test::plain_dataset(90, 40, 50, 4);
  for (const auto values : {interaction_value::one, interaction_value::rating})
    for (const double dropout : {0.0, 0.3}) {
      ease<double> model{{.regularization = 5, .dropout = dropout, .values = values}};
      const fit_history history = model.fit(train, {.validation = validation});
      test::check_linear_reports(history, test::interactions(train, values), weights_of(model),
                                 validation);
    }
}

TEST_CASE("ease refuses more items than it may have, and a penalty that rounding swallows") {
  const dataset train = test::plain_dataset(700, 31, 43, 3);
  try {
    ease<> model{{.max_items = 42}};
    model.fit(train);
    FAIL("43 items were accepted");
  } catch (const data_error& error) {
    CHECK(std::string(error.what()) ==
          "ease: 43 items are more than max_items = 42; their weights would take 0 MB");
  }
  // Two items that all users have; and from the users' side, an item of one user's own.
  rating_columns twins;
  for (index row = 0; row < 40000; ++row) {
    twins.users.push_back(row / 2);
    twins.items.push_back(row % 2);
    twins.values.push_back(1);
  }
  rating_columns loner;
  for (index item = 0; item < 100; ++item) {
    loner.users.push_back(item == 0 ? 0 : 1);
    loner.items.push_back(item);
    loner.values.push_back(1);
  }
  const auto refuses = [](const dataset& data, double regularization) {
    ease<> single{{.regularization = regularization}};
    CHECK_THROWS_AS(single.fit(data), data_error);
    ease<double> twice{{.regularization = regularization}};
    twice.fit(data);
    CHECK(twice.weights(0)[0] == 0);
  };
  refuses(make_dataset(test::numbered_ids(20000), test::numbered_ids(2), std::move(twins)), 1e-4);
  refuses(make_dataset(test::numbered_ids(2), test::numbered_ids(100), std::move(loner)), 1e-9);
}

TEST_CASE("ease answers with numbers whatever the data") {
  for (const dataset& train : test::odd_datasets())
    for (const auto values : {interaction_value::one, interaction_value::rating}) {
      ease<> model{{.values = values}};
      model.fit(train);
      CHECK(test::all_finite(model));
    }
}

TEST_CASE("ease keeps to what all models keep to") {
  for (const auto& train :
       {test::plain_dataset(20000, 43, 597, 1), test::plain_dataset(5000, 97, 43, 1),
        test::plain_dataset(31, 1, 31, 2)})
    test::check_same_bits_everywhere(ease<>(), train);
  test::check_failed_fits(ease<>());
  test::check_round_trip(ease<>{{.regularization = 3.5, .dropout = 0.25, .max_items = 100}});
  test::check_round_trip(ease<double>{{.values = interaction_value::rating}});
  for (const double bad : {0.0, -1.0, 1e12, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_AS(ease<>({.regularization = bad}), option_error);
  for (const double bad : {-0.1, 1.0, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_AS(ease<>({.dropout = bad}), option_error);
  CHECK_THROWS_AS(ease<>({.values = static_cast<interaction_value>(2)}), option_error);
  CHECK_THROWS_AS(ease<>({.max_items = 0}), option_error);
}

TEST_CASE("ease refuses a file whose parts do not fit") {
  ease<> model;
  model.fit(test::plain_dataset(100, 10, 12, 1));
  CHECK(!test::refuses<float>(model, "weights", 3, 2));
  for (const index bad : {-1, 12, 1000000})
    CHECK(test::refuses<index>(model, "rated_items", 0, bad));
  CHECK(test::refuses<index>(model, "rated_offsets", 1, 1000));
  CHECK(test::refuses<index>(model, "rated_offsets", 1, -1));
}

}  // namespace kindred::ease_test
