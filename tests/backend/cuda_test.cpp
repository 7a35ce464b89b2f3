#include <kindred/backend/cuda.hpp>
#include <kindred/backend/tbb.hpp>
#include <kindred/core/error.hpp>
#include <kindred/data/split.hpp>
#include <kindred/data/synthetic.hpp>
#include <kindred/evaluate/evaluate_ratings.hpp>
#include <kindred/model/matrix_factorization.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <string>

#include "no_device.hpp"

namespace kindred::cuda_test {

namespace {

dataset ratings() { return synthetic_ratings({.num_ratings = 50'000}); }

template <class Scalar>
bool same_bits(const matrix_factorization<Scalar>& a, const matrix_factorization<Scalar>& b) {
  const auto x = a.latent();
  const auto y = b.latent();
  const auto users = static_cast<std::size_t>(x.num_users) * x.factors;
  const auto items = static_cast<std::size_t>(x.num_items) * x.factors;
  return std::equal(x.user_factors, x.user_factors + users, y.user_factors) &&
         std::equal(x.item_factors, x.item_factors + items, y.item_factors) &&
         std::ranges::equal(a.user_biases(), b.user_biases()) &&
         std::ranges::equal(a.item_biases(), b.item_biases());
}

template <class Scalar>
matrix_factorization<Scalar> fitted(const dataset& train,
                                    const matrix_factorization_options& options,
                                    const backend::cuda& where) {
  matrix_factorization<Scalar> model(options);
  model.fit(train, {}, where);
  return model;
}

}  // namespace

TEST_CASE("without a device a fit says so, and leaves the model as it was") {
  if (backend::cuda::available()) return;
  const dataset train = ratings();
  matrix_factorization<> model{{.factors = 8, .epochs = 2}};
  try {
    model.fit(train, {}, backend::cuda{});
    FAIL("it threw nothing");
  } catch (const cuda_error& error) {
    CHECK(error.call() == "cudaGetDeviceCount");
    CHECK(error.code() != 0);
    CHECK(error.place().find(".cu:") != std::string::npos);
    CHECK(std::string(error.what()).find("cudaGetDeviceCount: ") == 0);
  }
  CHECK_FALSE(model.fitted());
}

TEST_CASE("a device that is not there is an option out of range") {
  if (test::no_device()) return;
  CHECK_THROWS_AS((backend::cuda{.device = -1}.require_device()), option_error);
  CHECK_THROWS_AS((backend::cuda{.device = 1000}.require_device()), option_error);
}

TEST_CASE("what a GPU learns is as good as what the processor learns") {
  if (test::no_device()) return;
  const auto [train, test] = split_random(ratings());
  for (const int factors : {0, 1, 31, 64, 128, 200}) {
    CAPTURE(factors);
    const matrix_factorization_options options{.factors = factors, .epochs = 8};
    matrix_factorization<> model(options);
    const fit_history here = model.fit(train, {.validation = test});
    const double rmse = evaluate_ratings(model, test).rmse;
    for (const auto order : {backend::cuda_order::reproducible, backend::cuda_order::asynchronous})
      for (const auto storage : {backend::cuda_storage::full, backend::cuda_storage::half}) {
        const fit_history there = model.fit(train, {.validation = test},
                                            backend::cuda{.order = order, .storage = storage});
        CHECK(evaluate_ratings(model, test).rmse == doctest::Approx(rmse).epsilon(0.01));
        CHECK(there.epochs.back().validation_rmse ==
              doctest::Approx(evaluate_ratings(model, test).rmse).epsilon(0.001));
        CHECK(there.epochs.back().train_rmse ==
              doctest::Approx(here.epochs.back().train_rmse).epsilon(0.02));
      }
  }
}

TEST_CASE("without epochs the GPU gives back what it was given") {
  if (test::no_device()) return;
  const dataset train = ratings();
  const matrix_factorization_options options{.factors = 43, .epochs = 0};
  matrix_factorization<double> model(options);
  model.fit(train);
  CHECK(same_bits(model, fitted<double>(train, options, {})));
}

TEST_CASE("a reproducible run has the same bits again, and when it is streamed") {
  if (test::no_device()) return;
  const dataset train = ratings();
  const matrix_factorization_options options{.factors = 64, .epochs = 3};
  const auto model = fitted<float>(train, options, {});
  CHECK(same_bits(model, fitted<float>(train, options, {})));
  const std::size_t parameters =
      (static_cast<std::size_t>(train.num_users()) + static_cast<std::size_t>(train.num_items())) *
      (64 * sizeof(float) + sizeof(kernel::sgd_row<float>));
  const std::size_t little = parameters + train.size() * sizeof(kernel::tile_rating) / 2;
  CHECK(same_bits(model, fitted<float>(train, options, {.memory = little})));
  CHECK_THROWS_AS(fitted<float>(train, options, {.memory = 1000}), option_error);
}

TEST_CASE("early stopping goes back to the best epoch") {
  if (test::no_device()) return;
  const auto [train, test] = split_random(ratings());
  matrix_factorization<> model{{.factors = 64, .epochs = 40, .regularization = 0}};
  const fit_history history = model.fit(
      train, {.validation = test, .early_stopping = early_stopping_options{.patience = 2}},
      backend::cuda{});
  const auto best = static_cast<std::size_t>(history.best_epoch);
  CHECK(evaluate_ratings(model, test).rmse ==
        doctest::Approx(history.epochs[best - 1].validation_rmse).epsilon(0.001));
}

TEST_CASE("doubles are not kept as halves") {
  if (test::no_device()) return;
  CHECK_THROWS_AS(fitted<double>(ratings(), {}, {.storage = backend::cuda_storage::half}),
                  option_error);
}

}  // namespace kindred::cuda_test
