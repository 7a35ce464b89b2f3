#include <kindred/core/random.hpp>
#include <kindred/evaluate/evaluate_ratings.hpp>
#include <kindred/model/concepts.hpp>
#include <kindred/model/nmf.hpp>

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
namespace kindred::nmf_test {

static_assert(rating_model<nmf>);
static_assert(ranking_model<nmf>);
static_assert(latent_model<nmf>);

namespace {

nmf fitted(nmf_options options, const dataset& train, int epochs) {
  options.epochs = epochs;
  nmf model(options);
  model.fit(train);
  return model;
}

/// What the model should make small, by its definition.
double objective(const nmf& model, const dataset& train) {
  const nmf_options& o = model.options();
  double sum = 0;
  const auto penalty = [&](std::size_t count, std::span<const float> factors, float bias) {
    double squares = 0;
    for (const float x : factors) squares += static_cast<double>(x) * static_cast<double>(x);
    return std::pow(static_cast<double>(count), o.frequency_exponent) *
           (o.regularization * squares +
            o.bias_regularization * static_cast<double>(bias) * static_cast<double>(bias));
  };
  const latent_view<float> latent = model.latent();
  for (index u = 0; u < train.num_users(); ++u) {
    const auto of_user = latent.user(u);
    const rating_list rated = train.by_user(u);
    if (!rated.empty())
      sum += penalty(rated.size(), of_user, model.user_biases()[static_cast<std::size_t>(u)]);
    std::size_t n = 0;
    for (const auto [item, value] : rated) {
      const double weight = train.has_weights() ? train.weights_of(u)[n++] : 1;
      double error = value - (o.biases ? train.mean() : 0) -
                     model.user_biases()[static_cast<std::size_t>(u)] -
                     model.item_biases()[static_cast<std::size_t>(item)];
      for (std::size_t f = 0; f < latent.factors; ++f)
        error -= static_cast<double>(of_user[f]) * static_cast<double>(latent.item(item)[f]);
      sum += weight * error * error;
    }
  }
  for (index i = 0; i < train.num_items(); ++i)
    if (!train.by_item(i).empty())
      sum += penalty(train.by_item(i).size(), latent.item(i),
                     model.item_biases()[static_cast<std::size_t>(i)]);
  return sum;
}

bool has_negative(std::span<const float> numbers) {
  return std::ranges::any_of(numbers, [](float x) { return x < 0; });
}
std::span<const float> user_factors(const nmf& model) {
  return {model.latent().user_factors,
          static_cast<std::size_t>(model.num_users()) * model.factors()};
}
std::span<const float> item_factors(const nmf& model) {
  return {model.latent().item_factors,
          static_cast<std::size_t>(model.num_items()) * model.factors()};
}

}  // namespace

TEST_CASE("no factor is negative, and no epoch makes the objective greater") {
  const dataset train = test::random_dataset(900, 41, 33, 1);  // with weights
  for (const bool biases : {true, false})
    for (const double exponent : {0.0, 0.6, 1.0}) {
      const nmf_options options{
          .factors = 7, .regularization = 0.2, .frequency_exponent = exponent, .biases = biases};
      double before = objective(fitted(options, train, 0), train);
      for (const int epochs : {1, 2, 3, 5, 10, 40}) {
        const nmf model = fitted(options, train, epochs);
        const double now = objective(model, train);
        CHECK(now <= before * (1 + 1e-6));
        before = now;
        CHECK(!has_negative(user_factors(model)));
        CHECK(!has_negative(item_factors(model)));
      }
    }
}

TEST_CASE("what an epoch comes to cannot be improved by any of its own items' numbers") {
  const dataset train = test::random_dataset(700, 31, 23, 2);
  for (const bool biases : {true, false}) {
    // With many sweeps the items, solved for last, are the best that there are for the users.
    const nmf_options options{.factors = 4,
                              .regularization = 0.5,
                              .frequency_exponent = 0.5,
                              .biases = biases,
                              .sweeps = 1000};
    const nmf model = fitted(options, train, 3);
    const latent_view<float> latent = model.latent();
    for (index i = 0; i < train.num_items(); ++i) {
      if (train.by_item(i).empty()) continue;
      const double scale = std::sqrt(static_cast<double>(train.by_item(i).size()));
      const auto slope = [&](bool of_bias, std::size_t f) {
        const double own =
            of_bias ? model.item_biases()[static_cast<std::size_t>(i)] : latent.item(i)[f];
        double sum = -own * scale * (of_bias ? options.bias_regularization : 0.5);
        for (index u = 0; u < train.num_users(); ++u) {
          std::size_t n = 0;
          for (const auto [item, value] : train.by_user(u)) {
            const double weight = train.weights_of(u)[n++];
            if (item != i) continue;
            double error = value - (biases ? train.mean() : 0) -
                           model.user_biases()[static_cast<std::size_t>(u)] -
                           model.item_biases()[static_cast<std::size_t>(i)];
            for (std::size_t k = 0; k < 4; ++k)
              error -=
                  static_cast<double>(latent.user(u)[k]) * static_cast<double>(latent.item(i)[k]);
            sum += weight * error * (of_bias ? 1 : static_cast<double>(latent.user(u)[f]));
          }
        }
        return sum;
      };
      if (biases) CHECK(std::abs(slope(true, 0)) < 1e-3);
      for (std::size_t f = 0; f < 4; ++f)
        if (latent.item(i)[f] > 0)
          CHECK(std::abs(slope(false, f)) < 1e-3);
        else
          CHECK(slope(false, f) < 1e-3);
    }
  }
}

TEST_CASE("planted parts are found") {
  const counter_rng random(4);
  rating_columns columns;
  const auto part = [&](index row, std::uint64_t f) {
    return random.uniform(static_cast<std::uint64_t>(row) * 4 + f);
  };
  std::vector<double> truth;
  for (index u = 0; u < 60; ++u)
    for (index i = 0; i < 40; ++i) {
      truth.push_back(3 * part(u, 0) * part(100 + i, 0) + 2 * part(u, 1) * part(100 + i, 1));
      if (random.uniform(9000 + truth.size()) < 0.5) continue;
      columns.users.push_back(u);
      columns.items.push_back(i);
      columns.values.push_back(static_cast<float>(truth.back()));
    }
  const dataset train =
      make_dataset(test::numbered_ids(60), test::numbered_ids(40), std::move(columns));
  const nmf model =
      fitted({.factors = 2, .regularization = 1e-4, .biases = false, .clip = false}, train, 300);
  double worst = 0;
  for (std::size_t n = 0; n < truth.size(); ++n)
    worst = std::max(worst, std::abs(truth[n] - model.predict(static_cast<index>(n / 40),
                                                              static_cast<index>(n % 40))));
  CHECK(worst < 0.05);
}

TEST_CASE("what is not known is left out") {
  rating_columns columns = test::random_columns(300, 30, 20, 1);
  const dataset train =
      make_dataset(test::numbered_ids(31), test::numbered_ids(22), std::move(columns));
  constexpr index far = std::numeric_limits<index>::max();
  const nmf biased = fitted({.factors = 3}, train, 5);
  for (const index user : {30, 31, unknown_index, far}) {
    CHECK(biased.predict(user, 4) ==
          doctest::Approx(train.mean() + static_cast<double>(biased.item_biases()[4])));
    CHECK(biased.predict(user, far) == doctest::Approx(train.mean()));
  }
  const nmf plain = fitted({.factors = 3, .biases = false}, train, 5);
  for (const index user : {31, unknown_index, far})
    CHECK(plain.predict(user, 4) == doctest::Approx(train.mean()));
  // One that nobody rated is taken for the mean of the others.
  CHECK(plain.predict(30, 4) == doctest::Approx(train.mean()).epsilon(0.5));
  CHECK(plain.predict(30, 20) == doctest::Approx(train.mean()).epsilon(0.5));
}

TEST_CASE("non-negative factorization keeps the contract of a model") {
  for (const bool biases : {true, false}) {
    const nmf small({.factors = 5, .epochs = 3, .biases = biases});
    test::check_same_bits_everywhere(small, test::random_dataset(900, 61, 29, 1));
    test::check_failed_fits(small);
    test::check_round_trip(small);
    for (const dataset& train : test::odd_datasets()) {
      nmf model = small;
      if (!biases && train.min_value() < 0) {
        CHECK_THROWS_AS(model.fit(train), data_error);
        continue;
      }
      model.fit(train);
      CHECK(test::all_finite(model));
    }
  }
  CHECK(nmf().predict(0, 0) == 0);
  CHECK_THROWS_AS(nmf({.factors = 0}), option_error);
  CHECK_THROWS_AS(nmf({.regularization = 0}), option_error);
  CHECK_THROWS_AS(nmf({.frequency_exponent = 2}), option_error);
  CHECK_THROWS_AS(nmf({.sweeps = 0}), option_error);
}

TEST_CASE("early stopping goes back to the best epoch") {
  const dataset train = test::plain_dataset(400, 31, 23, 1);
  const dataset other = test::plain_dataset(100, 31, 23, 2);
  nmf model({.factors = 16, .epochs = 60, .regularization = 0.01});
  const early_stopping_options soon{.patience = 1, .min_delta = 0.001};
  const fit_history history = model.fit(train, {.validation = other, .early_stopping = soon});
  CHECK(history.reason == stop_reason::early_stopping);
  const auto best = static_cast<std::size_t>(history.best_epoch - 1);
  CHECK(evaluate_ratings(model, other).rmse ==
        doctest::Approx(history.epochs[best].validation_rmse).epsilon(1e-6));
}

TEST_CASE("non-negative factors foretell MovieLens ratings") {
  const auto folder = test::data_folder();
  if (!folder) {
    MESSAGE("skipped: KINDRED_DATA does not name the folder of the data sets");
    return;
  }
  for (const bool biases : {true, false}) {
    nmf model({.factors = 14, .epochs = 5, .biases = biases});
    model.fit(test::ml_100k(*folder, "u1.base"));
    CHECK(evaluate_ratings(model, test::ml_100k(*folder, "u1.test")).rmse < 0.955);
  }
}

}  // namespace kindred::nmf_test
