#include <kindred/core/error.hpp>
#include <kindred/data/calendar.hpp>
#include <kindred/evaluate/evaluate_ranking.hpp>
#include <kindred/evaluate/evaluate_ratings.hpp>
#include <kindred/model/baseline.hpp>
#include <kindred/model/mlp_rating.hpp>
#include <kindred/model/weighted_hybrid.hpp>
#include <kindred/serve/any_recommender.hpp>
#include <kindred/serve/recommender.hpp>
#include <kindred/train/fit_options.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "network_support.hpp"

namespace kindred::neural_rating_model_test {

using namespace test;

namespace {

mlp_rating_options small() { return small_options<mlp_rating_options>(known_world().features()); }

mlp_rating fitted(const mlp_rating_options& options) {
  mlp_rating model(options);
  model.fit(known_world().ratings());
  return model;
}

/// A few ratings with values, times counted in days of 1970.
dataset few(const std::vector<float>& values, index users = 3, index items = 2) {
  rating_columns columns;
  for (std::size_t k = 0; k < values.size(); ++k) {
    columns.users.push_back(static_cast<index>(k) % users);
    columns.items.push_back(static_cast<index>(k) / users % items);
    columns.values.push_back(values[k]);
    columns.times.push_back(static_cast<std::int64_t>(k) * 86400);
  }
  return make_dataset(numbered_ids(users), numbered_ids(items), std::move(columns));
}

}  // namespace

TEST_CASE("a network that rates goes wherever a model may go") {
  const known_world world;
  const dataset train = world.ratings();
  const dataset test = world.ratings(2);
  const mlp_rating model = fitted(small());
  CHECK(std::isfinite(evaluate_ratings(model, test).rmse));
  CHECK(std::isfinite(evaluate_ranking(model, train, test, {.at = {5}}).at(5).ndcg));
  weighted_hybrid hybrid{mlp_rating(small()), baseline_model{}};
  hybrid.fit(train);
  CHECK(std::isfinite(hybrid.predict(0, 1)));
  const any_recommender served = recommender{model, train};
  CHECK(served.recommend("3", 4).entries().size() == 4);
  CHECK(served.predict("3", "4").rating == model.predict(3, 4));
}

TEST_CASE("a fit of a network that fails leaves it as it was") {
  check_failed_fits(mlp_rating(small_options<mlp_rating_options>()));
  mlp_rating model = fitted(small());
  const auto before = answers_of(model);
  std::stop_source stop;
  const auto in_time = [&](const epoch_report&) {
    stop.request_stop();
    return training::proceed;
  };
  CHECK_THROWS_AS(
      model.fit(known_world().ratings(3), {.observer = in_time, .stop = stop.get_token()}),
      cancelled);
  CHECK(answers_of(model) == before);
}

TEST_CASE("too high a learning rate is named") {
  auto o = small();
  o.training.optimizer = nn::sgd{.learning_rate = 1e5};
  try {
    fitted(o);
    FAIL("no divergence");
  } catch (const divergence_error& error) {
    CHECK(error.epoch() == 1);
    CHECK(error.learning_rate() == 1e5);
  }
}

TEST_CASE("early stopping goes back to the best epoch") {
  auto o = small();
  o.training.epochs = 40;
  o.training.optimizer = nn::adam{.learning_rate = 0.2};
  const dataset validation = known_world().ratings(5);
  mlp_rating model(o);
  const fit_history history = model.fit(
      known_world().ratings(),
      {.validation = validation, .early_stopping = early_stopping_options{.patience = 3}});
  REQUIRE(history.reason == stop_reason::early_stopping);
  const auto& best = history.epochs[static_cast<std::size_t>(history.best_epoch) - 1];
  CHECK(model.trained_epochs() == history.best_epoch);
  CHECK(evaluate_ratings(model, validation).rmse == doctest::Approx(best.validation_rmse));
  CHECK(best.validation_loss == doctest::Approx(best.validation_rmse * best.validation_rmse)
                                    .epsilon(0.2));  // ratings are held to their range
}

TEST_CASE("a checkpoint is the model after its epoch") {
  std::vector<mlp_rating> kept;
  mlp_rating model(small());
  model.fit(known_world().ratings(), {}, backend::tbb{},
            [&](const mlp_rating& now) { kept.push_back(now); });
  REQUIRE(kept.size() == 3);
  CHECK(answers_of(kept[2]) == answers_of(model));
  auto shorter = small();
  shorter.training.epochs = 2;
  CHECK(answers_of(kept[1]) == answers_of(fitted(shorter)));
  mlp_rating resumed = kept[0];
  resumed.resume(known_world().ratings());
  CHECK(answers_of(resumed) == answers_of(model));
}

TEST_CASE("training resumes with every optimizer, and with what draws at random") {
  const auto chosen = {
      nn::optimizer(nn::sgd{}),           nn::optimizer(nn::momentum{}),
      nn::optimizer(nn::nesterov{}),      nn::optimizer(nn::adagrad{.initial_square = 0.1}),
      nn::optimizer(nn::rmsprop{}),       nn::optimizer(nn::adamw{}),
      nn::optimizer(nn::ftrl{.l1 = 0.01})};
  for (const nn::optimizer& optimizer : chosen) {
    auto o = small();
    o.tower.dropout = 0.2F;
    o.tower.normalize = nn::normalization::batch;
    o.negatives = 1;
    o.training.optimizer = optimizer;
    o.training.schedule = {.decay = nn::exponential_decay{.factor = 0.8}, .warmup_steps = 5};
    o.training.clipping = {.max_norm = 1};
    o.training.hidden_ids = 0.1;
    check_resumes<mlp_rating>(o);
  }
}

TEST_CASE("all options come back from a file") {
  auto o = small();
  o.biases = false;
  o.clip = false;
  o.negatives = 2;
  o.loss = nn::huber{.delta = 0.25};
  o.tower = {.hidden = {7},
             .function = nn::activation::gelu,
             .normalize = nn::normalization::layer,
             .dropout = 0.125F};
  o.training.optimizer = nn::adamw{
      .learning_rate = 0.002, .beta1 = 0.8, .beta2 = 0.99, .epsilon = 1e-6, .weight_decay = 0.1};
  o.training.schedule = {.decay = nn::step_decay{.factor = 0.25, .epochs = 2}, .warmup_steps = 3};
  o.training.clipping.max_value = 0.5;
  o.training.l1 = 1e-5;
  o.training.l2 = 1e-4;
  o.training.embedding_l2 = 1e-3;
  o.training.seed = std::numeric_limits<std::uint64_t>::max();
  o.training.keep_state = false;
  const mlp_rating model = fitted(o);
  mlp_rating loaded = saved_and_loaded(model);
  CHECK(answers_of(loaded) == answers_of(model));
  CHECK(loaded.options().dimensions == o.dimensions);
  CHECK(loaded.options().tower == o.tower);
  CHECK(loaded.options().loss == o.loss);
  CHECK(loaded.options().training == o.training);
  CHECK(same_options(loaded.options(), o));
  CHECK_THROWS_AS(loaded.resume(known_world().ratings()), not_fitted_error);
}

TEST_CASE("a loaded model trains when it has its features again") {
  mlp_rating loaded = saved_and_loaded(fitted(small()));
  const dataset train = known_world().ratings();
  CHECK_THROWS_WITH_AS(
      loaded.resume(train),
      "mlp_rating: its features are not in the file that it is from; see set_options()",
      data_error);
  CHECK_THROWS_AS(loaded.fit(train), data_error);
  auto other = small();
  other.training.epochs = 4;
  other.features.users.columns = {{"number"}};
  loaded.set_options(other);
  CHECK_THROWS_AS(loaded.resume(train), data_error);
  loaded.set_options(small());
  CHECK_NOTHROW(loaded.resume(train));
  CHECK_THROWS_AS(loaded.resume(few({1, 2, 3})), data_error);
}

TEST_CASE("a fitted model changes how it is trained, and not what it is") {
  mlp_rating model = fitted(small());
  auto next = small();
  next.training.epochs = 9;
  next.training.optimizer = nn::adam{.learning_rate = 0.5};
  model.set_options(next);
  CHECK(model.options().training.epochs == 9);
  next.training.optimizer = nn::sgd{};
  CHECK_THROWS_WITH_AS(model.set_options(next),
                       "option training.optimizer = sgd is not in {adam}: the model is fitted",
                       option_error);
  next = small();
  next.tower.hidden = {9, 7};
  CHECK_THROWS_WITH_AS(model.set_options(next),
                       "option tower.hidden1 = 7 is not in {6}: the model is fitted", option_error);
  mlp_rating unfitted;
  unfitted.set_options(next);
  CHECK(unfitted.options().tower.hidden.back() == 7);
}

TEST_CASE("who is new is seen by their features") {
  const known_world world;
  auto o = small();
  o.training.epochs = 60;
  o.training.optimizer = nn::adam{.learning_rate = 0.01};
  o.training.hidden_ids = 0.3;
  const mlp_rating model = fitted(o);
  CHECK(model.num_users() == 60);
  const index user = known_world::users - 2;
  for (index item = 0; item < known_world::items; ++item)
    CHECK(model.predict(user, item) ==
          doctest::Approx(static_cast<double>(world.rating(user, item))).epsilon(0.25));

  // The same rows, as of a table that came later.
  const auto late_items = model.features().encode_items(world.table(world.y, 45));
  std::vector<float> predictions(5);
  model.predict_new_items(3, late_items, predictions);
  for (index k = 0; k < 5; ++k)
    CHECK(predictions[static_cast<std::size_t>(k)] == model.predict(3, 45 + k));
  const auto late_users = model.features().encode_users(world.table(world.x, 58));
  std::vector<float> scores(50);
  std::vector<float> expected(50);
  model.score_new_user(late_users, 1, scores);
  model.score(59, expected);
  CHECK(scores == expected);

  CHECK_THROWS_WITH_AS(model.predict_new_items(3, late_users, predictions),
                       "items: rows that another encoder made", data_error);
  predictions.pop_back();
  CHECK_THROWS_WITH_AS(model.predict_new_items(3, late_items, predictions),
                       "items: 5 rows for 4 predictions", data_error);
  CHECK_THROWS_AS(model.score_new_user(encoded_rows(), 0, scores), data_error);
  CHECK_THROWS_AS((void)model.features().encode_items(feature_table(2)), data_error);
}

TEST_CASE("hidden ids teach what those without an id get") {
  auto o = small_options<mlp_rating_options>();
  o.training.epochs = 30;
  const dataset train = known_world().ratings();
  const mlp_rating never = fitted(o);
  o.training.hidden_ids = 0.5;
  const mlp_rating often = fitted(o);
  // Of somebody unknown on something unknown the mean is all there is to know.
  CHECK(often.predict(-1, -1) == doctest::Approx(train.mean()).epsilon(0.05));
  CHECK(never.predict(-1, 3) != often.predict(-1, 3));
}

TEST_CASE("a context changes what is predicted") {
  std::vector<float> values;
  for (int k = 0; k < 700; ++k) values.push_back(k % 7 == 2 || k % 7 == 3 ? 5.0F : 1.0F);
  auto o = small_options<mlp_rating_options>(feature_set{.context = {{"weekend", weekend()}}});
  o.training.epochs = 40;
  o.training.optimizer = nn::adam{.learning_rate = 0.01};
  mlp_rating model(o);
  model.fit(few(values, 50, 20), {.validation = few(values, 50, 20)});
  const int weekdays = 0;
  const int weekends = 1;
  CHECK(model.predict(4, 3, std::span(&weekdays, 1)) == doctest::Approx(1).epsilon(0.2));
  CHECK(model.predict(4, 3, std::span(&weekends, 1)) == doctest::Approx(5).epsilon(0.2));
  const int no_context = 7;
  CHECK(model.predict(4, 3, std::span(&no_context, 1)) == model.predict(4, 3));

  mlp_rating loaded = saved_and_loaded(model);
  CHECK(loaded.predict(4, 3, std::span(&weekends, 1)) ==
        model.predict(4, 3, std::span(&weekends, 1)));
  CHECK_THROWS_AS(loaded.resume(few(values, 50, 20)), data_error);
  CHECK_THROWS_AS(model.fit(known_world().ratings()), data_error);  // they have no times
}

TEST_CASE("a network has a bounded number of contexts") {
  auto o = small_options<mlp_rating_options>();
  for (int k = 0; k < 33; ++k)
    o.features.context.push_back({"context" + std::to_string(k), weekend()});
  mlp_rating model(o);
  CHECK_THROWS_AS(model.fit(few({1, 2, 3})), option_error);
}

TEST_CASE("items that are drawn count as rated 0") {
  rating_columns columns;
  for (index u = 0; u < 20; ++u)
    for (index i = u % 2; i < 10; i += 2) {
      columns.users.push_back(u);
      columns.items.push_back(i);
      columns.values.push_back(1);
    }
  const dataset likes = make_dataset(numbered_ids(20), numbered_ids(10), std::move(columns));
  auto o = small_options<mlp_rating_options>();
  o.loss = nn::cross_entropy{};
  o.negatives = 2;
  o.training.epochs = 60;
  o.training.optimizer = nn::adam{.learning_rate = 0.01};
  mlp_rating model(o);
  model.fit(likes);
  for (index i = 0; i < 10; ++i) {
    CAPTURE(i);
    CHECK((model.predict(4, i) > 0.5F) == (i % 2 == 0));
    CHECK((model.predict(7, i) > 0.5F) == (i % 2 == 1));
  }
}

TEST_CASE("labels outside of 0 and 1 are named") {
  auto o = small_options<mlp_rating_options>();
  o.loss = nn::cross_entropy{};
  mlp_rating model(o);
  CHECK_THROWS_WITH_AS(model.fit(few({1, 0, 4})),
                       "cross_entropy: label 4 of row 2 is not in [0, 1]", data_error);
  CHECK_THROWS_WITH_AS(model.fit(few({1, 0, 1}), {.validation = few({0, 2, 1})}),
                       "validation: cross_entropy: label 2 of row 1 is not in [0, 1]", data_error);
}

TEST_CASE("a batch may be larger than the data, and a vocabulary have but one") {
  feature_table table(1);
  table.add("colour", categorical_column(std::vector<std::string>{"red"}));
  table.add("size", numeric_column({7}));
  auto o = small_options<mlp_rating_options>(feature_set{.items = {table}});
  o.training.batch_size = 65536;
  mlp_rating model(o);
  model.fit(few({3}, 1, 1));
  CHECK(model.predict(0, 0) == 3);
  CHECK(all_finite(model));
}

TEST_CASE("a number that is missing is none that spoils") {
  feature_table table(3);
  table.add("age", numeric_column({20, std::nanf(""), 40}));
  mlp_rating model(small_options<mlp_rating_options>(feature_set{.users = {table}}));
  model.fit(few({1, 2, 3, 4, 5, 1}));
  CHECK(all_finite(model));
}

TEST_CASE("features must be there, and be something") {
  mlp_rating short_table(
      small_options<mlp_rating_options>(feature_set{.items = {known_world::table({1})}}));
  CHECK_THROWS_WITH_AS(short_table.fit(few({1, 2, 3, 4})),
                       "items: the feature table has 1 rows for 2 items", data_error);
  mlp_rating nothing(
      small_options<mlp_rating_options>(feature_set{.user_ids = false, .item_ids = false}));
  CHECK_THROWS_WITH_AS(nothing.fit(few({1, 2, 3})),
                       "mlp_rating: no ids and no features to learn from", data_error);
  mlp_rating wide{{.dimensions = 1024, .tower = {.hidden = {4096}}}};
  CHECK_NOTHROW(
      wide.fit(few({1}, 1, 1), {.observer = [](const epoch_report&) { return training::stop; }}));
}

TEST_CASE("a model that is not fitted predicts 0 and is not saved") {
  const mlp_rating model;
  CHECK(model.predict(0, 0) == 0);
  CHECK_FALSE(model.fitted());
  CHECK_THROWS_AS(saved_and_loaded(model), not_fitted_error);
}

TEST_CASE("a task is found by its name") {
  const mlp_rating model = fitted(small());
  CHECK(model.num_tasks() == 1);
  CHECK(model.task("rating") == 0);
  CHECK(model.predict_task(0, 1, 2) == model.predict(1, 2));
  CHECK_THROWS_WITH_AS((void)model.task("click"), "option task = 'click' is not in {rating}",
                       option_error);
}

}  // namespace kindred::neural_rating_model_test
