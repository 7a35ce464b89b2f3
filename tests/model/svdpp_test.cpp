#include <kindred/evaluate/evaluate_ratings.hpp>
#include <kindred/model/concepts.hpp>
#include <kindred/model/svdpp.hpp>
#include <kindred/serve/recommender.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include "../data/support.hpp"
#include "../ml_100k.hpp"
#include "item_model_checks.hpp"

// Inside the namespace, since POSIX has a global function called index.
namespace kindred::svdpp_test {

static_assert(rating_model<svdpp>);
static_assert(ranking_model<svdpp>);
static_assert(folding_model<svdpp>);

namespace {

/// The parameters of SVD++ in one row, and half of what it makes small, by its definition.
struct reference {
  const dataset& train;
  svdpp_options options;
  std::size_t users = static_cast<std::size_t>(train.num_users());
  std::size_t items = static_cast<std::size_t>(train.num_items());
  std::size_t factors = static_cast<std::size_t>(options.factors);

  // Where p, q, y and the biases begin.
  [[nodiscard]] std::size_t q() const { return users * factors; }
  [[nodiscard]] std::size_t y() const { return q() + items * factors; }
  [[nodiscard]] std::size_t user_bias() const { return y() + items * factors; }
  [[nodiscard]] std::size_t item_bias() const { return user_bias() + users; }
  [[nodiscard]] std::size_t size() const { return item_bias() + items; }

  [[nodiscard]] std::vector<double> implicit(const std::vector<double>& x, index u) const {
    const rating_list rated = train.by_user(u);
    std::vector<double> sum(factors, 0.0);
    for (const index j : rated.indices())
      for (std::size_t f = 0; f < factors; ++f)
        sum[f] += x[y() + static_cast<std::size_t>(j) * factors + f] /
                  std::sqrt(static_cast<double>(rated.size()));
    return sum;
  }

  /// Of a fitted model, which has p_u and the sum of y in one.
  [[nodiscard]] std::vector<double> of(const svdpp& model) const {
    std::vector<double> x(size());
    std::copy_n(model.latent().item_factors, items * factors, x.data() + q());
    std::ranges::copy(model.implicit_factors(), x.data() + y());
    std::ranges::copy(model.user_biases(), x.data() + user_bias());
    std::ranges::copy(model.item_biases(), x.data() + item_bias());
    for (index u = 0; u < train.num_users(); ++u) {
      const auto sum = implicit(x, u);
      for (std::size_t f = 0; f < factors; ++f)
        x[static_cast<std::size_t>(u) * factors + f] = model.latent().user(u)[f] - sum[f];
    }
    return x;
  }

