#include <kindred/backend/cuda.hpp>
#include <kindred/core/error.hpp>
#include <kindred/data/split.hpp>
#include <kindred/data/synthetic.hpp>
#include <kindred/evaluate/evaluate_ratings.hpp>
#include <kindred/model/als.hpp>
#include <kindred/model/implicit_als.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "no_device.hpp"

namespace kindred::cuda_als_test {

namespace {

dataset ratings() { return synthetic_ratings({.num_ratings = 50'000}); }

template <class Model>
Model fitted(const auto& options, const dataset& train, const auto& where) {
  Model model(options);
  model.fit(train, {}, where);
  return model;
}

/// How far the user's and the item's vectors are apart at most.
template <class Model>
float distance(const Model& a, const Model& b) {
  const auto x = a.latent();
  const auto y = b.latent();
  float furthest = 0;
  const auto compare = [&](const float* p, const float* q, index rows) {
    for (std::size_t n = 0; n < static_cast<std::size_t>(rows) * x.factors; ++n)
      furthest = std::max(furthest, std::abs(p[n] - q[n]));
  };
  compare(x.user_factors, y.user_factors, x.num_users);
  compare(x.item_factors, y.item_factors, x.num_items);
  return furthest;
}

als_solver solvers[] = {cholesky{}, conjugate_gradient{.steps = 5}};

}  // namespace

TEST_CASE("without a device als says so, and leaves the model as it was") {
  test::check_fit_without_device<als>(ratings());
}

TEST_CASE("an epoch of als on a GPU is one of the processor") {
  if (test::no_device()) return;
  const dataset train = ratings();
  for (const int factors : {1, 31, 32, 64, 100, 200, 300})
    for (const als_solver& solver : solvers)
      for (const bool biases : {false, true}) {
        CAPTURE(factors);
        CAPTURE(solver.index());
        const als_options options{
            .factors = factors, .epochs = 1, .biases = biases, .solver = solver};
        CHECK(distance(fitted<als>(options, train, backend::tbb{}),
                       fitted<als>(options, train, backend::cuda{})) < 1e-3F);
      }
}

TEST_CASE("what als learns on a GPU is as good as what it learns on the processor") {
  if (test::no_device()) return;
  const auto [train, test] = split_random(ratings());
  als model;
  const fit_history here = model.fit(train, {.validation = test});
  const fit_history there = model.fit(train, {.validation = test}, backend::cuda{});
  CHECK(there.epochs.back().validation_rmse ==
        doctest::Approx(here.epochs.back().validation_rmse).epsilon(1e-3));
  CHECK(there.epochs.back().train_rmse ==
        doctest::Approx(here.epochs.back().train_rmse).epsilon(1e-3));
  CHECK(evaluate_ratings(model, test).rmse ==
        doctest::Approx(there.epochs.back().validation_rmse).epsilon(1e-4));
}

TEST_CASE("an epoch of implicit_als on a GPU is one of the processor") {
  if (test::no_device()) return;
  const dataset train = ratings();
  for (const int factors : {1, 32, 64, 200})
    for (const als_solver& solver : solvers) {
      CAPTURE(factors);
      CAPTURE(solver.index());
      const implicit_als_options options{
          .factors = factors, .epochs = 1, .regularization = 0.05, .solver = solver};
      CHECK(distance(fitted<implicit_als>(options, train, backend::tbb{}),
                     fitted<implicit_als>(options, train, backend::cuda{})) < 1e-2F);
    }
}

TEST_CASE("als has the same bits again, and when its entries are streamed") {
  if (test::no_device()) return;
  const dataset train = ratings();
  for (const als_solver& solver : solvers) {
    const als_options options{.factors = 32, .epochs = 2, .solver = solver};
    const als model = fitted<als>(options, train, backend::cuda{});
    CHECK(distance(model, fitted<als>(options, train, backend::cuda{})) == 0);
  }
  const als_options options{.factors = 32, .epochs = 2};
  const auto rows =
      static_cast<std::size_t>(train.num_users()) + static_cast<std::size_t>(train.num_items());
  const std::size_t little = rows * (64 * sizeof(float) + 20) + train.size() * 8;
  CHECK(distance(fitted<als>(options, train, backend::cuda{}),
                 fitted<als>(options, train, backend::cuda{.memory = little})) == 0);
  CHECK_THROWS_AS(fitted<als>(options, train, backend::cuda{.memory = 1000}), option_error);
}

}  // namespace kindred::cuda_als_test
