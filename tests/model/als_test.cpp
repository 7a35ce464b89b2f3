#include <kindred/evaluate/evaluate_ratings.hpp>
#include <kindred/model/als.hpp>
#include <kindred/serve/any_recommender.hpp>
#include <kindred/serve/recommender.hpp>

#include <doctest/doctest.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../data/support.hpp"
#include "../ml_100k.hpp"
#include "als_checks.hpp"
#include "item_model_checks.hpp"

// Inside the namespace, since POSIX has a global function called index.
namespace kindred::als_test {

static_assert(rating_model<als>);
static_assert(ranking_model<als>);
static_assert(row_solving_model<als>);
static_assert(folding_model<als>);
static_assert(explaining_model<als>);

namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// Users, or items: their factors and, in the last column, biases.
MatrixXd rows_of(const float* factors, std::span<const float> biases, std::size_t width) {
  MatrixXd rows(static_cast<Index>(biases.size()), static_cast<Index>(width) + 1);
  for (Index r = 0; r < rows.rows(); ++r) {
    for (Index f = 0; f + 1 < rows.cols(); ++f)
      rows(r, f) = static_cast<double>(factors[r * (rows.cols() - 1) + f]);
    rows(r, rows.cols() - 1) = static_cast<double>(biases[static_cast<std::size_t>(r)]);
  }
  return rows;
}
MatrixXd users_of(const als& model) {
  return rows_of(model.latent().user_factors, model.user_biases(), model.factors());
}
MatrixXd items_of(const als& model) {
  return rows_of(model.latent().item_factors, model.item_biases(), model.factors());
}

/// What the model should make small, by its definition and in double precision.
struct reference {
  reference(const dataset& train, als_options chosen)
      : options(chosen),
        ratings(test::ratings_of(train)),
        mean(chosen.biases ? train.mean() : 0),
        user_counts(VectorXd::Zero(train.num_users())),
        item_counts(VectorXd::Zero(train.num_items())) {
    for (test::rating& r : ratings) {
      if (!train.has_weights()) r.weight = 1;
      ++user_counts(r.user);
      ++item_counts(r.item);
    }
  }

  [[nodiscard]] double objective(const MatrixXd& users, const MatrixXd& items) const {
    const Index k = users.cols() - 1;
    double sum = 0;
    for (const test::rating& r : ratings)
      sum += static_cast<double>(r.weight) *
             std::pow(static_cast<double>(r.value) - mean - users(r.user, k) - items(r.item, k) -
                          users.row(r.user).head(k).dot(items.row(r.item).head(k)),
                      2);
    return sum + penalty(users, user_counts) + penalty(items, item_counts);
  }
  [[nodiscard]] double penalty(const MatrixXd& rows, const VectorXd& counts) const {
    const Index k = rows.cols() - 1;
    const VectorXd squares = options.regularization * rows.leftCols(k).rowwise().squaredNorm() +
                             options.bias_regularization * rows.col(k).cwiseAbs2();
    return counts.array().pow(options.frequency_exponent).matrix().dot(squares);
  }

  /// The equations of one row: of what is rated, `b` by `a` there.
  struct equations {
    MatrixXd rows;     ///< of the others, and a column of ones
    VectorXd weights;  ///< of the ratings
    VectorXd pulls;    ///< what is left for the row to explain
    MatrixXd matrix;

    [[nodiscard]] VectorXd solve() const {
      return matrix.ldlt().solve(rows.transpose() * weights.cwiseProduct(pulls));
    }
  };
  [[nodiscard]] equations of(const MatrixXd& others, index test::rating::*own,
                             index test::rating::*other, index row) const {
    const Index k = others.cols() - 1;
    std::vector<test::rating> mine;
    for (const test::rating& r : ratings)
      if (r.*own == row) mine.push_back(r);
    const auto n = static_cast<Index>(mine.size());
    equations e{MatrixXd::Ones(n, k + 1), VectorXd(n), VectorXd(n), {}};
    for (Index i = 0; i < n; ++i) {
      const test::rating& r = mine[static_cast<std::size_t>(i)];
      e.rows.row(i).head(k) = others.row(r.*other).head(k);
      e.weights(i) = static_cast<double>(r.weight);
      e.pulls(i) = static_cast<double>(r.value) - mean - others(r.*other, k);
    }
    VectorXd ridge = VectorXd::Constant(k + 1, options.regularization);
    ridge(k) = options.bias_regularization;
    if (!options.biases) e.rows.col(k).setZero();
    ridge *= std::pow(static_cast<double>(n), options.frequency_exponent);
    e.matrix = e.rows.transpose() * e.weights.asDiagonal() * e.rows;
    e.matrix.diagonal() += ridge;
    return e;
  }
  [[nodiscard]] equations user(const MatrixXd& items, index u) const {
    return of(items, &test::rating::user, &test::rating::item, u);
  }
  [[nodiscard]] equations item(const MatrixXd& users, index i) const {
    return of(users, &test::rating::item, &test::rating::user, i);
  }

