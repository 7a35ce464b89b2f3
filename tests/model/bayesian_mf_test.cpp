#include <kindred/core/random.hpp>
#include <kindred/evaluate/evaluate_ratings.hpp>
#include <kindred/kernel/dot.hpp>
#include <kindred/model/bayesian_mf.hpp>
#include <kindred/model/concepts.hpp>
#include <kindred/model/detail/bayes/bayesian_mf_trainer.hpp>
#include <kindred/model/detail/bayes/rating_posterior.hpp>
#include <kindred/model/detail/bayes/row_draws.hpp>
#include <kindred/model/detail/biased_side.hpp>

#include <doctest/doctest.h>

#include <Eigen/Dense>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stop_token>
#include <utility>
#include <vector>

#include "../data/support.hpp"
#include "../ml_100k.hpp"
#include "item_model_checks.hpp"

// Inside the namespace, since POSIX has a global function called index.
namespace kindred::bayesian_mf_test {

static_assert(rating_model<bayesian_mf>);
static_assert(ranking_model<bayesian_mf>);
static_assert(latent_model<bayesian_mf>);

namespace {

using detail::biased_side;
using Eigen::MatrixXd;
using Eigen::VectorXd;

const backend::serial on_one_thread;
const detail::host_loop serial_loop(on_one_thread);

/// Rows around 0.
biased_side random_side(const dataset& train, axis which, std::uint64_t seed) {
  biased_side side(train, which, 2);
  const counter_rng random(seed);
  side.fill(serial_loop,
            [&](std::size_t r, std::size_t n) { return 0.5 * random.normal(8 * r + n); });
  return side;
}

/// What a row of `own` is drawn from, by linear regression with a normal prior.
struct conditional {
  VectorXd mean;
  MatrixXd covariance;

  conditional(const biased_side& own, const biased_side& other, std::size_t row,
              const detail::row_conditions& given) {
    const auto size = static_cast<Eigen::Index>(own.factors + 1);
    MatrixXd precision(size, size);
    VectorXd prior(size);
    for (Eigen::Index i = 0; i < size; ++i) {
      prior(i) = given.prior_mean[static_cast<std::size_t>(i)];
      for (Eigen::Index j = 0; j < size; ++j)
        precision(i, j) =
            given.prior_precision(static_cast<std::size_t>(i), static_cast<std::size_t>(j));
    }
    VectorXd right = precision * prior;
    const detail::weighted_ratings rated = own.ratings[row];
    for (std::size_t n = 0; n < rated.size(); ++n) {
      const float* const of_other = other.row(static_cast<std::size_t>(rated.indices[n]));
      VectorXd y(size);
      for (Eigen::Index f = 0; f < size; ++f)
        y(f) = of_other[own.first() + static_cast<std::size_t>(f)];
      const double weight = rated.weight(n) * given.noise_precision;
      precision += weight * y * y.transpose();
      right += weight * (rated.values[n] - given.mean - of_other[other.bias()]) * y;
    }
    covariance = precision.inverse();
    mean = covariance * right;
  }
};

VectorXd own_numbers(const biased_side& side, std::size_t row) {
  VectorXd numbers(static_cast<Eigen::Index>(side.factors + 1));
  for (Eigen::Index f = 0; f < numbers.size(); ++f)
    numbers(f) = side.row(row)[side.first() + static_cast<std::size_t>(f)];
  return numbers;
}

/// A prior that is not round, for rows of three numbers.
struct some_prior {
  std::vector<double> mean = {0.3, -0.2, 0.1};
  detail::square_matrix precision{3};

  some_prior() {
    const double numbers[3][3] = {{2, 0.5, -0.3}, {0.5, 1.5, 0.2}, {-0.3, 0.2, 1}};
    for (std::size_t i = 0; i < 3; ++i)
      for (std::size_t j = 0; j < 3; ++j) precision(i, j) = numbers[i][j];
  }
};

/// Ratings of a planted model of rank two with biases and noise of this deviation.
struct planted {
  dataset train;
  dataset test;

