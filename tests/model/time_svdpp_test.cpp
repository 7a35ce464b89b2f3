#include <kindred/core/random.hpp>
#include <kindred/evaluate/evaluate_ratings.hpp>
#include <kindred/model/concepts.hpp>
#include <kindred/model/svdpp.hpp>
#include <kindred/model/time_svdpp.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "../data/support.hpp"
#include "item_model_checks.hpp"

// Inside the namespace, since POSIX has a global function called index.
namespace kindred::time_svdpp_test {

static_assert(timed_rating_model<time_svdpp>);
static_assert(ranking_model<time_svdpp>);
static_assert(latent_model<time_svdpp>);
static_assert(!timed_rating_model<svdpp>);

namespace {

constexpr std::int64_t day = 86400;

/// `random_dataset` with its times in hours.
dataset timed_dataset(std::size_t rows, index users, index items, std::uint64_t seed) {
  rating_columns columns = test::random_columns(rows, users, items, seed);
  for (std::int64_t& time : columns.times) time = 1000 * day + 3600 * time;
  return make_dataset(test::numbered_ids(users), test::numbered_ids(items), std::move(columns));
}

/// The numbers of timeSVD++ in one row, and half of what it makes small, by its definition.
struct reference {
  const dataset& train;
  const svdpp_options& options;
  const detail::rating_times& times;

  using arrays = std::array<std::vector<double>, 9>;
  enum place { p, q, y, user_bias, item_bias, drift, slope, of_day, of_bin };

  static arrays of(const detail::svdpp_parameters& from) {
    arrays x;
    std::size_t n = 0;
    for (const auto* numbers :
         {&from.users, &from.items, &from.implicit, &from.user_biases, &from.item_biases,
          &from.drifts, &from.slopes, &from.days, &from.bins})
      x[n++].assign(numbers->begin(), numbers->end());
    return x;
  }

