#include <kindred/model/concepts.hpp>
#include <kindred/model/slim.hpp>

#include <doctest/doctest.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <tuple>
#include <vector>

#include "../data/support.hpp"
#include "item_model_checks.hpp"
#include "linear_reference.hpp"

// Inside the namespace, since POSIX has a global function called index.
namespace kindred::slim_test {

static_assert(ranking_model<slim>);
static_assert(item_similarity_model<slim>);
static_assert(!rating_model<slim>);

namespace {

Eigen::MatrixXd weights_of(const slim& model) {
  Eigen::MatrixXd weights = Eigen::MatrixXd::Zero(model.num_items(), model.num_items());
  for (index i = 0; i < model.num_items(); ++i)
    for (const auto [item, weight] : model.weights(i))
      weights(i, item) = static_cast<double>(weight);
  return weights;
}

double objective(const Eigen::MatrixXd& x, const Eigen::MatrixXd& weights,
                 const slim_options& options) {
  return (x - x * weights).squaredNorm() / 2 + options.l2 * weights.squaredNorm() / 2 +
         options.l1 * weights.cwiseAbs().sum();
}

/// By how much the weights miss the conditions of Karush, Kuhn and Tucker, at most.
double violation(const Eigen::MatrixXd& x, const Eigen::MatrixXd& weights,
                 const slim_options& options) {
  const Eigen::MatrixXd gram = x.transpose() * x;
  const Eigen::MatrixXd slope = gram - gram * weights - options.l2 * weights;
  double worst = weights.diagonal().cwiseAbs().maxCoeff();
  for (Eigen::Index j = 0; j < gram.cols(); ++j)
    for (Eigen::Index i = 0; i < gram.rows(); ++i) {
      if (i == j) continue;
      const double w = weights(i, j);
      if (w > 0) worst = std::max(worst, std::abs(slope(i, j) - options.l1));
      if (w < 0) worst = std::max(worst, std::abs(slope(i, j) + options.l1));
      if (w < 0 && options.nonnegative) worst = std::max(worst, -w);
      if (w != 0 || gram(i, j) == 0) continue;
      worst = std::max(worst, slope(i, j) - options.l1);
      if (!options.nonnegative) worst = std::max(worst, -slope(i, j) - options.l1);
    }
  return worst;
}

}  // namespace

TEST_CASE("slim weighs two items by hand") {
  // Three users have item 0, two of them item 1.
  const std::vector<index> users = {0, 0, 1, 1, 2};
  const std::vector<index> items = {0, 1, 0, 1, 0};
  const std::vector<float> values = {3, 4, 5, -5, 2};
  const dataset train =
      make_dataset(test::numbered_ids(3), test::numbered_ids(2), users, items, values);
  slim model{{.l1 = 0.5, .l2 = 5}};
  model.fit(train);
  CHECK(weights_of(model)(0, 1) == doctest::Approx((2 - 0.5) / (3 + 5)));
  CHECK(weights_of(model)(1, 0) == doctest::Approx((2 - 0.5) / (2 + 5)));
  slim strict{{.l1 = 2, .l2 = 5}};
  strict.fit(train);
  CHECK(strict.num_weights() == 0);
  for (const bool nonnegative : {true, false}) {
    slim by_rating{
        {.l1 = 0.5, .l2 = 5, .nonnegative = nonnegative, .values = interaction_value::rating}};
    by_rating.fit(train);
    CHECK(weights_of(by_rating)(0, 1) == doctest::Approx(nonnegative ? 0 : (-13 + 0.5) / (38 + 5)));
  }
}

TEST_CASE("slim meets the conditions of its optimum") {
  // A full matrix of pairs, one whose rows are mostly sparse, and more items than users.
  for (const auto& [rows, users, items] :
       {std::tuple<std::size_t, index, index>{2000, 97, 43}, {1500, 300, 400}, {3000, 60, 150}})
    for (const auto values : {interaction_value::one, interaction_value::rating})
      for (const bool nonnegative : {true, false}) {
        const dataset train = test::plain_dataset(rows, users, items, 1);
        CAPTURE(train.num_items());
        slim model{{.l1 = 0.3,
                    .l2 = 20,
                    .nonnegative = nonnegative,
                    .values = values,
                    .tolerance = 1e-12,
                    .max_sweeps = 100000}};
        model.fit(train);
        const Eigen::MatrixXd x = test::interactions(train, values);
        const double size = (x.transpose() * x).maxCoeff();
        CHECK(violation(x, weights_of(model), model.options()) < 1e-5 * size);
        CHECK(model.num_weights() > 0);
      }
}

TEST_CASE("slim without the first penalty is ridge regression") {
  const dataset train = test::plain_dataset(4000, 97, 43, 1);
  slim model{{.l1 = 0, .l2 = 3, .nonnegative = false, .tolerance = 1e-14, .max_sweeps = 100000}};
  model.fit(train);
  const Eigen::MatrixXd weights = weights_of(model);
  const Eigen::MatrixXd x = test::interactions(train, interaction_value::one);
  const Eigen::MatrixXd gram = x.transpose() * x;
  REQUIRE(gram.minCoeff() > 0);  // so that no pair is left out
  double worst = 0;
  for (Eigen::Index j = 0; j < gram.cols(); ++j) {
    // The target is kept out by a penalty that nothing is worth.
    Eigen::MatrixXd system = gram + 3 * Eigen::MatrixXd::Identity(gram.rows(), gram.cols());
    system(j, j) += 1e15;
    const Eigen::VectorXd exact = system.llt().solve(gram.col(j));
    worst = std::max(worst, (exact - weights.col(j)).cwiseAbs().maxCoeff());
  }
  CHECK(worst < 1e-5);
}

TEST_CASE("more sweeps of slim never raise the objective") {
  const dataset train = test::plain_dataset(3000, 60, 150, 1);
  const Eigen::MatrixXd x = test::interactions(train, interaction_value::one);
  double least = std::numeric_limits<double>::infinity();
  for (const int sweeps : {1, 2, 3, 5, 10, 100, 10000}) {
    slim model{{.l1 = 0.1, .l2 = 1, .tolerance = 1e-12, .max_sweeps = sweeps}};
    model.fit(train);
    const double now = objective(x, weights_of(model), model.options());
    CHECK(now <= least * (1 + 1e-7));
    least = now;
  }
  const double loose = [&] {
    slim model{{.l1 = 0.1, .l2 = 1, .tolerance = 1e-4}};
    model.fit(train);
    return objective(x, weights_of(model), model.options());
  }();
  CHECK(loose < least * 1.001);
}

TEST_CASE("slim scores by the product of interactions and weights") {
  const dataset train = test::plain_dataset(3000, 31, 300, 1);
  for (const auto values : {interaction_value::one, interaction_value::rating}) {
    slim model{{.l1 = 1, .l2 = 20, .values = values}};
    model.fit(train);
    test::check_linear_scores(model, train, test::interactions(train, values) * weights_of(model));
    test::check_similar_items(model, weights_of(model));
  }
}

TEST_CASE("slim reports the errors of its reconstruction") {
  const dataset train = test::plain_dataset(700, 31, 43, 3);
  const dataset validation = test::plain_dataset(90, 40, 50, 4);
  for (const auto values : {interaction_value::one, interaction_value::rating})
    for (const double l1 : {0.0, 0.5}) {
      slim model{{.l1 = l1, .l2 = 5, .nonnegative = l1 > 0, .values = values}};
      const fit_history history = model.fit(train, {.validation = validation});
      test::check_linear_reports(history, test::interactions(train, values), weights_of(model),
                                 validation);
    }
}

TEST_CASE("slim answers with numbers whatever the data") {
  for (const dataset& train : test::odd_datasets())
    for (const auto values : {interaction_value::one, interaction_value::rating})
      for (const bool nonnegative : {true, false}) {
        slim model{{.l1 = 0, .l2 = 0.1, .nonnegative = nonnegative, .values = values}};
        model.fit(train);
        CHECK(test::all_finite(model));
      }
}

TEST_CASE("slim keeps to what all models keep to") {
  for (const auto& train :
       {test::plain_dataset(20000, 597, 43, 1), test::plain_dataset(2000, 97, 300, 1),
        test::plain_dataset(31, 1, 31, 2)})
    test::check_same_bits_everywhere(slim(), train);
  test::check_failed_fits(slim());
  test::check_round_trip(slim{{.l1 = 0.25, .l2 = 2, .nonnegative = false, .max_sweeps = 7}});
  test::check_round_trip(slim{{.values = interaction_value::rating, .tolerance = 1e-3}});
  for (const double bad : {-1.0, 1e12, std::numeric_limits<double>::quiet_NaN()}) {
    CHECK_THROWS_AS(slim({.l1 = bad}), option_error);
    CHECK_THROWS_AS(slim({.l2 = bad}), option_error);
  }
  CHECK_THROWS_AS(slim({.l1 = 0, .l2 = 0}), option_error);
  for (const double bad : {0.0, 1.0, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_AS(slim({.tolerance = bad}), option_error);
  CHECK_THROWS_AS(slim({.max_sweeps = 0}), option_error);
  CHECK_THROWS_AS(slim({.values = static_cast<interaction_value>(2)}), option_error);
}

TEST_CASE("slim refuses a file whose parts do not fit") {
  slim model{{.l1 = 0.1, .l2 = 1}};
  model.fit(test::plain_dataset(100, 10, 12, 1));
  REQUIRE(model.num_weights() > 3);
  CHECK(!test::refuses<float>(model, "weights", 0, 1));
  for (const index bad : {-1, 12, 1000000}) {
    CHECK(test::refuses<index>(model, "weight_items", 0, bad));
    CHECK(test::refuses<index>(model, "rated_items", 0, bad));
  }
  CHECK(test::refuses<std::uint64_t>(model, "weight_offsets", 1, ~std::uint64_t{0}));
  CHECK(test::refuses<index>(model, "rated_offsets", 1, 1000));
}

}  // namespace kindred::slim_test
