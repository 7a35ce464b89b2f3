#include <kindred/io/load_recommender.hpp>
#include <kindred/model/implicit_als.hpp>
#include <kindred/serve/recommender.hpp>

#include <doctest/doctest.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "../data/support.hpp"
#include "als_checks.hpp"
#include "item_model_checks.hpp"
#include "linear_reference.hpp"

// Inside the namespace, since POSIX has a global function called index.
namespace kindred::implicit_als_test {

static_assert(ranking_model<implicit_als>);
static_assert(latent_model<implicit_als>);
static_assert(folding_model<implicit_als>);
static_assert(explaining_model<implicit_als>);
static_assert(!rating_model<implicit_als>);

namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

/// The model's matrices, and what it should make small, by its definition and in double precision.
struct reference {
  MatrixXd weights;  ///< c, users x items
  MatrixXd targets;  ///< 1 where there was an interaction
  VectorXd user_penalties;
  VectorXd item_penalties;

  reference(const dataset& train, const implicit_als_options& o)
      : weights(o.alpha * (test::interactions(train, o.values)).array() + o.unobserved_weight),
        targets((test::interactions(train, o.values).array() > 0).cast<double>()),
        user_penalties(train.num_users()),
        item_penalties(train.num_items()) {
    const auto penalty = [&](std::size_t count, index possible) {
      return o.regularization *
             std::pow(static_cast<double>(count) + o.unobserved_weight * possible,
                      o.frequency_exponent);
    };
    for (index u = 0; u < train.num_users(); ++u)
      user_penalties(u) = penalty(train.by_user(u).size(), train.num_items());
    for (index i = 0; i < train.num_items(); ++i)
      item_penalties(i) = penalty(train.by_item(i).size(), train.num_users());
  }

  [[nodiscard]] double loss(const MatrixXd& users, const MatrixXd& items) const {
    return (weights.array() * (targets - users * items.transpose()).array().square()).sum();
  }
  [[nodiscard]] double objective(const MatrixXd& users, const MatrixXd& items) const {
    return loss(users, items) + user_penalties.dot(users.rowwise().squaredNorm()) +
           item_penalties.dot(items.rowwise().squaredNorm());
  }
  /// The best row with the other side fixed.
  static VectorXd solve(const MatrixXd& others, const VectorXd& c, const VectorXd& p, double l) {
    const MatrixXd weighted = c.asDiagonal() * others;
    const MatrixXd matrix =
        others.transpose() * weighted + l * MatrixXd::Identity(others.cols(), others.cols());
    return matrix.ldlt().solve(weighted.transpose() * p);
  }
  [[nodiscard]] VectorXd user(const MatrixXd& items, Eigen::Index u) const {
    return solve(items, weights.row(u), targets.row(u), user_penalties(u));
  }
  [[nodiscard]] VectorXd item(const MatrixXd& users, Eigen::Index i) const {
    return solve(users, weights.col(i), targets.col(i), item_penalties(i));
  }
};

MatrixXd matrix_of(const float* rows, index count, std::size_t factors) {
  using row_major = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  return Eigen::Map<const row_major>(rows, count, static_cast<Eigen::Index>(factors))
      .cast<double>();
}
MatrixXd users_of(const implicit_als& model) {
  return matrix_of(model.latent().user_factors, model.num_users(), model.factors());
}
MatrixXd items_of(const implicit_als& model) {
  return matrix_of(model.latent().item_factors, model.num_items(), model.factors());
}

/// Positive ratings, some of them 0.
dataset counts(std::size_t rows, index users, index items, std::uint64_t seed) {
  auto columns = test::random_columns(rows, users, items, seed);
  columns.times.clear();
  columns.weights.clear();
  for (float& value : columns.values) value = std::floor(std::abs(value));
  return make_dataset(test::numbered_ids(users), test::numbered_ids(items), std::move(columns));
}

/// Options that differ in all that the objective depends on.
std::vector<implicit_als_options> all_objectives() {
  return {{.factors = 5},
          {.factors = 37, .unobserved_weight = 1, .alpha = 4, .frequency_exponent = 0.4},
          {.factors = 48,
           .unobserved_weight = 0.3,
           .alpha = 0.5,
           .regularization = 0.1,
           .frequency_exponent = 0,
           .values = interaction_value::rating}};
}

}  // namespace

