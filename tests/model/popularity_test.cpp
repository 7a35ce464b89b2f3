#include <kindred/backend/serial.hpp>
#include <kindred/backend/tbb.hpp>
#include <kindred/io/save.hpp>
#include <kindred/model/concepts.hpp>
#include <kindred/model/popularity.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "../data/support.hpp"
#include "../temporary_folder.hpp"

// Inside the namespace, since POSIX has a global function called index.
namespace kindred::popularity_test {

static_assert(rating_model<popularity_model>);
static_assert(ranking_model<popularity_model>);

namespace {

/// Item 0: 5, 4; item 1: 5; item 2: 1, 2, 1; item 3: nothing. Mean 3.
dataset small_ratings() {
  const std::vector<index> users = {0, 1, 0, 0, 1, 2};
  const std::vector<index> items = {0, 0, 1, 2, 2, 2};
  const std::vector<float> values = {5, 4, 5, 1, 2, 1};
  return make_dataset(test::numbered_ids(3), test::numbered_ids(4), users, items, values);
}

std::vector<float> scores_of(const popularity_model& model, index user) {
  std::vector<float> scores(static_cast<std::size_t>(model.num_items()));
  model.score(user, scores);
  return scores;
}

bool same_bits(const popularity_model& a, const popularity_model& b) {
  return a.num_users() == b.num_users() && a.mean() == b.mean() &&
         std::ranges::equal(a.item_counts(), b.item_counts()) &&
         std::ranges::equal(a.item_biases(), b.item_biases());
}

}  // namespace

TEST_CASE("popularity ranks by the number of ratings") {
  popularity_model model;
  model.fit(small_ratings());
  for (const index user : {0, 2, unknown_index})
    CHECK(scores_of(model, user) == std::vector<float>{2, 1, 3, 0});
}

TEST_CASE("popularity ranks by the damped mean") {
  popularity_model model{{.order = popularity_order::damped_mean, .damping = 2}};
  model.fit(small_ratings());
  const auto scores = scores_of(model, 0);
  CHECK(scores[0] == doctest::Approx((5 + 4 + 2 * 3) / 4.0 - 3));
  CHECK(scores[1] == doctest::Approx((5 + 2 * 3) / 3.0 - 3));
  CHECK(scores[2] == doctest::Approx((1 + 2 + 1 + 2 * 3) / 5.0 - 3));
  CHECK(scores[3] == 0);
  CHECK(scores[0] > scores[1]);  // two good ratings beat a perfect one
}

TEST_CASE("popularity predicts the damped mean of the item, for any user") {
  for (const auto order : {popularity_order::ratings, popularity_order::damped_mean}) {
    popularity_model model{{.order = order, .damping = 2}};
    model.fit(small_ratings());
    for (const index user : {0, 2, 99, unknown_index, std::numeric_limits<index>::min()}) {
      CHECK(model.predict(user, 0) == doctest::Approx(15.0 / 4));
      CHECK(model.predict(user, 2) == doctest::Approx(10.0 / 5));
      for (const index unknown : {3, 4, unknown_index, std::numeric_limits<index>::max()})
        CHECK(model.predict(user, unknown) == 3);
    }
  }
}

TEST_CASE("popularity without damping predicts plain means") {
  const dataset train = test::random_dataset(3000, 100, 40, 1);
  popularity_model model{{.damping = 0}};
  model.fit(train);
  std::map<index, std::vector<double>> values;
  for (const auto& r : test::ratings_of(train)) values[r.item].push_back(r.value);
  for (index i = 0; i < 40; ++i) {
    double sum = 0;
    for (const double value : values[i]) sum += value;
    const auto count = static_cast<double>(values[i].size());
    CHECK(model.predict(0, i) == doctest::Approx(count > 0 ? sum / count : train.mean()));
    CHECK(static_cast<double>(model.item_counts()[static_cast<std::size_t>(i)]) == count);
  }
}

TEST_CASE("popularity reports its one epoch") {
  const dataset train = small_ratings();
  popularity_model model{{.damping = 0}};
  int seen = 0;
  fit_options options{.validation = train};
  options.observer = [&](const epoch_report&) {
    ++seen;
    return training::proceed;
  };
  const fit_history history = model.fit(train, options);
  REQUIRE(history.epochs.size() == 1);
  CHECK(seen == 1);
  // Off by 0.5 twice at item 0, by 1/3, 2/3, 1/3 at item 2.
  const double rmse = std::sqrt((0.25 + 0.25 + 6.0 / 9) / 6);
  CHECK(history.epochs[0].train_rmse == doctest::Approx(rmse));
  CHECK(history.epochs[0].validation_rmse == doctest::Approx(rmse));
}

TEST_CASE("popularity has the same bits on any number of threads and on every host backend") {
  for (const auto& train :
       {test::random_dataset(20000, 597, 43, 1), test::random_dataset(31, 1, 31, 2)}) {
    const auto fit_on = [&](const auto& backend) {
      popularity_model model;
      model.fit(train, {}, backend);
      return model;
    };
    const popularity_model reference = fit_on(backend::serial{});
    for (const int threads : {1, 2, 8})
      CHECK(
          same_bits(test::on_threads(threads, [&] { return fit_on(backend::tbb{}); }), reference));
  }
}

TEST_CASE("a fit of popularity that throws leaves the model as it was") {
  popularity_model model;
  model.fit(small_ratings());
  const popularity_model before = model;
  std::stop_source stop;
  stop.request_stop();
  const dataset other = test::random_dataset(100, 10, 10, 1);
  CHECK_THROWS_AS(model.fit(other, {.stop = stop.get_token()}), cancelled);
  CHECK_THROWS_AS(model.fit(dataset()), data_error);
  CHECK(same_bits(model, before));
}

TEST_CASE("popularity refuses options out of range") {
  for (const double bad : {-1.0, 1e9, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_AS(popularity_model({.damping = bad}), option_error);
  CHECK_THROWS_AS(popularity_model({.order = static_cast<popularity_order>(7)}), option_error);
}

TEST_CASE("popularity comes back from its file") {
  const temporary_folder folder;
  const std::string path = folder.path("popularity.safetensors");
  popularity_model model{{.order = popularity_order::damped_mean, .damping = 2.5}};
  CHECK_THROWS_AS(save(model, path), not_fitted_error);
  model.fit(test::random_dataset(900, 61, 29, 1));
  save(model, path);
  const auto loaded = load_model<popularity_model>(path);
  CHECK(same_bits(loaded, model));
  CHECK(loaded.options() == model.options());
  CHECK(scores_of(loaded, 0) == scores_of(model, 0));
}

}  // namespace kindred::popularity_test
