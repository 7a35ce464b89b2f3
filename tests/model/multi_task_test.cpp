#include <kindred/core/error.hpp>
#include <kindred/evaluate/evaluate_ratings.hpp>
#include <kindred/model/mlp_rating.hpp>
#include <kindred/model/multi_task.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "network_support.hpp"
#include "saved_network.hpp"

namespace kindred::multi_task_test {

using namespace test;

namespace {

/// A rating, and whether it is a good one.
std::vector<rating_task> two_tasks() {
  return {{.name = "rating"},
          {.name = "good", .loss = nn::cross_entropy{}, .weight = 0.5, .at_least = 3.0F}};
}

multi_task_options small(std::vector<rating_task> tasks = two_tasks()) {
  auto o = small_options<multi_task_options>(known_world().features());
  o.tasks = std::move(tasks);
  o.head.hidden = {4};
  return o;
}

/// Who has clicked on what: everything of kind `even`, and nothing else.
dataset clicks() {
  rating_columns columns;
  for (index u = 0; u < known_world::users; u += 2)
    for (index i = 0; i < known_world::items; ++i) {
      columns.users.push_back(u);
      columns.items.push_back(i);
      columns.values.push_back(i % 2 == 0 ? 1.0F : 0.0F);
    }
  return make_dataset(numbered_ids(known_world::users), numbered_ids(known_world::items),
                      std::move(columns));
}

}  // namespace

TEST_CASE("multi_task keeps to what a network that rates has to") {
  check_network<multi_task>(small());
  check_network<multi_task>(small({{.name = "rating"}}));
}

TEST_CASE("multi_task predicts each task by its formula") {
  multi_task model(small());
  model.fit(known_world().ratings());
  const saved_network n(model);
  for (index user = -1; user < known_world::users; user += 7)
    for (index item = -1; item < known_world::items; item += 5) {
      const auto x = joined(n.fields(user, item, 0, 5));
      const auto shared = n.rectified(n.rectified(x, "deep.0"), "deep.1");
      const auto head = [&](const std::string& name) {
        return n.dense(n.rectified(shared, name + ".0"), name + ".output")[0];
      };
      const double stars = head("deep.head0") + n.linear(user, item, 5);
      CHECK(model.predict(user, item) == doctest::Approx(n.rating(stars)).epsilon(1e-4));
      const double good = head("deep.head1") + n.linear(user, item, 6, "linear1") + n.center("1");
      CHECK(model.predict_task(1, user, item) ==
            doctest::Approx(1 / (1 + std::exp(-good))).epsilon(1e-4));
    }
}

TEST_CASE("gradients of the network of multi_task are those of central differences") {
  auto o = small();
  o.head.function = nn::activation::tanh;
  check_network_gradients(o);
  o.tower.hidden.clear();
  o.biases = false;
  check_network_gradients(o);
}

TEST_CASE("multi_task learns what ratings follow from, and what are good ones") {
  check_learns<multi_task>(
      {.tasks = two_tasks(), .dimensions = 8, .tower = {.hidden = {32}}, .head = {.hidden = {16}}});
  const known_world world;
  auto o = small();
  o.training.epochs = 60;
  o.training.optimizer = nn::adam{.learning_rate = 0.01};
  multi_task model(o);
  model.fit(world.ratings());
  REQUIRE(model.num_tasks() == 2);
  const std::size_t good = model.task("good");
  std::size_t right = 0;
  for (index u = 0; u < 55; ++u)
    for (index i = 0; i < 45; ++i) {
      const float probability = model.predict_task(good, u, i);
      REQUIRE((probability >= 0 && probability <= 1));
      if ((probability > 0.5F) == (world.rating(u, i) >= 3)) ++right;
    }
  CHECK(right > 55 * 45 * 98 / 100);
}

TEST_CASE("a task of weight nearly 0 leaves the other as if it were alone") {
  auto o = small({{.name = "rating"}, {.name = "again", .weight = 1e-30}});
  o.biases = false;  // their number decides what is drawn for the embeddings
  o.training.optimizer = nn::sgd{.learning_rate = 0.05};
  multi_task both(o);
  both.fit(known_world().ratings());
  o.tasks.pop_back();
  multi_task alone(o);
  alone.fit(known_world().ratings());
  // The initial weights of the first head and of the shared layers are the same.
  for (index i = 0; i < 45; ++i)
    CHECK(both.predict(3, i) == doctest::Approx(static_cast<double>(alone.predict(3, i))));
}

TEST_CASE("another kind of event teaches a task of its own") {
  const known_world world;
  auto o = small(
      {{.name = "rating"}, {.name = "click", .loss = nn::cross_entropy{}, .ratings = clicks()}});
  o.training.epochs = 60;
  o.training.optimizer = nn::adam{.learning_rate = 0.01};
  multi_task model(o);
  const fit_history history = model.fit(world.ratings(), {.validation = world.ratings(3)});
  CHECK(history.epochs.back().validation_rmse < 0.2);
  for (index i = 0; i < known_world::items; ++i) {
    CAPTURE(i);
    CHECK((model.predict_task(1, 4, i) > 0.5F) == (i % 2 == 0));
  }

  // The events are not in the file, but that there are some is.
  multi_task loaded = saved_and_loaded(model);
  CHECK(answers_of(loaded) == answers_of(model));
  auto next = loaded.options();
  REQUIRE(next.tasks[1].ratings);
  next.features = o.features;
  loaded.set_options(next);
  CHECK_THROWS_WITH_AS(loaded.resume(world.ratings()), "task 'click': no ratings to fit",
                       data_error);
  next.tasks[1].ratings = clicks();
  next.training.epochs = 61;
  loaded.set_options(next);
  model.set_options(next);
  loaded.resume(world.ratings());
  model.resume(world.ratings());
  CHECK(answers_of(loaded) == answers_of(model));
}

TEST_CASE("predictions are held to the range of their own task") {
  auto o = small({{.name = "rating"}, {.name = "click", .ratings = clicks()}});
  o.training.optimizer = nn::adam{.learning_rate = 0.1};
  multi_task model(o);
  model.fit(known_world().ratings());
  float low = 9;
  float high = -9;
  for (index u = 0; u < known_world::users; ++u)
    for (index i = 0; i < known_world::items; ++i) {
      low = std::min(low, model.predict_task(1, u, i));
      high = std::max(high, model.predict_task(1, u, i));
      REQUIRE(model.predict(u, i) >= 1.5F);
    }
  CHECK(low == 0);
  CHECK(high == 1);
}

TEST_CASE("drawn items teach the tasks that want them") {
  rating_columns columns;
  for (index u = 0; u < 20; ++u)
    for (index i = u % 2; i < 10; i += 2) {
      columns.users.push_back(u);
      columns.items.push_back(i);
      columns.values.push_back(5);
    }
  const dataset ratings = make_dataset(numbered_ids(20), numbered_ids(10), std::move(columns));
  auto o =
      small({{.name = "rating"},
             {.name = "rated", .loss = nn::cross_entropy{}, .at_least = 0.0F, .negatives = true}});
  o.features = {};
  o.negatives = 2;
  o.clip = false;
  o.training.epochs = 60;
  o.training.optimizer = nn::adam{.learning_rate = 0.01};
  multi_task model(o);
  model.fit(ratings);
  for (index i = 0; i < 10; ++i) {
    CHECK(model.predict(4, i) == doctest::Approx(5).epsilon(0.1));
    CHECK((model.predict_task(1, 4, i) > 0.5F) == (i % 2 == 0));
  }
}

TEST_CASE("targets of a task that its loss cannot take are named") {
  multi_task model(small({{.name = "rating"}, {.name = "liked", .loss = nn::cross_entropy{}}}));
  CHECK_THROWS_AS(model.fit(known_world().ratings()), data_error);
  multi_task other(
      small({{.name = "rating"}, {.name = "click", .ratings = random_dataset(10, 3, 4, 1)}}));
  CHECK_THROWS_WITH_AS(
      other.fit(known_world().ratings()),
      "task 'click': its ratings are of 3 users and 4 items, those of the training "
      "of 60 and 50",
      data_error);
}

TEST_CASE("options of multi_task are checked") {
  CHECK_THROWS_AS(multi_task({.tasks = {}}), option_error);
  CHECK_THROWS_AS(multi_task({.tasks = {{.name = "a"}, {.name = "a"}}}), data_error);
  CHECK_THROWS_AS(multi_task({.tasks = {{.name = "a", .weight = 0}}}), option_error);
  CHECK_THROWS_AS(multi_task({.tasks = {{.name = "a", .at_least = std::nanf("")}}}), option_error);
  CHECK_THROWS_AS(multi_task({.head = {.dropout = 1}}), option_error);
}

}  // namespace kindred::multi_task_test
