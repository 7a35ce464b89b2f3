#include <kindred/backend/cuda.hpp>
#include <kindred/core/error.hpp>
#include <kindred/data/split.hpp>
#include <kindred/data/synthetic.hpp>
#include <kindred/evaluate/evaluate_ratings.hpp>
#include <kindred/model/mlp_rating.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "no_device.hpp"

namespace kindred::cuda_mlp_test {

namespace {

dataset ratings() {
  return synthetic_ratings({.num_users = 900, .num_items = 500, .num_ratings = 50'000});
}

mlp_rating fitted(const mlp_rating_options& options, const dataset& train, const auto& where) {
  mlp_rating model(options);
  model.fit(train, {}, where);
  return model;
}

float distance(const mlp_rating& a, const mlp_rating& b) {
  float furthest = 0;
  for (index u = unknown_index; u < a.num_users(); ++u)
    for (index i = unknown_index; i < a.num_items(); ++i)
      furthest = std::max(furthest, std::abs(a.predict(u, i) - b.predict(u, i)));
  return furthest;
}

}  // namespace

TEST_CASE("without a device mlp_rating says so, and leaves the model as it was") {
  test::check_fit_without_device<mlp_rating>(ratings());
}

TEST_CASE("an epoch of mlp_rating on a GPU is one of the processor") {
  if (test::no_device()) return;
  const dataset train = ratings();
  for (const nn::activation function :
       {nn::activation::relu, nn::activation::tanh, nn::activation::gelu})
    for (const int batch : {100, 1000, 60'000}) {
      CAPTURE(static_cast<int>(function));
      CAPTURE(batch);
      const mlp_rating_options options{
          .dimensions = 33,
          .tower = {.hidden = {70, 31}, .function = function, .dropout = 0.1F},
          .training = {.epochs = 1,
                       .batch_size = batch,
                       .optimizer = nn::sgd{.learning_rate = 0.02},
                       .clipping = {.max_norm = 1}}};
      CHECK(distance(fitted(options, train, backend::tbb{}),
                     fitted(options, train, backend::cuda{})) < 1e-3F);
    }
}

TEST_CASE("what mlp_rating learns on a GPU is as good as what it learns on the processor") {
  if (test::no_device()) return;
  const auto [train, test] = split_random(ratings());
  const mlp_rating_options options{.training = {.epochs = 5}};
  mlp_rating here(options);
  mlp_rating there(options);
  here.fit(train);
  const fit_history history = there.fit(train, {.validation = test}, backend::cuda{});
  const double rmse = evaluate_ratings(there, test).rmse;
  CHECK(rmse == doctest::Approx(evaluate_ratings(here, test).rmse).epsilon(0.01));
  CHECK(rmse == doctest::Approx(history.epochs.back().validation_rmse).epsilon(1e-4));
}

TEST_CASE("mlp_rating has the same bits again") {
  if (test::no_device()) return;
  const dataset train = ratings();
  const mlp_rating_options options{.training = {.epochs = 2, .batch_size = 777}};
  const mlp_rating model = fitted(options, train, backend::cuda{});
  CHECK(distance(model, fitted(options, train, backend::cuda{})) == 0);
  CHECK_THROWS_AS(fitted(options, train, backend::cuda{.memory = 1000}), option_error);
}

}  // namespace kindred::cuda_mlp_test