  als_options options;
  std::vector<test::rating> ratings;
  double mean;
  VectorXd user_counts;
  VectorXd item_counts;
};

dataset ratings(std::size_t rows, index users, index items, std::uint64_t seed, bool weights) {
  auto columns = test::random_columns(rows, users, items, seed);
  columns.times.clear();
  if (!weights) columns.weights.clear();
  return make_dataset(test::numbered_ids(users), test::numbered_ids(items), std::move(columns));
}

/// Options that differ in all that the objective depends on.
std::vector<als_options> all_objectives() {
  return {{.factors = 5, .regularization = 0.1, .frequency_exponent = 1},
          {.factors = 32, .regularization = 0.5, .frequency_exponent = 0.4},
          {.factors = 40,
           .regularization = 2,
           .bias_regularization = 5,
           .frequency_exponent = 0,
           .clip = false},
          {.factors = 16, .regularization = 0.1, .frequency_exponent = 1, .biases = false}};
}

}  // namespace

TEST_CASE("every half-step of als lowers the exact objective") {
  for (const bool weights : {false, true}) {
    const dataset train = ratings(1500, 61, 43, 1, weights);
    for (const als_options& options : all_objectives())
      test::check_half_steps<als>(options, train, reference(train, options), 5, users_of, items_of);
  }
}

TEST_CASE("a half-step of als by Cholesky is the dense solution in double precision") {
  for (const bool weights : {false, true}) {
    const dataset train = ratings(1500, 61, 43, 1, weights);
    for (als_options options : all_objectives()) {
      options.solver = cholesky{};
      const reference exact(train, options);
      const MatrixXd before = items_of(test::fitted<als>(options, train, 2));
      const als model = test::fitted<als>(options, train, 3);
      const MatrixXd users = users_of(model);
      const MatrixXd items = items_of(model);
      for (index u = 0; u < model.num_users(); ++u)
        CHECK((users.row(u).transpose() - exact.user(before, u).solve()).norm() <
              2e-4 * users.norm());
      for (index i = 0; i < model.num_items(); ++i)
        CHECK((items.row(i).transpose() - exact.item(users, i).solve()).norm() <
              2e-4 * items.norm());
    }
  }
}

TEST_CASE("the solvers of als meet") {
  const dataset train = ratings(1500, 61, 43, 1, true);
  for (als_options options : all_objectives()) {
    const reference exact(train, options);
    const auto objective = [&](const als_solver& solver) {
      options.solver = solver;
      const als model = test::fitted<als>(options, train, 3);
      return exact.objective(users_of(model), items_of(model));
    };
    test::check_exact_solvers(objective);
  }
  // The others come to the same in the end, where there is but one place to come to.
  als_options options{.factors = 40, .regularization = 1, .frequency_exponent = 1};
  const reference exact(train, options);
  std::vector<double> last;
  for (const als_solver& solver : test::all_solvers()) {
    options.solver = solver;
    const als model = test::fitted<als>(options, train, 60);
    last.push_back(exact.objective(users_of(model), items_of(model)));
    CHECK(last.back() == doctest::Approx(last.front()).epsilon(1e-4));
  }
}

TEST_CASE("als finds what the ratings were made of") {
  // Ratings of every user for most items: a mean, biases, and two factors.
  const auto rating_of = [](index u, index i) {
    const double x = u * 0.37;
    const double y = i * 0.61;
    return static_cast<float>(3 + 0.4 * std::sin(x) + 0.3 * std::cos(3 * y) +
                              std::cos(2 * x) * std::sin(y) + 0.5 * std::sin(5 * x) * std::cos(y));
  };
  rating_columns columns;
  for (index u = 0; u < 60; ++u)
    for (index i = 0; i < 50; ++i) {
      if ((u * 7 + i * 3) % 10 == 0) continue;
      columns.users.push_back(u);
      columns.items.push_back(i);
      columns.values.push_back(rating_of(u, i));
    }
  const dataset train =
      make_dataset(test::numbered_ids(60), test::numbered_ids(50), std::move(columns));
  for (const als_solver& solver : test::all_solvers()) {
    als model({.factors = 2,
               .epochs = 60,
               .regularization = 1e-5,
               .bias_regularization = 1e-5,
               .solver = solver});
    model.fit(train);
    double worst = 0;
    for (index u = 0; u < 60; ++u)
      for (index i = u * 7 % 10; i < 50; ++i)
        if ((u * 7 + i * 3) % 10 == 0)
          worst = std::max(worst, std::abs(static_cast<double>(model.predict(u, i)) -
                                           static_cast<double>(rating_of(u, i))));
    CHECK(worst < 0.1);
  }
}