TEST_CASE("every half-step of implicit_als lowers the exact objective") {
  const dataset train = counts(1500, 61, 43, 1);
  for (const implicit_als_options& options : all_objectives())
    test::check_half_steps<implicit_als>(options, train, reference(train, options), 6, users_of,
                                         items_of);
}

TEST_CASE("a half-step by Cholesky is the dense solution in double precision") {
  const dataset train = counts(1500, 61, 43, 1);
  for (implicit_als_options options : all_objectives()) {
    options.solver = cholesky{};
    const reference exact(train, options);
    const MatrixXd before = items_of(test::fitted<implicit_als>(options, train, 2));
    const implicit_als model = test::fitted<implicit_als>(options, train, 3);
    const MatrixXd users = users_of(model);
    const MatrixXd items = items_of(model);
    for (Eigen::Index u = 0; u < users.rows(); ++u)
      CHECK((users.row(u).transpose() - exact.user(before, u)).norm() < 2e-4 * users.norm());
    for (Eigen::Index i = 0; i < items.rows(); ++i)
      CHECK((items.row(i).transpose() - exact.item(users, i)).norm() < 2e-4 * items.norm());
  }
}

TEST_CASE("rows with few interactions are solved in the basis of the Gramian, exactly") {
  const dataset train = counts(25'000, 2000, 90, 3);
  for (const double exponent : {0.0, 1.0})
    for (const int factors : {60, 96}) {
      const implicit_als_options options{.factors = factors,
                                         .regularization = 0.01,
                                         .frequency_exponent = exponent,
                                         .values = interaction_value::rating,
                                         .solver = cholesky{}};
      const reference exact(train, options);
      const MatrixXd before = items_of(test::fitted<implicit_als>(options, train, 1));
      const implicit_als model = test::fitted<implicit_als>(options, train, 2);
      const MatrixXd users = users_of(model);
      double worst = 0;
      for (Eigen::Index u = 0; u < users.rows(); u += 13)
        worst = std::max(worst, (users.row(u).transpose() - exact.user(before, u)).norm());
      CHECK(worst < 1e-3 * users.rowwise().norm().mean());
      test::check_same_bits_everywhere(implicit_als(options), train);
    }
}

TEST_CASE("the solvers of implicit_als meet") {
  const dataset train = counts(1500, 61, 43, 1);
  for (implicit_als_options options : all_objectives()) {
    const reference exact(train, options);
    const auto objective = [&](const als_solver& solver) {
      options.solver = solver;
      const implicit_als model = test::fitted<implicit_als>(options, train, 3);
      return exact.objective(users_of(model), items_of(model));
    };
    test::check_exact_solvers(objective);
  }
  // The others come to the same in the end, where there is but one place to come to.
  const implicit_als_options options{.factors = 48, .regularization = 0.1};
  const reference exact(train, options);
  const auto objective = [&](const als_solver& solver) {
    implicit_als_options chosen = options;
    chosen.solver = solver;
    const implicit_als model = test::fitted<implicit_als>(chosen, train, 100);
    return exact.objective(users_of(model), items_of(model));
  };
  const double last = objective(cholesky{});
  for (const als_solver& solver : test::all_solvers()) {
    CHECK(objective(solver) == doctest::Approx(last).epsilon(0.001));
  }
}

TEST_CASE("implicit_als solves long rows in parts") {
  // Two items that most users have, and one that few have.
  rating_columns columns;
  for (index u = 0; u < 9000; ++u)
    for (index i = 0; i < 3; ++i) {
      if ((u + i) % (i == 2 ? 100 : 30) == (i == 2 ? 1 : 0) && i != 2) continue;
      if (i == 2 && u % 100 != 1) continue;
      columns.users.push_back(u);
      columns.items.push_back(i);
      columns.values.push_back(static_cast<float>(1 + (u + i) % 3));
    }
  const dataset train =
      make_dataset(test::numbered_ids(9000), test::numbered_ids(3), std::move(columns));
  REQUIRE(train.by_item(0).size() > 8192);
  for (const als_solver& solver : test::all_solvers()) {
    const implicit_als_options options{
        .factors = 2, .epochs = 2, .values = interaction_value::rating, .solver = solver};
    test::check_same_bits_everywhere(implicit_als(options), train);
    const implicit_als model = test::fitted<implicit_als>(options, train, 2);
    const MatrixXd users = users_of(model);
    const MatrixXd items = items_of(model);
    const reference exact(train, options);
    for (Eigen::Index i = 0; i < 3; ++i)
      CHECK((items.row(i).transpose() - exact.item(users, i)).norm() < 1e-3 * items.norm());
  }
}

TEST_CASE("implicit_als reports the weighted errors of all pairs") {
  const dataset train = counts(1500, 61, 43, 1);
  const dataset validation = counts(200, 70, 50, 2);
  for (implicit_als_options options : all_objectives()) {
    options.epochs = 3;
    const reference exact(train, options);
    implicit_als model(options);
    const fit_history history = model.fit(train, {.validation = validation});
    REQUIRE(history.epochs.size() == 3);
    const MatrixXd users = users_of(model);
    const MatrixXd items = items_of(model);
    CHECK(history.epochs[2].train_loss ==
          doctest::Approx(exact.loss(users, items) / static_cast<double>(train.size()))
              .epsilon(1e-4));
    CHECK(std::isnan(history.epochs[2].train_rmse));
    CHECK(std::isnan(history.epochs[2].validation_rmse));

    const MatrixXd scores = users * items.transpose();
    double expected = options.unobserved_weight * scores.squaredNorm();
    for (const auto& r : test::ratings_of(train))
      expected -= options.unobserved_weight * std::pow(scores(r.user, r.item), 2);
    for (const auto& r : test::ratings_of(validation)) {
      const double value =
          options.values == interaction_value::one ? 1 : static_cast<double>(r.value);
      if (value == 0) continue;
      const bool known = r.user < scores.rows() && r.item < scores.cols();
      const double score = known ? scores(r.user, r.item) : 0;
      expected += (options.unobserved_weight + options.alpha * value) * std::pow(1 - score, 2) -
                  options.unobserved_weight * score * score;
    }
    CHECK(history.epochs[2].validation_loss ==
          doctest::Approx(expected / static_cast<double>(validation.size())).epsilon(1e-4));
  }
}

TEST_CASE("implicit_als stops early and goes back") {
  const dataset train = counts(700, 61, 43, 1);
  const dataset validation = counts(200, 61, 43, 2);
  implicit_als model({.factors = 40, .epochs = 30, .regularization = 1e-6});
  const fit_history history =
      model.fit(train, {.validation = validation, .early_stopping = early_stopping_options{}});
  REQUIRE(history.reason == stop_reason::early_stopping);
  const implicit_als best = test::fitted<implicit_als>(model.options(), train, history.best_epoch);
  CHECK(test::answers_of(model) == test::answers_of(best));
}

TEST_CASE("implicit_als folds in users, and ranks by external ids") {
  const dataset train = counts(1500, 61, 43, 1);
  for (const implicit_als_options& options : all_objectives()) {
    const implicit_als model = test::fitted<implicit_als>(options, train, 3);
    const reference exact(train, options);
    const MatrixXd items = items_of(model);
    for (index u = 0; u < train.num_users(); ++u) {
      const rating_list rated = train.by_user(u);
      const std::vector<float> found = model.fold_in(rated.indices(), rated.values());
      const MatrixXd expected = exact.user(items, u);
      CHECK((matrix_of(found.data(), 1, found.size()).transpose() - expected).norm() <
            1e-3 * (1 + expected.norm()));
    }
    const std::vector<index> strange = {-1, 43, 1000};
    const std::vector<float> ones(3, 1.0F);
    CHECK(model.fold_in(strange, ones) == std::vector<float>(model.factors(), 0.0F));
    CHECK_THROWS_AS((void)model.fold_in(strange, {}), data_error);
    const float bad = std::numeric_limits<float>::infinity();
    CHECK_THROWS_AS((void)model.fold_in(std::vector<index>{1}, {&bad, 1}), data_error);

    const recommender shop{model, train};
    CHECK(shop.recommend("1", 5).size() == 5);
    CHECK(shop.similar_items("1", 5).size() == 5);
    CHECK(shop.recommend_from({{"1", 1.0F}, {"5", 2.0F}}, 5).size() == 5);
  }
}

TEST_CASE("implicit_als explains scores by the user's interactions") {
  const dataset train = counts(1500, 61, 43, 1);
  for (const implicit_als_options& options : all_objectives()) {
    const implicit_als model = test::fitted<implicit_als>(options, train, 3);
    const reference exact(train, options);
    const MatrixXd items = items_of(model);
    for (index u = 0; u < train.num_users(); u += 7) {
      const std::span<const index> given = train.by_user(u).indices();
      const MatrixXd matrix =
          items.transpose() * exact.weights.row(u).asDiagonal() * items +
          exact.user_penalties(u) * MatrixXd::Identity(items.cols(), items.cols());
      for (index i = 0; i < train.num_items(); i += 5) {
        const explanation why = model.explain_score(u, i);
        const VectorXd similarities = items * matrix.ldlt().solve(items.row(i).transpose());
        REQUIRE(why.parts.size() == given.size());
        double sum = why.base;
        double odd = 0;
        for (const explanation_part& one : why.parts) {
          const Eigen::Index at = one.neighbor;
          CHECK(std::ranges::binary_search(given, one.neighbor));
          const double part = exact.weights(u, at) * exact.targets(u, at) * similarities(at);
          odd = std::max({odd, std::abs(one.part - part),
                          std::abs(static_cast<double>(one.similarity) - similarities(at))});
          sum += one.part;
        }
        CHECK(odd < 1e-3);
        CHECK(sum == doctest::Approx(static_cast<double>(why.value)));
        CHECK(model.explain(u, i) == why);
      }
    }
    CHECK(model.explain_score(-1, 3).parts.empty());
    CHECK(model.explain_score(3, 43).parts.empty());
    const recommender shop{model, train};
    CHECK(shop.explain_score("5", "9").size() == train.by_user(5).size());
  }
  // Where training has converged, interactions tell all.
  const implicit_als model =
      test::fitted<implicit_als>({.factors = 8, .regularization = 0.1}, train, 100);
  CHECK(std::abs(model.explain_score(5, 9).base) < 1e-3);
}

TEST_CASE("implicit_als answers with numbers whatever the data") {
  for (const dataset& train : test::odd_datasets())
    for (const als_solver& solver : test::all_solvers())
      for (const double weight : {0.0, 1.0}) {
        implicit_als model({.factors = 20, .unobserved_weight = weight, .solver = solver});
        model.fit(train);
        CHECK(test::all_finite(model));
      }
}

TEST_CASE("implicit_als keeps to what all models keep to") {
  for (const als_solver& solver : test::all_solvers()) {
    const implicit_als model({.factors = 33, .epochs = 3, .solver = solver});
    test::check_same_bits_everywhere(model, test::plain_dataset(20000, 43, 597, 1));
    test::check_same_bits_everywhere(model, test::plain_dataset(31, 1, 31, 2));
    test::check_round_trip(model);
  }
  test::check_failed_fits(implicit_als());
  test::check_round_trip(implicit_als({.factors = 16, .alpha = 3, .init_scale = 0.5, .seed = 7}));
}

TEST_CASE("implicit_als refuses what it cannot use") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto refuses = [](const implicit_als_options& options) {
    CHECK_THROWS_AS((void)implicit_als(options), option_error);
  };
  for (const int bad : {0, -1, 4097}) refuses({.factors = bad});
  refuses({.epochs = 0});
  for (const double bad : {-0.1, 1e6, nan}) refuses({.unobserved_weight = bad});
  for (const double bad : {0.0, 1e6, nan}) refuses({.alpha = bad});
  for (const double bad : {0.0, 1e6, nan}) refuses({.regularization = bad});
  for (const double bad : {-0.1, 1.1, nan}) refuses({.frequency_exponent = bad});
  for (const double bad : {0.0, 1e3, nan}) refuses({.init_scale = bad});
  refuses({.values = static_cast<interaction_value>(2)});
  for (const int bad : {0, 1001}) refuses({.solver = conjugate_gradient{.steps = bad}});
  for (const int bad : {0, 4097}) refuses({.solver = block_descent{.block = bad}});
  implicit_als by_rating({.values = interaction_value::rating});
  try {
    by_rating.fit(test::odd_datasets().back());
    FAIL("a negative weight was accepted");
  } catch (const data_error& error) {
    CHECK(std::string(error.what()) ==
          "implicit_als: rating -4 is negative, and counts as a weight");
  }
}

}  // namespace kindred::implicit_als_test