  planted(index users, index items, double noise, double share) {
    const counter_rng random(8);
    rating_columns known;
    rating_columns held_out;
    std::uint64_t n = 100000;
    const auto factor = [&](index row, std::uint64_t f) {
      return 0.7 * random.normal(static_cast<std::uint64_t>(row) * 8 + f);
    };
    for (index u = 0; u < users; ++u)
      for (index i = 0; i < items; ++i) {
        const index item = users + i;
        const double rating = 3 + 0.5 * factor(u, 0) + 0.5 * factor(item, 0) +
                              factor(u, 1) * factor(item, 1) + factor(u, 2) * factor(item, 2) +
                              noise * random.normal(n++);
        const double chance = random.uniform(n++);
        if (chance > share) continue;
        rating_columns& to = chance < 0.8 * share ? known : held_out;
        to.users.push_back(u);
        to.items.push_back(i);
        to.values.push_back(static_cast<float>(rating));
      }
    const auto make = [&](rating_columns columns) {
      return make_dataset(kindred::test::numbered_ids(users), kindred::test::numbered_ids(items),
                          std::move(columns));
    };
    train = make(std::move(known));
    test = make(std::move(held_out));
  }
};

}  // namespace

TEST_CASE("Gibbs draws rows from their posterior, whichever side is fixed") {
  const dataset train = test::random_dataset(40, 5, 7, 4);  // with weights
  const some_prior prior;
  const detail::row_conditions given{prior.mean, prior.precision, 0.8, train.mean()};
  for (const axis drawn : {axis::users, axis::items}) {
    biased_side own = random_side(train, drawn, 1);
    const biased_side other = random_side(train, detail::other(drawn), 2);
    constexpr int draws = 6000;
    std::vector<VectorXd> sums(own.size(), VectorXd::Zero(3));
    std::vector<MatrixXd> squares(own.size(), MatrixXd::Zero(3, 3));
    for (int n = 0; n < draws; ++n) {
      const counter_rng random(3, static_cast<std::uint64_t>(n));
      detail::row_draws(serial_loop, own, other, given, random, {}).run();
      for (std::size_t r = 0; r < own.size(); ++r) {
        const VectorXd x = own_numbers(own, r);
        sums[r] += x;
        squares[r] += x * x.transpose();
      }
    }
    for (std::size_t r = 0; r < own.size(); ++r) {
      if (!own.rated(r)) continue;
      const conditional expected(own, other, r, given);
      const VectorXd mean = sums[r] / draws;
      const MatrixXd covariance = squares[r] / draws - mean * mean.transpose();
      const VectorXd deviation = expected.covariance.diagonal().cwiseSqrt();
      CHECK((mean - expected.mean).cwiseQuotient(deviation).cwiseAbs().maxCoeff() < 0.065);
      const MatrixXd scale = deviation * deviation.transpose();
      CHECK((covariance - expected.covariance).cwiseQuotient(scale).cwiseAbs().maxCoeff() < 0.09);
      CHECK(own.row(r)[own.one()] == 1);
    }
  }
}

TEST_CASE("a long row is drawn as any other") {
  constexpr index items = 9000;
  rating_columns columns;
  for (index i = 0; i < items; ++i) {
    columns.users.push_back(0);
    columns.items.push_back(i);
    columns.values.push_back(static_cast<float>(1 + i % 5));
  }
  const dataset train =
      make_dataset(test::numbered_ids(1), test::numbered_ids(items), std::move(columns));
  const some_prior prior;
  const detail::row_conditions given{prior.mean, prior.precision, 1.5, train.mean()};
  biased_side users = random_side(train, axis::users, 1);
  const biased_side of_items = random_side(train, axis::items, 2);
  detail::row_draws(serial_loop, users, of_items, given, counter_rng(3), {}).run();
  const conditional expected(users, of_items, 0, given);
  const VectorXd off = own_numbers(users, 0) - expected.mean;
  // A chi-squared number of three degrees of freedom.
  const double distance = off.dot(expected.covariance.inverse() * off);
  CHECK(distance < 16);
  CHECK(distance > 0.02);
}

TEST_CASE("a planted factorization is found, with its noise, and the doubt is right") {
  const planted data(120, 90, 0.3, 0.4);
  bayesian_mf model({.factors = 6, .burn_in = 30, .samples = 60, .thinning = 1, .clip = false});
  model.fit(data.train);
  CHECK(model.noise_variance() == doctest::Approx(0.09).epsilon(0.1));
  CHECK(evaluate_ratings(model, data.test).rmse < 0.36);
  double squares = 0;
  for (const auto& r : test::ratings_of(data.test)) {
    const double error = r.value - model.predict(r.user, r.item);
    squares += error * error / model.predict_variance(r.user, r.item);
  }
  CHECK(squares / static_cast<double>(data.test.size()) == doctest::Approx(1).epsilon(0.12));
}

TEST_CASE("whoever is unknown is as the mean of the population, in doubt") {
  const planted data(150, 60, 0.2, 0.5);
  const dataset& train = data.train;
  bayesian_mf model({.factors = 3, .burn_in = 20, .samples = 120, .thinning = 1, .clip = false});
  model.fit(train);
  constexpr index far = std::numeric_limits<index>::max();
  for (const index item : {0, 7, 59}) {
    double mean = 0;
    double variance = 0;
    const rating_list of_item = train.by_item(item);
    for (const float value : of_item.values()) mean += value / static_cast<double>(of_item.size());
    for (const float value : of_item.values())
      variance += (value - mean) * (value - mean) / static_cast<double>(of_item.size());
    for (const index user : {150, unknown_index, far}) {
      CHECK(model.predict(user, item) == doctest::Approx(mean).epsilon(0.08));
      CHECK(model.predict_variance(user, item) == doctest::Approx(variance).epsilon(0.5));
      CHECK(model.predict_variance(user, item) > 2 * model.predict_variance(3, item));
    }
  }
  CHECK(model.predict(far, far) == doctest::Approx(train.mean()).epsilon(0.08));
  CHECK(model.predict_variance(far, far) > model.predict_variance(far, 5));
}

TEST_CASE("somebody new is where each draw expects them") {
  const dataset train = test::plain_dataset(500, 31, 23, 1);
  const bayesian_mf_options options{.factors = 3, .burn_in = 2, .samples = 4, .thinning = 1};
  const std::stop_token stop;
  detail::bayesian_mf_trainer trainer(train, options, serial_loop, stop);
  for (int epoch = 1; epoch <= 6; ++epoch) trainer.run_epoch(epoch);
  const detail::rating_posterior posterior = trainer.posterior();
  REQUIRE(posterior.users.draws() == 4);

  const std::vector<index> items = {2, -1, 5, 23, 11, 19, 20, 22};
  const std::vector<float> ratings = {5, 1, 2, 1, 4, 1, 3, 5};
  const std::vector<float> placed = posterior.place(items, ratings);
  const std::size_t width = posterior.user_precisions.size() / 4;
  const auto stride = static_cast<Eigen::Index>(std::sqrt(static_cast<double>(width)));
  for (std::size_t s = 0; s < 4; ++s) {
    // The regression with the prior of the population, on 1 and the factors of the items.
    MatrixXd precision(4, 4);
    for (Eigen::Index i = 0; i < 4; ++i)
      for (Eigen::Index j = 0; j < 4; ++j)
        precision(i, j) =
            posterior.user_precisions[s * width + static_cast<std::size_t>(i * stride + j)];
    CHECK((precision - precision.transpose()).norm() == 0);
    CHECK(precision.eigenvalues().real().minCoeff() > 0);
    const auto of_draw = [&](const detail::sampled_rows& side, std::size_t row) {
      VectorXd numbers(4);
      numbers(0) = side.biases(row)[s];
      for (std::size_t f = 0; f < 3; ++f)
        numbers(static_cast<Eigen::Index>(f + 1)) = 2 * side.vector(row)[3 * s + f];
      return numbers;
    };
    const double noise = 1 / static_cast<double>(posterior.noise_variances[s]);
    VectorXd right = precision * of_draw(posterior.users, 31);
    for (std::size_t n = 0; n < items.size(); ++n) {
      if (items[n] < 0 || items[n] >= 23) continue;
      VectorXd y = of_draw(posterior.items, static_cast<std::size_t>(items[n]));
      const double left = ratings[n] - posterior.mean - y(0);
      y(0) = 1;
      precision += noise * y * y.transpose();
      right += noise * left * y;
    }
    const VectorXd expected = precision.ldlt().solve(right);
    for (std::size_t f = 0; f < 3; ++f)
      CHECK(2 * placed[3 * s + f] ==
            doctest::Approx(expected(static_cast<Eigen::Index>(f + 1))).epsilon(1e-4));
  }
}

TEST_CASE("somebody who is folded in is ranked for as if they had been there") {
  const planted data(120, 90, 0.3, 0.4);
  bayesian_mf model({.factors = 4, .burn_in = 20, .samples = 20, .thinning = 1});
  model.fit(data.train);
  const auto latent = model.latent();
  std::vector<float> own(90);
  double correlation = 0;
  for (index user = 0; user < 120; ++user) {
    const rating_list rated = data.train.by_user(user);
    const std::vector<float> folded = model.fold_in(rated.indices(), rated.values());
    model.score(user, own);
    VectorXd a(90);
    VectorXd b(90);
    for (index i = 0; i < 90; ++i) {
      a(i) = own[static_cast<std::size_t>(i)];
      b(i) = latent.item_biases[i];
      for (std::size_t f = 0; f < folded.size(); ++f) b(i) += folded[f] * latent.item(i)[f];
    }
    a.array() -= a.mean();
    b.array() -= b.mean();
    correlation += a.dot(b) / (a.norm() * b.norm() * 120);
  }
  CHECK(correlation > 0.99);

  const std::vector<float> nobody = model.fold_in({}, {});
  CHECK(nobody == model.fold_in(std::vector<index>{-1, 90}, std::vector<float>{1, 5}));
  model.score(120, own);
  for (index i = 0; i < 90; ++i)
    CHECK(latent.item_biases[i] +
              kernel::dot(nobody.data(), latent.item(i).data(), nobody.size()) ==
          doctest::Approx(own[static_cast<std::size_t>(i)]).epsilon(1e-4));
  CHECK_THROWS_AS((void)model.fold_in(std::vector<index>{1}, {}), data_error);
  const float bad = std::numeric_limits<float>::infinity();
  CHECK_THROWS_AS((void)model.fold_in(std::vector<index>{1}, {&bad, 1}), data_error);
}

TEST_CASE("scores differ from predictions by what is the same for all items") {
  bayesian_mf model({.factors = 4, .burn_in = 3, .samples = 5, .thinning = 2, .clip = false});
  model.fit(test::plain_dataset(400, 31, 23, 1));
  std::vector<float> scores(23);
  for (const index user : {-1, 0, 30, 31}) {
    model.score(user, scores);
    for (index i = 0; i < 23; ++i)
      CHECK(scores[static_cast<std::size_t>(i)] - scores[0] ==
            doctest::Approx(model.predict(user, i) - model.predict(user, 0)).epsilon(1e-4));
  }
  CHECK(model.latent().factors == 20);
  bayesian_mf held({.factors = 4, .burn_in = 0, .samples = 1, .thinning = 1});
  held.fit(test::plain_dataset(400, 31, 23, 1));
  for (index i = 0; i < 23; ++i) {
    CHECK(held.predict(0, i) >= 0.5F);
    CHECK(held.predict(0, i) <= 5);
  }
}

TEST_CASE("a chain that is cut short has what it has drawn") {
  const dataset train = test::plain_dataset(400, 31, 23, 1);
  const auto draws_after = [&](int epochs) {
    bayesian_mf model({.factors = 4, .burn_in = 3, .samples = 5, .thinning = 2});
    const auto stop = [&](const epoch_report& report) {
      return report.epoch == epochs ? training::stop : training::proceed;
    };
    const fit_history history = model.fit(train, {.observer = stop});
    CHECK(history.best_epoch == epochs);
    return model.latent().factors / 4;
  };
  CHECK(draws_after(1) == 1);
  CHECK(draws_after(3) == 1);
  CHECK(draws_after(5) == 1);
  CHECK(draws_after(8) == 2);
  CHECK(draws_after(13) == 5);

  // The best epoch, and not what came later.
  bayesian_mf model({.factors = 4, .burn_in = 3, .samples = 5, .thinning = 1});
  const dataset other = test::plain_dataset(100, 31, 23, 2);
  const fit_history history =
      model.fit(train, {.validation = other, .early_stopping = early_stopping_options{}});
  const auto best = static_cast<std::size_t>(history.best_epoch - 1);
  CHECK(evaluate_ratings(model, other).rmse ==
        doctest::Approx(history.epochs[best].validation_rmse).epsilon(1e-6));
}

TEST_CASE("a Bayesian factorization keeps the contract of a model") {
  const bayesian_mf small({.factors = 5, .burn_in = 2, .samples = 3, .thinning = 1});
  test::check_same_bits_everywhere(small, test::random_dataset(900, 61, 29, 1));
  test::check_failed_fits(small);
  test::check_round_trip(small);
  for (const dataset& train : test::odd_datasets()) {
    bayesian_mf model = small;
    model.fit(train);
    CHECK(test::all_finite(model));
  }
  CHECK(bayesian_mf().predict(0, 0) == 0);
  CHECK(std::isfinite(bayesian_mf().predict_variance(0, 0)));
  CHECK_THROWS_AS(bayesian_mf({.factors = 0}), option_error);
  CHECK_THROWS_AS(bayesian_mf({.burn_in = -1}), option_error);
  CHECK_THROWS_AS(bayesian_mf({.samples = 0}), option_error);
  CHECK_THROWS_AS(bayesian_mf({.thinning = 0}), option_error);
  CHECK_THROWS_AS(bayesian_mf({.noise_precision = -1}), option_error);
}

TEST_CASE("a Bayesian factorization foretells MovieLens ratings") {
  const auto folder = test::data_folder();
  if (!folder) {
    MESSAGE("skipped: KINDRED_DATA does not name the folder of the data sets");
    return;
  }
  bayesian_mf model({.factors = 6, .burn_in = 15, .samples = 25, .thinning = 1});
  model.fit(test::ml_100k(*folder, "u1.base"));
  CHECK(evaluate_ratings(model, test::ml_100k(*folder, "u1.test")).rmse < 0.92);
}

}  // namespace kindred::bayesian_mf_test