  [[nodiscard]] double objective(const std::vector<double>& x) const {
    double twice = 0;
    for (index user = 0; user < train.num_users(); ++user) {
      const auto u = static_cast<std::size_t>(user);
      const auto sum = implicit(x, user);
      std::size_t n = 0;
      for (const auto [item, value] : train.by_user(user)) {
        const auto i = static_cast<std::size_t>(item);
        const double weight = train.has_weights() ? train.weights_of(user)[n++] : 1;
        const double b_u = x[user_bias() + u];
        const double b_i = x[item_bias() + i];
        double error = value - train.mean() - b_u - b_i;
        double squares = 0;
        double implicit_squares = 0;
        for (std::size_t f = 0; f < factors; ++f) {
          const double p = x[u * factors + f];
          const double q_i = x[q() + i * factors + f];
          error -= q_i * (p + sum[f]);
          squares += p * p + q_i * q_i;
          implicit_squares += x[y() + i * factors + f] * x[y() + i * factors + f];
        }
        twice += weight * error * error + options.bias_regularization * (b_u * b_u + b_i * b_i) +
                 options.factor_regularization * squares +
                 options.implicit_regularization * implicit_squares;
      }
    }
    return twice / 2;
  }
};

svdpp fitted(svdpp_options options, const dataset& train, int epochs) {
  options.epochs = epochs;
  svdpp model(options);
  model.fit(train);
  return model;
}

}  // namespace

TEST_CASE("a pass of short steps goes down the gradient, by finite differences") {
  for (const dataset& train :
       {test::random_dataset(260, 11, 40, 2), test::plain_dataset(150, 30, 9, 3)})
    for (const int batch : {1, 4, 100}) {
      const svdpp_options options{.factors = 3,
                                  .learning_rate = 1e-4,
                                  .bias_regularization = 0.3,
                                  .factor_regularization = 0.5,
                                  .implicit_regularization = 0.7,
                                  .batch = batch,
                                  .init_scale = 0.5};
      const reference expected{train, options};
      const svdpp before = fitted(options, train, 0);
      auto x = expected.of(before);
      const auto after = expected.of(fitted(options, train, 1));
      double worst = 0;
      double largest = 0;
      for (std::size_t k = 0; k < x.size(); ++k) {
        const double at = x[k];
        constexpr double h = 1e-4;
        x[k] = at + h;
        const double above = expected.objective(x);
        x[k] = at - h;
        const double slope = (above - expected.objective(x)) / (2 * h);
        x[k] = at;
        worst = std::max(worst, std::abs((after[k] - at) / options.learning_rate + slope));
        largest = std::max(largest, std::abs(slope));
      }
      CHECK(worst < 0.01 * largest);
    }
}

TEST_CASE("epochs lower the objective") {
  const dataset train = test::random_dataset(900, 61, 43, 1);
  const svdpp_options options{.factors = 8, .learning_rate_decay = 0};
  const reference expected{train, options};
  double before = expected.objective(expected.of(fitted(options, train, 0)));
  for (const int epochs : {1, 5, 25, 100}) {
    const double now = expected.objective(expected.of(fitted(options, train, epochs)));
    CHECK(now < before);
    before = now;
  }
}

TEST_CASE("SVD++ predicts by its formula, and leaves out what it does not know") {
  const dataset train = test::plain_dataset(300, 31, 23, 1);
  const svdpp_options options{.factors = 5, .epochs = 4, .clip = false};
  const svdpp model = fitted(options, train, 4);
  const reference expected{train, options};
  const auto x = expected.of(model);
  for (index u = 0; u < 31; ++u)
    for (index i = 0; i < 23; ++i) {
      const auto sum = expected.implicit(x, u);
      const auto item = static_cast<std::size_t>(i);
      double rating = train.mean() + x[expected.user_bias() + static_cast<std::size_t>(u)] +
                      x[expected.item_bias() + item];
      for (std::size_t f = 0; f < 5; ++f)
        rating +=
            x[expected.q() + item * 5 + f] * (x[static_cast<std::size_t>(u) * 5 + f] + sum[f]);
      CHECK(model.predict(u, i) == doctest::Approx(rating).epsilon(1e-5));
    }
  constexpr index far = std::numeric_limits<index>::max();
  for (const index u : {unknown_index, 31, far}) {
    CHECK(model.predict(u, 3) ==
          doctest::Approx(train.mean() + static_cast<double>(model.item_biases()[3])));
    CHECK(model.predict(u, far) == doctest::Approx(train.mean()));
  }
  CHECK(model.predict(2, far) ==
        doctest::Approx(train.mean() + static_cast<double>(model.user_biases()[2])));

  // Somebody new is known by what was rated alone.
  const rating_list rated = train.by_user(4);
  const auto folded = model.fold_in(rated.indices(), rated.values());
  const auto sum = expected.implicit(x, 4);
  for (std::size_t f = 0; f < 5; ++f) CHECK(folded[f] == doctest::Approx(sum[f]).epsilon(1e-4));
  CHECK_THROWS_AS((void)model.fold_in(rated.indices(), {}), data_error);
  const std::vector<index> nothing_known = {unknown_index, far};
  CHECK(model.fold_in(nothing_known, std::vector<float>(2)) == std::vector<float>(5, 0.0F));
}

TEST_CASE("SVD++ keeps the contract of a model") {
  const svdpp small({.factors = 5, .epochs = 3, .batch = 8});
  test::check_same_bits_everywhere(small, test::random_dataset(900, 61, 29, 1));
  test::check_failed_fits(small);
  test::check_round_trip(small);
  for (const dataset& train : test::odd_datasets()) {
    svdpp model = small;
    model.fit(train);
    CHECK(test::all_finite(model));
  }
  CHECK(svdpp().predict(0, 0) == 0);
  svdpp wild({.epochs = 50, .learning_rate = 50});
  CHECK_THROWS_AS(wild.fit(test::plain_dataset(400, 31, 23, 1)), divergence_error);
  CHECK_THROWS_AS(svdpp({.factors = 0}), option_error);
  CHECK_THROWS_AS(svdpp({.learning_rate = 0}), option_error);
  CHECK_THROWS_AS(svdpp({.implicit_regularization = -1}), option_error);
  CHECK_THROWS_AS(svdpp({.batch = 0}), option_error);
}

TEST_CASE("SVD++ goes back to the epoch that did best") {
  const dataset train = test::plain_dataset(400, 31, 23, 1);
  const dataset other = test::plain_dataset(100, 31, 23, 2);
  svdpp model({.factors = 16, .epochs = 60, .learning_rate = 0.05});
  const fit_history history =
      model.fit(train, {.validation = other, .early_stopping = early_stopping_options{}});
  CHECK(history.reason == stop_reason::early_stopping);
  const auto best = static_cast<std::size_t>(history.best_epoch - 1);
  CHECK(evaluate_ratings(model, other).rmse ==
        doctest::Approx(history.epochs[best].validation_rmse).epsilon(1e-6));
}

TEST_CASE("SVD++ foretells MovieLens ratings") {
  const auto folder = test::data_folder();
  if (!folder) {
    MESSAGE("skipped: KINDRED_DATA does not name the folder of the data sets");
    return;
  }
  svdpp model({.factors = 16, .epochs = 20});
  model.fit(test::ml_100k(*folder, "u1.base"));
  CHECK(evaluate_ratings(model, test::ml_100k(*folder, "u1.test")).rmse < 0.918);
}

}  // namespace kindred::svdpp_test