TEST_CASE("als reports errors, and stops early and goes back") {
  const dataset train = ratings(1500, 61, 43, 1, true);
  const dataset validation = ratings(200, 70, 50, 2, false);
  for (als_options options : all_objectives()) {
    options.epochs = 4;
    als model(options);
    const fit_history history = model.fit(train, {.validation = validation});
    double squared = 0;
    for (const auto& r : test::ratings_of(validation))
      squared += std::pow(static_cast<double>(r.value - model.predict(r.user, r.item)), 2);
    CHECK(history.epochs[3].validation_rmse ==
          doctest::Approx(std::sqrt(squared / static_cast<double>(validation.size()))));
    const MatrixXd users = users_of(model);
    const MatrixXd items = items_of(model);
    const Index k = users.cols() - 1;
    squared = 0;
    for (const auto& r : test::ratings_of(train))
      squared += std::pow(static_cast<double>(r.value) - (options.biases ? train.mean() : 0) -
                              users(r.user, k) - items(r.item, k) -
                              users.row(r.user).head(k).dot(items.row(r.item).head(k)),
                          2);
    CHECK(history.epochs[3].train_rmse ==
          doctest::Approx(std::sqrt(squared / static_cast<double>(train.size()))).epsilon(1e-4));
  }
  als model({.epochs = 30, .regularization = 0.001, .frequency_exponent = 1});
  const fit_history history =
      model.fit(train, {.validation = validation, .early_stopping = early_stopping_options{}});
  REQUIRE(history.reason == stop_reason::early_stopping);
  CHECK(test::answers_of(model) ==
        test::answers_of(test::fitted<als>(model.options(), train, history.best_epoch)));
}

TEST_CASE("als predicts what is known of an index, within the range of the ratings") {
  const dataset train = ratings(1500, 61, 43, 1, false);
  const als model = test::fitted<als>({.factors = 8}, train, 3);
  const auto mean = static_cast<float>(train.mean());
  CHECK(model.predict(-1, -1) == mean);
  CHECK(model.predict(61, 43) == mean);
  CHECK(model.predict(-1, 7) == std::clamp(mean + model.item_biases()[7], 0.5F, 5.0F));
  CHECK(model.predict(7, 43) == std::clamp(mean + model.user_biases()[7], 0.5F, 5.0F));
  const als free =
      test::fitted<als>({.factors = 8, .regularization = 0.01, .clip = false}, train, 9);
  const als held = test::fitted<als>({.factors = 8, .regularization = 0.01}, train, 9);
  int beyond = 0;
  for (index u = 0; u < 61; ++u)
    for (index i = 0; i < 43; ++i) {
      beyond += free.predict(u, i) > 5 ? 1 : 0;
      CHECK(held.predict(u, i) == std::clamp(free.predict(u, i), 0.5F, 5.0F));
    }
  CHECK(beyond > 0);
  const als plain = test::fitted<als>({.factors = 8, .biases = false}, train, 3);
  CHECK(plain.predict(-1, 7) == mean);
}

TEST_CASE("als solves for rows as it does in training") {
  const dataset train = ratings(1500, 61, 43, 1, true);
  for (const als_options& options : all_objectives()) {
    const als model = test::fitted<als>(options, train, 3);
    const reference exact(train, options);
    const MatrixXd items = items_of(model);
    auto solver = model.user_solver();
    std::vector<rated_entry<float>> rated;
    for (index u = 0; u < train.num_users(); ++u) {
      rated.clear();
      for (const test::rating& r : exact.ratings)
        if (r.user == u) rated.push_back({model.item_entry(r.item), r.value, r.weight});
      const latent_row<float> row = solver.solve(rated);
      const MatrixXd found = rows_of(row.factors.data(), {&row.bias, 1}, model.factors());
      CHECK((found.row(0).transpose() - exact.user(items, u).solve()).norm() <
            1e-3 * (1 + found.norm()));
    }
    const recommender shop{model, train};
    CHECK(shop.recommend_from({{"1", 1.0F}, {"5", 2.0F}}, 5).size() == 5);
    CHECK_THROWS_AS((void)model.fold_in(std::vector<index>{1}, {}), data_error);
  }
}

