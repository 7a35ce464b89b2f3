#include <kindred/data/split.hpp>
#include <kindred/evaluate/evaluate_ranking.hpp>
#include <kindred/io/load_recommender.hpp>
#include <kindred/model/bpr.hpp>
#include <kindred/model/logistic_mf.hpp>
#include <kindred/model/popularity.hpp>
#include <kindred/model/warp.hpp>
#include <kindred/serve/recommender.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "item_model_checks.hpp"
#include "planted_interactions.hpp"

// Inside the namespace, since POSIX has a global function called index.
namespace kindred::ranking_mf_test {

static_assert(ranking_model<bpr>);
static_assert(latent_model<warp>);
static_assert(!rating_model<logistic_mf>);

namespace {

/// The same interactions, each of that value and that weight.
dataset weighing(const dataset& data, float value, float weight) {
  rating_columns columns;
  for (const test::rating& r : test::ratings_of(data)) {
    columns.users.push_back(r.user);
    columns.items.push_back(r.item);
    columns.values.push_back(value);
    columns.weights.push_back(weight);
  }
  return make_dataset(data.users(), data.items(), std::move(columns));
}

template <class Model>
std::vector<float> fitted_answers(const typename Model::options_type& options,
                                  const dataset& train) {
  Model model(options);
  model.fit(train);
  return test::answers_of(model);
}

template <class Options>
void check_common_options() {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto refuses = [](const auto& change) {
    Options options;
    change(options);
    CHECK_THROWS_AS((void)ranking_mf<Options>(options), option_error);
  };
  for (const int bad : {0, -1, 4097}) refuses([=](Options& o) { o.factors = bad; });
  refuses([](Options& o) { o.epochs = 0; });
  for (const double bad : {-0.1, 2.1, nan}) refuses([=](Options& o) { o.popularity_power = bad; });
  refuses([](Options& o) { o.values = static_cast<interaction_value>(2); });
  refuses([](Options& o) { o.schedule = static_cast<learning_rate_schedule>(3); });
  for (const double bad : {0.0, 1e6, nan}) refuses([=](Options& o) { o.learning_rate = bad; });
  for (const double bad : {-0.1, 1e6, nan}) {
    refuses([=](Options& o) { o.learning_rate_decay = bad; });
    refuses([=](Options& o) { o.regularization = bad; });
    refuses([=](Options& o) { o.bias_regularization = bad; });
  }
  for (const double bad : {0.0, 1e3, nan}) refuses([=](Options& o) { o.init_scale = bad; });
  for (const int bad : {-2, 7, 1026}) refuses([=](Options& o) { o.blocks = bad; });
}

}  // namespace

TEST_CASE_TEMPLATE("a ranking factorization ranks what was planted", Model, bpr, warp,
                   logistic_mf) {
  const auto parts =
      split_random(test::planted_interactions(300, 200, 1), {.test_fraction = 0.2, .seed = 1});
  const auto auc_of = [&](auto model) {
    model.fit(parts.train);
    return evaluate_ranking(model, parts.train, parts.test, {.at = {10}}).auc;
  };
  CHECK(auc_of(popularity_model()) < 0.7);
  for (const double power : {0.0, 0.5})
    for (const int blocks : {0, 2, 8}) {
      CAPTURE(power);
      CAPTURE(blocks);
      CHECK(auc_of(Model({.factors = 8,
                          .epochs = 20,
                          .popularity_power = power,
                          .regularization = 0.02,
                          .blocks = blocks})) > 0.82);
    }
  for (const auto schedule :
       {learning_rate_schedule::constant, learning_rate_schedule::inverse_time})
    CHECK(auc_of(Model({.factors = 8,
                        .epochs = 20,
                        .schedule = schedule,
                        .learning_rate = 0.05,
                        .regularization = 0.02})) > 0.7);
}

TEST_CASE_TEMPLATE("a ranking factorization keeps to what all models keep to", Model, bpr, warp,
                   logistic_mf) {
  typename Model::options_type options{.factors = 33, .epochs = 3, .popularity_power = 0.5};
  test::check_same_bits_everywhere(Model(options), test::plain_dataset(20000, 143, 597, 1));
  test::check_same_bits_everywhere(Model(options), test::random_dataset(3000, 97, 131, 2));
  test::check_same_bits_everywhere(Model(options), test::plain_dataset(31, 1, 31, 2));
  test::check_round_trip(Model(options));
  test::check_failed_fits(Model());
  options = {.factors = 16,
             .values = interaction_value::rating,
             .schedule = learning_rate_schedule::inverse_time,
             .regularization = 0.5,
             .biases = false,
             .init_scale = 0.5,
             .seed = 7,
             .blocks = 4};
  test::check_round_trip(Model(options));
  for (const dataset& train : test::odd_datasets()) {
    Model model;
    model.fit(train);
    CHECK(test::all_finite(model));
  }
}

TEST_CASE_TEMPLATE("weights and values scale the steps of a ranking factorization", Model, bpr,
                   warp) {
  // Where nothing else is in a step, twice the weight is twice the learning rate, bit for bit.
  const dataset train = test::planted_interactions(60, 50, 1);
  typename Model::options_type options{.factors = 8,
                                       .epochs = 3,
                                       .schedule = learning_rate_schedule::constant,
                                       .learning_rate = 0.05,
                                       .regularization = 0,
                                       .bias_regularization = 0};
  const auto twice_weighed = fitted_answers<Model>(options, weighing(train, 1, 2));
  CHECK(fitted_answers<Model>(options, weighing(train, 2, 1)) ==
        fitted_answers<Model>(options, train));
  options.values = interaction_value::rating;
  CHECK(fitted_answers<Model>(options, weighing(train, 2, 1)) == twice_weighed);
  options.learning_rate = 0.1;
  CHECK(fitted_answers<Model>(options, train) == twice_weighed);
}

TEST_CASE("alpha weighs the interactions of logistic_mf, not what is drawn") {
  const dataset train = test::planted_interactions(60, 50, 1);
  const auto mean_score = [&](double alpha, float weight) {
    const auto all =
        fitted_answers<logistic_mf>({.factors = 4, .alpha = alpha}, weighing(train, 1, weight));
    double sum = 0;
    for (const float score : all) sum += static_cast<double>(score);
    return sum / static_cast<double>(all.size());
  };
  CHECK(mean_score(8, 1) > mean_score(1, 1) + 0.1);
  CHECK(mean_score(4, 2) == mean_score(8, 1));
}

TEST_CASE("the loss of warp counts the ranks that the draws estimate") {
  // At the start nothing is 1 above anything: the first draw will do, for the lowest rank of all.
  const dataset train = test::planted_interactions(60, 50, 1);
  std::size_t rated = 0;
  for (index i = 0; i < train.num_items(); ++i) rated += train.by_item(i).empty() ? 0U : 1U;
  double harmonic = 0;
  for (std::size_t r = 1; r < rated; ++r) harmonic += 1 / static_cast<double>(r);
  warp model({.factors = 4, .epochs = 1, .learning_rate = 1e-6, .init_scale = 1e-3});
  CHECK(model.fit(train).epochs[0].train_loss == doctest::Approx(harmonic).epsilon(1e-3));
}

TEST_CASE_TEMPLATE("a ranking factorization stops early and goes back", Model, bpr, warp,
                   logistic_mf) {
  const auto parts =
      split_random(test::planted_interactions(100, 80, 1), {.test_fraction = 0.3, .seed = 1});
  typename Model::options_type options{
      .factors = 40, .epochs = 60, .learning_rate = 0.3, .regularization = 0};
  Model model(options);
  const fit_history history = model.fit(
      parts.train, {.validation = parts.test, .early_stopping = early_stopping_options{}});
  REQUIRE(history.reason == stop_reason::early_stopping);
  CHECK(std::isnan(history.epochs[0].train_rmse));
  CHECK(std::isnan(history.epochs[0].validation_rmse));
  CHECK(history.epochs[2].train_loss < history.epochs[0].train_loss);
  options.epochs = history.best_epoch;
  CHECK(test::answers_of(model) == fitted_answers<Model>(options, parts.train));
}

TEST_CASE("a ranking factorization that diverges says so") {
  bpr model({.factors = 8,
             .epochs = 50,
             .schedule = learning_rate_schedule::constant,
             .learning_rate = 1e5});
  CHECK_THROWS_AS(model.fit(test::planted_interactions(60, 50, 1)), divergence_error);
  warp steep({.factors = 8,
              .epochs = 50,
              .schedule = learning_rate_schedule::constant,
              .learning_rate = 1e5});
  CHECK_THROWS_AS(steep.fit(test::planted_interactions(60, 50, 1)), divergence_error);
}

TEST_CASE("a ranking factorization ranks by external ids") {
  const dataset train = test::planted_interactions(60, 50, 1);
  bpr model;
  model.fit(train);
  const recommender shop{model, train};
  CHECK(shop.recommend("1", 5).size() == 5);
  CHECK(shop.similar_items("1", 5).size() == 5);
}

TEST_CASE("a ranking factorization refuses what it cannot use") {
  check_common_options<bpr_options>();
  check_common_options<warp_options>();
  check_common_options<logistic_mf_options>();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const int bad : {0, 1025}) {
    CHECK_THROWS_AS((void)bpr({.negatives = bad}), option_error);
    CHECK_THROWS_AS((void)logistic_mf({.negatives = bad}), option_error);
  }
  for (const int bad : {0, 65537}) CHECK_THROWS_AS((void)warp({.trials = bad}), option_error);
  for (const double bad : {0.0, 1e6, nan})
    CHECK_THROWS_AS((void)logistic_mf({.alpha = bad}), option_error);
  bpr by_rating({.values = interaction_value::rating});
  CHECK_THROWS_WITH_AS(by_rating.fit(test::odd_datasets().back()),
                       "bpr: rating -4 is negative, and counts as a weight", data_error);
}

}  // namespace kindred::ranking_mf_test
