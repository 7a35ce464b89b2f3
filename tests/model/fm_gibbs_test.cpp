#include <kindred/core/random.hpp>
#include <kindred/data/calendar.hpp>
#include <kindred/data/feature_columns.hpp>
#include <kindred/evaluate/evaluate_ratings.hpp>
#include <kindred/model/detail/neural/fm_side.hpp>
#include <kindred/model/factorization_machine.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "../data/support.hpp"
#include "../ml_100k.hpp"
#include "item_model_checks.hpp"

// Inside the namespace, since POSIX has a global function called index.
namespace kindred::fm_gibbs_test {

namespace {

constexpr index users = 61;
constexpr index items = 29;

feature_table table_of(index rows) {
  std::vector<std::string> colours;
  std::vector<std::vector<std::string>> tags;
  for (index r = 0; r < rows; ++r) {
    colours.push_back(std::string(1, static_cast<char>('a' + r % 3)));
    tags.emplace_back();
    for (index tag = 0; tag < 4; ++tag)
      if ((r >> tag) % 2 == 1) tags.back().push_back("tag" + std::to_string(tag));
  }
  feature_table table(rows);
  table.add("colour", categorical_column(colours));
  table.add("tags", multi_hot_column(tags));
  return table;
}

factorization_machine chain(int factors, fm_mcmc_options mcmc, bool with_features) {
  factorization_machine_options options{
      .factors = factors, .solver = fm_solver::mcmc, .mcmc = mcmc, .clip = false};
  if (with_features)
    options.features = {
        .users = {table_of(users)},
        .items = {table_of(items)},
        .context = {{"parity", rating_context(2, [](std::int64_t time) { return time % 2; })}}};
  return factorization_machine(std::move(options));
}

}  // namespace

TEST_CASE("a parameter is drawn from its posterior given all others") {
  // Ratings h w + normal noise of this precision, w normal around its center.
  const std::array<double, 4> h = {1, -0.5, 2, 0.3};
  const std::array<double, 4> y = {0.7, -0.2, 1.9, 0.5};
  const std::array<double, 4> weight = {1, 2, 0.5, 1};
  constexpr double precision = 1.7;
  constexpr double prior = 0.8;
  constexpr double center = 0.4;
  double of_posterior = prior;
  double mean_of_posterior = prior * center;
  for (std::size_t n = 0; n < h.size(); ++n) {
    of_posterior += precision * weight[n] * h[n] * h[n];
    mean_of_posterior += precision * weight[n] * h[n] * y[n];
  }
  mean_of_posterior /= of_posterior;

  constexpr int draws = 50000;
  double sum = 0;
  double squares = 0;
  int different = 0;
  for (int d = 0; d < draws; ++d) {
    std::vector<float> numbers = {0, 0.25F};  // it does not matter where it is
    const std::vector<double> scales = {1, prior};
    const std::vector<double> centers = {0, center};
    const detail::fm_noise noise{counter_rng(6, static_cast<std::uint64_t>(d)), precision};
    const detail::fm_column column{.numbers = numbers,
                                   .scales = scales,
                                   .penalty = 1 / precision,
                                   .centers = centers,
                                   .noise = &noise};
    detail::fm_parabola errors;
    for (std::size_t n = 0; n < h.size(); ++n)
      errors.add(weight[n], h[n], static_cast<float>(y[n] - h[n] * 0.25));
    const double change = column.minimize(1, errors);
    different += std::abs(change - (static_cast<double>(numbers[1]) - 0.25)) < 1e-6 ? 0 : 1;
    sum += static_cast<double>(numbers[1]) / draws;
    squares += std::pow(static_cast<double>(numbers[1]) - mean_of_posterior, 2) / draws;
  }
  CHECK(different == 0);
  CHECK(sum == doctest::Approx(mean_of_posterior).epsilon(0.02));
  CHECK(squares == doctest::Approx(1 / of_posterior).epsilon(0.04));
}

TEST_CASE("the mean of machines is a machine") {
  const dataset train = test::random_dataset(900, users, items, 1);
  for (const bool with_features : {true, false}) {
    constexpr int sweeps = 4;
    factorization_machine all =
        chain(3, {.burn_in = 0, .samples = sweeps, .thinning = 1}, with_features);
    all.fit(train);
    CHECK(all.latent().factors == 3 * sweeps);
    std::vector<factorization_machine> each;
    for (int sweep = 0; sweep < sweeps; ++sweep) {
      each.push_back(chain(3, {.burn_in = sweep, .samples = 1, .thinning = 1}, with_features));
      each.back().fit(train);
    }
    const std::array<int, 1> context = {1};
    for (index u = -1; u <= users; u += 3)
      for (index i = -1; i <= items; ++i) {
        double mean = 0;
        for (const factorization_machine& one : each)
          mean += static_cast<double>(one.predict(u, i, context)) / sweeps;
        CHECK(all.predict(u, i, context) == doctest::Approx(mean).epsilon(1e-4));
      }
  }
}

TEST_CASE("a chain that is cut short has what it has drawn") {
  const dataset train = test::random_dataset(900, users, items, 1);
  for (const int epochs : {1, 3, 5, 9}) {
    factorization_machine model = chain(2, {.burn_in = 3, .samples = 4, .thinning = 2}, false);
    const auto stop = [&](const epoch_report& report) {
      return report.epoch == epochs ? training::stop : training::proceed;
    };
    model.fit(train, {.observer = stop});
    CHECK(model.latent().factors == (epochs == 9 ? 6U : 2U));
  }
  factorization_machine model = chain(4, {.burn_in = 2, .samples = 10, .thinning = 1}, true);
  const dataset other = test::random_dataset(300, users, items, 2);
  const fit_history history =
      model.fit(train, {.validation = other, .early_stopping = early_stopping_options{}});
  const auto best = static_cast<std::size_t>(history.best_epoch - 1);
  CHECK(model.latent().factors / 4 ==
        static_cast<std::size_t>(std::max(1, history.best_epoch - 2)));
  CHECK(history.epochs[best].validation_rmse > 0);
}

TEST_CASE("a machine by Gibbs keeps the contract of a model") {
  const fm_mcmc_options few{.burn_in = 2, .samples = 3, .thinning = 1};
  const dataset train = test::random_dataset(900, users, items, 1);
  test::check_same_bits_everywhere(chain(5, few, true), train);
  test::check_failed_fits(chain(5, few, false));
  for (const int factors : {0, 4}) {
    factorization_machine model = chain(factors, few, true);
    model.fit(train);
    const temporary_folder folder;
    save(model, folder.path("model"));
    const auto loaded = load_model<factorization_machine>(folder.path("model"));
    CHECK(test::answers_of(loaded) == test::answers_of(model));
  }
  for (const dataset& odd : test::odd_datasets()) {
    factorization_machine model = chain(3, few, false);
    model.fit(odd);
    CHECK(test::all_finite(model));
  }
  CHECK_THROWS_AS(chain(3, {.burn_in = -1}, false), option_error);
  CHECK_THROWS_AS(chain(3, {.samples = 0}, false), option_error);
  CHECK_THROWS_AS(chain(3, {.thinning = 0}, false), option_error);
}

TEST_CASE("a machine by Gibbs foretells MovieLens ratings") {
  const auto folder = test::data_folder();
  if (!folder) {
    MESSAGE("skipped: KINDRED_DATA does not name the folder of the data sets");
    return;
  }
  factorization_machine model({.factors = 4,
                               .solver = fm_solver::mcmc,
                               .mcmc = {.burn_in = 15, .samples = 25, .thinning = 1}});
  model.fit(test::ml_100k(*folder, "u1.base"));
  CHECK(evaluate_ratings(model, test::ml_100k(*folder, "u1.test")).rmse < 0.94);
}

}  // namespace kindred::fm_gibbs_test