TEST_CASE("als explains ratings and scores by the user's ratings") {
  for (const bool weights : {false, true}) {
    const dataset train = ratings(1500, 61, 43, 1, weights);
    for (als_options options : all_objectives()) {
      options.clip = false;
      const als model = test::fitted<als>(options, train, 4);
      const reference exact(train, options);
      const MatrixXd items = items_of(model);
      const Index k = items.cols() - 1;
      for (index u = 0; u < train.num_users(); u += 7) {
        const reference::equations e = exact.user(items, u);
        for (index i = 0; i < train.num_items(); i += 5)
          for (const bool whole : {false, true}) {
            const explanation why = whole ? model.explain(u, i) : model.explain_score(u, i);
            VectorXd x = items.row(i);
            x(k) = whole && options.biases ? 1 : 0;
            const VectorXd similarities = e.rows * e.matrix.ldlt().solve(x);
            const std::span<const index> rated = train.by_user(u).indices();
            REQUIRE(why.parts.size() == rated.size());
            double sum = why.base;
            double odd = 0;
            for (std::size_t n = 0; n < why.parts.size(); ++n) {
              const explanation_part& one = why.parts[n];
              const auto at = std::ranges::lower_bound(rated, one.neighbor) - rated.begin();
              const double part = e.weights(at) * e.pulls(at) * similarities(at);
              odd = std::max({odd, std::abs(one.part - part),
                              std::abs(static_cast<double>(one.similarity) - similarities(at))});
              if (n > 0) CHECK(one.part <= why.parts[n - 1].part);
              sum += one.part;
            }
            CHECK(odd < 1e-3);
            CHECK(sum == doctest::Approx(static_cast<double>(why.value)));
            if (whole) CHECK(why.value == model.predict(u, i));
          }
      }
      CHECK(model.explain(-1, 3).parts.empty());
      CHECK(model.explain(-1, 3).value == model.predict(-1, 3));
      CHECK(model.explain(3, 43).parts.empty());
    }
    // Where training has converged, the base is all that the ratings do not tell.
    const als model = test::fitted<als>(
        {.factors = 8, .regularization = 1, .frequency_exponent = 1, .clip = false}, train, 100);
    const explanation why = model.explain(5, 9);
    CHECK(
        why.base ==
        doctest::Approx(model.mean() + static_cast<double>(model.item_biases()[9])).epsilon(1e-3));
    const recommender shop{model, train};
    CHECK(shop.explain("5", "9").size() == why.parts.size());
    CHECK(any_recommender{shop}.explain_score("5", "9").size() == why.parts.size());
  }
}

TEST_CASE("als predicts the fold u1 of MovieLens 100K") {
  const auto folder = test::data_folder();
  if (!folder) {
    MESSAGE("skipped: KINDRED_DATA is not set");
    return;
  }
  als model;
  model.fit(test::ml_100k(*folder, "u1.base"));
  CHECK(evaluate_ratings(model, test::ml_100k(*folder, "u1.test")).rmse < 0.93);
}

TEST_CASE("als answers with numbers whatever the data") {
  for (const dataset& train : test::odd_datasets())
    for (const als_solver& solver : test::all_solvers()) {
      als model({.factors = 20, .solver = solver});
      model.fit(train);
      CHECK(test::all_finite(model));
    }
}

TEST_CASE("als keeps to what all models keep to") {
  for (const als_solver& solver : test::all_solvers()) {
    const als model({.factors = 33, .epochs = 3, .solver = solver});
    test::check_same_bits_everywhere(model, test::plain_dataset(20000, 43, 597, 1));
    test::check_same_bits_everywhere(model, test::plain_dataset(31, 1, 31, 2));
    test::check_round_trip(model);
  }
  test::check_same_bits_everywhere(als({.epochs = 2}), ratings(3000, 61, 43, 1, true));
  test::check_failed_fits(als());
  test::check_round_trip(
      als({.factors = 16, .biases = false, .clip = false, .init_scale = 0.5, .seed = 7}));
  const dataset train = ratings(900, 61, 29, 1, true);
  const als model = test::fitted<als>({}, train, 2);
  CHECK(test::refuses(model, "rated_indices", 0, index{29}));
  const temporary_folder folder;
  save(model, folder.path("model"));
  CHECK(load_model<als>(folder.path("model")).explain(5, 9) == model.explain(5, 9));
}

TEST_CASE("als refuses what it cannot use") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto refuses = [](const als_options& options) {
    CHECK_THROWS_AS((void)als(options), option_error);
  };
  for (const int bad : {0, -1, 4097}) refuses({.factors = bad});
  refuses({.epochs = 0});
  for (const double bad : {0.0, 1e6, nan}) refuses({.regularization = bad});
  for (const double bad : {0.0, 1e6, nan}) refuses({.bias_regularization = bad});
  for (const double bad : {-0.1, 1.1, nan}) refuses({.frequency_exponent = bad});
  for (const double bad : {0.0, 1e3, nan}) refuses({.init_scale = bad});
  refuses({.solver = conjugate_gradient{.steps = 0}});
}

}  // namespace kindred::als_test