  [[nodiscard]] double objective(const arrays& x, std::size_t width) const {
    double twice = 0;
    std::size_t row = 0;
    for (index user = 0; user < train.num_users(); ++user) {
      const auto u = static_cast<std::size_t>(user);
      std::vector<double> sum(width, 0.0);
      const rating_list rated = train.by_user(user);
      for (const index j : rated.indices())
        for (std::size_t f = 0; f < width; ++f)
          sum[f] += x[y][static_cast<std::size_t>(j) * width + f] /
                    std::sqrt(static_cast<double>(rated.size()));
      for (const auto [item, value] : rated) {
        const auto i = static_cast<std::size_t>(item);
        const double dev = times.drift[row];
        const double b_day = x[of_day][static_cast<std::size_t>(times.day[row])];
        const double b_bin = x[of_bin][i * times.bins + static_cast<std::size_t>(times.bin[row])];
        const double b_u = x[user_bias][u];
        const double b_i = x[item_bias][i];
        double error = value - train.mean() - b_u - x[slope][u] * dev - b_day - b_i - b_bin;
        double squares = 0;
        double implicit = 0;
        double drifts = x[slope][u] * x[slope][u];
        for (std::size_t f = 0; f < width; ++f) {
          const std::size_t of_u = u * width + f;
          const std::size_t of_i = i * width + f;
          error -= x[q][of_i] * (x[p][of_u] + x[drift][of_u] * dev + sum[f]);
          squares += x[p][of_u] * x[p][of_u] + x[q][of_i] * x[q][of_i];
          implicit += x[y][of_i] * x[y][of_i];
          drifts += x[drift][of_u] * x[drift][of_u];
        }
        twice += train.row_weights()[row] * error * error +
                 options.bias_regularization * (b_u * b_u + b_i * b_i) +
                 options.factor_regularization * squares +
                 options.implicit_regularization * implicit + times.drift_penalty * drifts +
                 times.day_penalty[row] * b_day * b_day + times.bin_penalty[row] * b_bin * b_bin;
        ++row;
      }
    }
    return twice / 2;
  }
};

/// Ratings by users whose taste turns round in the course of a year, of items that come in and go
/// out of fashion, with the time of each.
rating_columns drifting_ratings(index users, index items) {
  const counter_rng random(3);
  rating_columns columns;
  std::uint64_t n = 10000;
  for (index u = 0; u < users; ++u)
    for (index i = 0; i < items; ++i) {
      if (random.uniform(n++) < 0.5) continue;
      const double part = random.uniform(n++);
      const double taste = random.normal(static_cast<std::uint64_t>(u));
      const double kind = random.normal(static_cast<std::uint64_t>(1000 + i));
      const double fashion = 1.5 * random.normal(static_cast<std::uint64_t>(2000 + i));
      columns.users.push_back(u);
      columns.items.push_back(i);
      columns.times.push_back(static_cast<std::int64_t>(365.0 * static_cast<double>(day) * part));
      columns.values.push_back(static_cast<float>(
          3 + (1 - 2 * part) * taste * kind + (part - 0.5) * fashion + 0.1 * random.normal(n++)));
    }
  return columns;
}

}  // namespace

TEST_CASE("times are drifts, days and bins") {
  rating_columns columns;
  columns.users = {0, 0, 0, 0, 1};
  columns.items = {0, 1, 2, 3, 0};
  columns.values = {1, 2, 3, 4, 5};
  columns.times = {0, day / 2, 3 * day, 2 * day + 5, 10 * day};
  const dataset train =
      make_dataset(test::numbered_ids(3), test::numbered_ids(4), std::move(columns));
  const detail::time_table table(train, 0.5, 5);
  CHECK(table.end() == 10 * day);
  const double middle = (0 + 0.5 + 3 + 2 + 5.0 / day) / 4;
  CHECK(table.drift(0, 3 * day) == doctest::Approx(std::sqrt((3 - middle) / 10)));
  CHECK(table.drift(0, 0) == doctest::Approx(-std::sqrt(middle / 10)));
  CHECK(table.drift(0, 9 * day) == table.drift(0, 3 * day));  // held
  CHECK(table.drift(0, -day) == table.drift(0, 0));
  CHECK(table.drift(1, 5 * day) == 0);
  CHECK(std::isfinite(table.drift(2, 5 * day)));
  CHECK(table.days() == 4);
  CHECK(table.day(0, day - 1) == 0);
  CHECK(table.day(0, day) == unknown_index);
  CHECK(table.day(0, 2 * day) == 1);
  CHECK(table.day(0, 3 * day + 7) == 2);
  CHECK(table.day(1, 10 * day) == 3);
  CHECK(table.day(2, 0) == unknown_index);
  CHECK(table.day(0, std::numeric_limits<std::int64_t>::max()) == unknown_index);
  CHECK(table.day(0, std::numeric_limits<std::int64_t>::min()) == unknown_index);
  CHECK(table.bin(0) == 0);
  CHECK(table.bin(2 * day) == 1);
  CHECK(table.bin(10 * day) == 4);
  CHECK(table.bin(std::numeric_limits<std::int64_t>::max()) == 4);
  CHECK(table.bin(std::numeric_limits<std::int64_t>::min()) == 0);
  // Two ratings of the first day share the penalty of its bias.
  const detail::rating_times times = table.times_of(train, 1, 6);
  CHECK(times.day == std::vector<index>{0, 0, 2, 1, 3});
  CHECK(times.day_penalty == std::vector<float>{3, 3, 6, 6, 6});
  CHECK(times.bin == std::vector<index>{0, 0, 1, 1, 4});
  CHECK(times.bin_penalty == std::vector<float>{6, 6, 6, 6, 6});
}

TEST_CASE("a pass of short steps goes down the gradient, by finite differences") {
  const dataset train = timed_dataset(200, 9, 30, 2);
  const detail::time_table table(train, 0.4, 4);
  const detail::rating_times times = table.times_of(train, 0.6, 2);
  svdpp_options options{.factors = 3,
                        .learning_rate = 0.02,
                        .learning_rate_decay = 0,
                        .bias_regularization = 0.3,
                        .factor_regularization = 0.2,
                        .implicit_regularization = 0.4,
                        .batch = 4,
                        .init_scale = 0.5};
  const backend::serial backend;
  const detail::host_loop loop(backend);
  const std::stop_token stop;
  detail::svdpp_trainer trainer(train, options, loop, stop, &times);
  for (int epoch = 1; epoch <= 3; ++epoch) (void)trainer.run_epoch(epoch);
  const reference expected{train, options, times};
  const std::size_t width = trainer.parameters().width;
  auto x = reference::of(trainer.parameters());
  options.learning_rate = 1e-4;
  (void)trainer.run_epoch(4);
  const auto after = reference::of(trainer.parameters());
  for (std::size_t kind = 0; kind < x.size(); ++kind) {
    double worst = 0;
    double largest = 0;
    for (std::size_t k = 0; k < x[kind].size(); ++k) {
      if (kind <= reference::y && k % width >= 3) continue;  // padding
      if (kind == reference::drift && k % width >= 3) continue;
      const double at = x[kind][k];
      constexpr double h = 1e-4;
      x[kind][k] = at + h;
      const double above = expected.objective(x, width);
      x[kind][k] = at - h;
      const double slope = (above - expected.objective(x, width)) / (2 * h);
      x[kind][k] = at;
      worst = std::max(worst, std::abs((after[kind][k] - at) / options.learning_rate + slope));
      largest = std::max(largest, std::abs(slope));
    }
    CAPTURE(kind);
    CHECK(largest > 0.1);
    CHECK(worst < 0.02 * largest);
  }
}

TEST_CASE("planted drift is found") {
  rating_columns all = drifting_ratings(120, 60);
  rating_columns known;
  rating_columns held_out;
  const counter_rng random(5);
  for (std::size_t n = 0; n < all.users.size(); ++n) {
    rating_columns& to = random.uniform(n) < 0.2 ? held_out : known;
    to.users.push_back(all.users[n]);
    to.items.push_back(all.items[n]);
    to.values.push_back(all.values[n]);
    to.times.push_back(all.times[n]);
  }
  const dataset train =
      make_dataset(test::numbered_ids(120), test::numbered_ids(60), std::move(known));
  const dataset test =
      make_dataset(test::numbered_ids(120), test::numbered_ids(60), std::move(held_out));
  const svdpp_options still{.factors = 4,
                            .epochs = 100,
                            .learning_rate = 0.02,
                            .learning_rate_decay = 0,
                            .factor_regularization = 0.01,
                            .implicit_regularization = 0.1,
                            .batch = 8};
  svdpp without(still);
  without.fit(train);
  time_svdpp with(
      {.svdpp = still, .drift_regularization = 0.01, .time_regularization = 3, .bins = 12});
  const fit_history history = with.fit(train, {.validation = test});
  const double error = evaluate_ratings(with, test).rmse;
  CHECK(error < 0.5 * evaluate_ratings(without, test).rmse);
  CHECK(error == doctest::Approx(history.epochs.back().validation_rmse).epsilon(1e-5));
}

TEST_CASE("what is asked without a time is asked at the end of the training data") {
  const dataset train = timed_dataset(500, 31, 23, 4);
  time_svdpp model({.svdpp = {.factors = 5, .epochs = 6, .clip = false}});
  model.fit(train);
  const std::int64_t end = *std::ranges::max_element(train.row_times());
  std::vector<float> scores(23);
  for (const index user : {-1, 0, 7, 30, 31}) {
    model.score(user, scores);
    for (index i = 0; i < 23; ++i) {
      CHECK(model.predict(user, i) == model.predict_at(user, i, end));
      CHECK(scores[static_cast<std::size_t>(i)] - scores[0] ==
            doctest::Approx(model.predict(user, i) - model.predict(user, 0)).epsilon(1e-4));
    }
  }
  constexpr index far = std::numeric_limits<index>::max();
  CHECK(model.predict_at(far, far, 0) == doctest::Approx(train.mean()));
  CHECK(model.predict_at(3, far, end) != model.predict_at(3, far, 0));  // the user has changed
  CHECK(model.predict_at(far, 3, end) != model.predict_at(far, 3, 0));
}

TEST_CASE("timeSVD++ keeps the contract of a model") {
  const time_svdpp small({.svdpp = {.factors = 5, .epochs = 3, .batch = 8}, .bins = 7});
  const dataset train = timed_dataset(900, 61, 29, 1);
  test::check_same_bits_everywhere(small, train);

  time_svdpp model = small;
  const temporary_folder folder;
  const std::string path = folder.path("model");
  CHECK_THROWS_AS(save(model, path), not_fitted_error);
  CHECK(model.predict(0, 0) == 0);
  model.fit(train);
  save(model, path);
  const auto loaded = load_model<time_svdpp>(path);
  CHECK(loaded.options() == model.options());
  CHECK(test::answers_of(loaded) == test::answers_of(model));
  CHECK(loaded.predict_at(3, 4, 1005 * day) == model.predict_at(3, 4, 1005 * day));

  const auto before = test::answers_of(model);
  std::stop_source stop;
  CHECK_THROWS_AS(model.fit(dataset()), data_error);
  CHECK_THROWS_AS(model.fit(test::plain_dataset(100, 9, 9, 1)), data_error);
  stop.request_stop();
  CHECK_THROWS_AS(model.fit(train, {.stop = stop.get_token()}), cancelled);
  CHECK(test::answers_of(model) == before);
  CHECK(test::refuses<index>(model, "day_offsets", 1, -1));
  CHECK(test::refuses<index>(model, "day_numbers", 0, -1));

  CHECK_THROWS_AS(time_svdpp({.svdpp = {.factors = 0}}), option_error);
  CHECK_THROWS_AS(time_svdpp({.drift_regularization = -1}), option_error);
  CHECK_THROWS_AS(time_svdpp({.time_regularization = -1}), option_error);
  CHECK_THROWS_AS(time_svdpp({.drift_exponent = 0}), option_error);
  CHECK_THROWS_AS(time_svdpp({.bins = 0}), option_error);
}

}  // namespace kindred::time_svdpp_test
