#include <kindred/data/split.hpp>
#include <kindred/evaluate/evaluate_ratings.hpp>
#include <kindred/model/baseline.hpp>
#include <kindred/model/contextual_prefilter.hpp>
#include <kindred/model/matrix_factorization.hpp>
#include <kindred/serve/recommender.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <stop_token>
#include <string>

#include "rating_table.hpp"

namespace kindred::contextual_prefilter_test {

using test::scores_of;

namespace {

const rating_context parity(2, [](std::int64_t time) { return time % 2; });

/// Ratings of items that are the better in one context, the worse they are in the other: `effect`
/// is how much.
dataset ratings(double effect) {
  const counter_rng rng(4);
  rating_columns columns;
  std::uint64_t draw = 0;
  for (index u = 0; u < 200; ++u)
    for (index i = 0; i < 40; ++i) {
      const auto time = static_cast<std::int64_t>(rng.below(draw++, 1000));
      const double quality = effect * (i % 2 == time % 2 ? 1 : -1);
      if (rng.below(draw++, 2) == 0) continue;
      columns.users.push_back(u);
      columns.items.push_back(i);
      columns.values.push_back(static_cast<float>(3 + quality + 0.5 * rng.normal(draw++)));
      columns.times.push_back(time);
    }
  return make_dataset(test::numbered_ids(200), test::numbered_ids(40), std::move(columns));
}

}  // namespace

TEST_CASE("where the context decides how items are liked, its own model wins") {
  const auto [train, test] = split_random(ratings(1));
  baseline_model baseline;
  baseline.fit(train);
  contextual_prefilter model{baseline_model{}, parity};
  model.fit(train);
  for (const int context : {0, 1}) {
    CHECK(model.has_own_model(context));
    const dataset in_context = select_context(test, parity, context);
    CHECK(evaluate_ratings(baseline, in_context).rmse > 1);
    CHECK(evaluate_ratings(model.in(context), in_context).rmse < 0.55);  // the noise is 0.5
    CHECK(evaluate_ratings(model.in(1 - context), in_context).rmse > 1.5);
  }
  CHECK(model.predict(3, 0, 0) == model.in(0).predict(3, 0));
  CHECK(model.predict(3, 0, 0) > model.predict(3, 0, 1) + 1);
}

TEST_CASE("where it decides nothing, the general model stands for all") {
  const dataset train = ratings(0);
  contextual_prefilter model{matrix_factorization<>{{.factors = 4}}, parity};
  model.fit(train);
  CHECK_FALSE(model.has_own_model(0));
  CHECK_FALSE(model.has_own_model(1));
  matrix_factorization<> expected{{.factors = 4}};
  expected.fit(train);
  for (const int context : {-1, 0, 1, 2, std::numeric_limits<int>::max()})
    CHECK(scores_of(model.in(context), 5) == scores_of(expected, 5));
}

TEST_CASE("a context's own model is fitted on its ratings alone, the general one on all") {
  const dataset train = ratings(1);
  contextual_prefilter model{{.min_ratings = 1, .held_out = 0}, baseline_model{}, parity};
  model.fit(train);
  baseline_model general;
  general.fit(train);
  CHECK(scores_of(model.general(), 3) == scores_of(general, 3));
  for (const int context : {0, 1}) {
    baseline_model own;
    own.fit(select_context(train, parity, context));
    REQUIRE(model.has_own_model(context));
    CHECK(scores_of(model.in(context), 3) == scores_of(own, 3));
    CHECK(model.in(context).num_users() == model.num_users());
    CHECK(model.in(context).num_items() == model.num_items());
  }
}

TEST_CASE("a context with too few ratings has no model of its own") {
  const rating_context rare(3, [](std::int64_t time) { return time < 100 ? 1 : 0; });
  const dataset train = ratings(1);
  const std::size_t count = select_context(train, rare, 1).size();
  for (const std::size_t least : {count, count + 1}) {
    contextual_prefilter model{{.min_ratings = least, .held_out = 0}, baseline_model{}, rare};
    model.fit(train);
    CHECK(model.has_own_model(0));
    CHECK(model.has_own_model(1) == (least == count));
    CHECK_FALSE(model.has_own_model(2));  // no ratings at all
  }
}

TEST_CASE("the model of a context can be served and evaluated as any model") {
  const dataset train = ratings(1);
  contextual_prefilter model{baseline_model{}, parity};
  model.fit(train);
  const recommender served{model.in(1), train};
  const auto best = served.recommend("7", 5, {.exclude_seen = false});
  for (const auto& [item, score] : best) CHECK(std::stoi(std::string(item)) % 2 == 1);
}

TEST_CASE("a pre-filter has the same bits on any number of threads") {
  const dataset train = ratings(0.2);
  const auto fitted = [&] {
    contextual_prefilter model{matrix_factorization<>{{.factors = 4, .epochs = 5}}, parity};
    model.fit(train);
    return model;
  };
  const auto one = test::on_threads(1, fitted);
  const auto many = test::on_threads(8, fitted);
  for (const int context : {0, 1}) {
    CHECK(many.has_own_model(context) == one.has_own_model(context));
    CHECK(scores_of(many.in(context), 5) == scores_of(one.in(context), 5));
  }
}

TEST_CASE("a pre-filter refuses what does not fit, and stays as it was") {
  CHECK_THROWS_AS((contextual_prefilter{{.min_ratings = 0}, baseline_model{}, parity}),
                  option_error);
  CHECK_THROWS_AS((contextual_prefilter{{.held_out = 1}, baseline_model{}, parity}), option_error);
  contextual_prefilter model{baseline_model{}, parity};
  model.fit(ratings(1));
  const auto before = scores_of(model.in(0), 0);
  const dataset other = test::random_dataset(3000, 90, 70, 5);
  fit_options stopped;
  std::stop_source source;
  source.request_stop();
  stopped.stop = source.get_token();
  CHECK_THROWS_AS(model.fit(other, stopped), cancelled);
  CHECK_THROWS_AS(model.fit(dataset()), data_error);
  detail::dataset_storage timeless = other.storage();
  timeless.row_times = {};
  CHECK_THROWS_WITH_AS(model.fit(dataset(timeless)), "context: the ratings have no times",
                       data_error);
  CHECK(scores_of(model.in(0), 0) == before);
  CHECK(model.num_users() == 200);
}

}  // namespace kindred::contextual_prefilter_test
