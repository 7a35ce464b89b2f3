#include <kindred/backend/serial.hpp>
#include <kindred/backend/tbb.hpp>
#include <kindred/evaluate/evaluate_ratings.hpp>
#include <kindred/io/save.hpp>
#include <kindred/model/baseline.hpp>
#include <kindred/model/concepts.hpp>
#include <kindred/model/matrix_factorization.hpp>
#include <kindred/source/movielens.hpp>

#include <doctest/doctest.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "../data/support.hpp"
#include "../ml_100k.hpp"
#include "../temporary_folder.hpp"

// Inside the namespace, since POSIX has a global function called index.
namespace kindred::baseline_test {

static_assert(rating_model<baseline_model>);
static_assert(ranking_model<baseline_model>);

namespace {

dataset random_ratings(std::size_t rows, index users, index items, bool weights = false,
                       std::uint64_t seed = 1) {
  auto columns = test::random_columns(rows, users, items, seed);
  columns.times.clear();
  if (!weights) columns.weights.clear();
  return make_dataset(test::numbered_ids(users), test::numbered_ids(items), std::move(columns));
}

dataset small_ratings() {
  const std::vector<index> users = {0, 0, 1, 2};
  const std::vector<index> items = {0, 1, 0, 1};
  const std::vector<float> values = {5, 3, 4, 1};
  return make_dataset(test::numbered_ids(4), test::numbered_ids(3), users, items, values);
}

/// All biases at once, users first, by the normal equations of the penalised problem.
Eigen::VectorXd solve_exactly(const dataset& train, const baseline_options& options) {
  const Eigen::Index users = train.num_users();
  const Eigen::Index size = users + train.num_items();
  Eigen::MatrixXd matrix = Eigen::MatrixXd::Zero(size, size);
  Eigen::VectorXd right = Eigen::VectorXd::Zero(size);
  matrix.diagonal().head(users).setConstant(options.user_regularization);
  matrix.diagonal().tail(size - users).setConstant(options.item_regularization);
  for (const auto& r : test::ratings_of(train)) {
    const double w = train.has_weights() ? static_cast<double>(r.weight) : 1.0;
    const Eigen::Index u = r.user;
    const Eigen::Index i = users + r.item;
    matrix(u, u) += w;
    matrix(i, i) += w;
    matrix(u, i) += w;
    matrix(i, u) += w;
    right(u) += w * (static_cast<double>(r.value) - train.mean());
    right(i) += w * (static_cast<double>(r.value) - train.mean());
  }
  return matrix.ldlt().solve(right);
}

bool same_bits(const baseline_model& a, const baseline_model& b) {
  return std::ranges::equal(a.user_biases(), b.user_biases()) &&
         std::ranges::equal(a.item_biases(), b.item_biases()) && a.mean() == b.mean();
}

}  // namespace

TEST_CASE("one epoch of the baseline solves the items, then the users") {
  baseline_model model{{.epochs = 1, .user_regularization = 2, .item_regularization = 3}};
  const fit_history history = model.fit(small_ratings());
  const double mean = 13.0 / 4;
  CHECK(model.mean() == mean);
  const double item_0 = ((5 - mean) + (4 - mean)) / (3 + 2);
  const double item_1 = ((3 - mean) + (1 - mean)) / (3 + 2);
  REQUIRE(model.num_items() == 3);
  CHECK(model.item_biases()[0] == doctest::Approx(item_0));
  CHECK(model.item_biases()[1] == doctest::Approx(item_1));
  CHECK(model.item_biases()[2] == 0);
  REQUIRE(model.num_users() == 4);
  CHECK(model.user_biases()[0] ==
        doctest::Approx(((5 - mean - item_0) + (3 - mean - item_1)) / (2 + 2)));
  CHECK(model.user_biases()[1] == doctest::Approx((4 - mean - item_0) / (2 + 1)));
  CHECK(model.user_biases()[2] == doctest::Approx((1 - mean - item_1) / (2 + 1)));
  CHECK(model.user_biases()[3] == 0);

  // Read before the step of the users, after that of the items.
  const double squared = std::pow(5 - mean - item_0, 2) + std::pow(4 - mean - item_0, 2) +
                         std::pow(3 - mean - item_1, 2) + std::pow(1 - mean - item_1, 2);
  REQUIRE(history.epochs.size() == 1);
  CHECK(history.epochs[0].train_rmse == doctest::Approx(std::sqrt(squared / 4)));
}

TEST_CASE("many epochs of the baseline reach the solution of the normal equations") {
  for (const bool weights : {false, true}) {
    CAPTURE(weights);
    const dataset train = random_ratings(900, 61, 29, weights);
    const baseline_options options{
        .epochs = 300, .user_regularization = 4, .item_regularization = 2};
    baseline_model model{options};
    model.fit(train);
    const Eigen::VectorXd exact = solve_exactly(train, options);
    double worst = 0;
    for (Eigen::Index u = 0; u < train.num_users(); ++u)
      worst =
          std::max(worst, std::abs(exact(u) - model.user_biases()[static_cast<std::size_t>(u)]));
    for (Eigen::Index i = 0; i < train.num_items(); ++i)
      worst = std::max(worst, std::abs(exact(train.num_users() + i) -
                                       model.item_biases()[static_cast<std::size_t>(i)]));
    CHECK(worst < 2e-6);  // biases are floats
    CHECK(exact.cwiseAbs().maxCoeff() > 0.1);
  }
}

TEST_CASE("the baseline by descent reaches the solution of the normal equations") {
  // Every rating pays the penalty once, unlike with als.
  constexpr double penalty = 0.1;
  constexpr Eigen::Index users = 12;
  constexpr Eigen::Index size = users + 9;
  for (const bool weights : {false, true}) {
    CAPTURE(weights);
    const dataset train = random_ratings(600, users, size - users, weights);
    baseline_model model{{.epochs = 4000,
                          .solver = baseline_solver::sgd,
                          .learning_rate = 0.001,
                          .regularization = penalty}};
    model.fit(train);
    Eigen::MatrixXd normal = Eigen::MatrixXd::Zero(size, size);
    Eigen::VectorXd target = Eigen::VectorXd::Zero(size);
    for (const auto& r : test::ratings_of(train)) {
      const double w = train.has_weights() ? static_cast<double>(r.weight) : 1.0;
      Eigen::VectorXd row = Eigen::VectorXd::Zero(size);
      row[r.user] = row[users + r.item] = 1;
      normal += w * row * row.transpose() + penalty * Eigen::MatrixXd(row.asDiagonal());
      target += w * (static_cast<double>(r.value) - train.mean()) * row;
    }
    const Eigen::VectorXd exact = normal.ldlt().solve(target);
    double worst = 0;
    for (Eigen::Index n = 0; n < size; ++n) {
      const float bias = n < users ? model.user_biases()[static_cast<std::size_t>(n)]
                                   : model.item_biases()[static_cast<std::size_t>(n - users)];
      worst = std::max(worst, std::abs(exact[n] - static_cast<double>(bias)));
    }
    CHECK(worst < 0.002);
    CHECK(exact.cwiseAbs().maxCoeff() > 0.1);
  }
}

TEST_CASE("the baseline by descent is matrix factorization without factors") {
  const dataset train = random_ratings(900, 61, 29, true);
  baseline_model model{{.epochs = 5,
                        .solver = baseline_solver::sgd,
                        .learning_rate = 0.02,
                        .regularization = 0.3,
                        .seed = 7}};
  matrix_factorization<> expected{{.factors = 0,
                                   .epochs = 5,
                                   .schedule = learning_rate_schedule::constant,
                                   .learning_rate = 0.02,
                                   .bias_regularization = 0.3,
                                   .seed = 7}};
  const fit_history history = model.fit(train);
  expected.fit(train);
  CHECK(std::ranges::equal(model.user_biases(), expected.user_biases()));
  CHECK(std::ranges::equal(model.item_biases(), expected.item_biases()));
  CHECK(history.epochs.back().learning_rate == 0.02);
}

TEST_CASE("the baseline by descent that diverges names its learning rate") {
  const dataset train = random_ratings(900, 61, 29);
  baseline_model model{{.epochs = 100, .solver = baseline_solver::sgd, .learning_rate = 50}};
  try {
    model.fit(train);
    FAIL("did not diverge");
  } catch (const divergence_error& error) {
    CHECK(error.learning_rate() == 50);
    CHECK(std::string_view(error.what()).starts_with("baseline_model diverged in epoch"));
  }
  CHECK_FALSE(model.fitted());
}

TEST_CASE("equal weights of the baseline scale the penalty") {
  auto columns = test::random_columns(500, 40, 30, 3);
  for (float& weight : columns.weights) weight = 2;
  const dataset weighted = make_dataset(test::numbered_ids(40), test::numbered_ids(30), columns);
  columns.weights.clear();
  const dataset plain = make_dataset(test::numbered_ids(40), test::numbered_ids(30), columns);
  baseline_model a{{.user_regularization = 8, .item_regularization = 6}};
  baseline_model b{{.user_regularization = 4, .item_regularization = 3}};
  a.fit(weighted);
  b.fit(plain);
  CHECK(same_bits(a, b));
}

TEST_CASE("the baseline has the same bits on any number of threads and on every host backend") {
  for (const auto& train : {random_ratings(20000, 597, 43), random_ratings(31, 1, 31),
                            random_ratings(31, 31, 1), random_ratings(5000, 300, 200, true)}) {
    for (const auto solver : {baseline_solver::als, baseline_solver::sgd}) {
      const auto fit_on = [&](const auto& backend) {
        baseline_model model{{.solver = solver}};
        model.fit(train, {}, backend);
        return model;
      };
      const baseline_model reference = fit_on(backend::serial{});
      for (const int threads : {1, 2, 8})
        CHECK(same_bits(test::on_threads(threads, [&] { return fit_on(backend::tbb{}); }),
                        reference));
    }
  }
}

TEST_CASE("the baseline predicts what is known of a pair") {
  baseline_model model{{.user_regularization = 1, .item_regularization = 1, .clip = false}};
  model.fit(small_ratings());
  const auto about = [&](double x) { return doctest::Approx(x).epsilon(1e-6); };
  const double b_u = model.user_biases()[1];
  const double b_i = model.item_biases()[1];
  CHECK(model.predict(1, 1) == about(model.mean() + b_u + b_i));
  constexpr index last = std::numeric_limits<index>::max();
  constexpr index first = std::numeric_limits<index>::min();
  for (const index unknown : {unknown_index, first, index{4}, last}) {
    CHECK(model.predict(unknown, 1) == about(model.mean() + b_i));
    CHECK(model.predict(1, unknown) == about(model.mean() + b_u));
    CHECK(model.predict(unknown, unknown) == about(model.mean()));
  }
}

TEST_CASE("the baseline holds predictions to the range of the ratings if asked") {
  baseline_options options{.user_regularization = 0, .item_regularization = 0};
  baseline_model clipped{options};
  options.clip = false;
  baseline_model free{options};
  const dataset train = random_ratings(600, 50, 40);
  clipped.fit(train);
  free.fit(train);
  int held = 0;
  for (index u = 0; u < 50; ++u)
    for (index i = 0; i < 40; ++i) {
      const float p = free.predict(u, i);
      CHECK(clipped.predict(u, i) == std::clamp(p, train.min_value(), train.max_value()));
      held += p < train.min_value() || p > train.max_value() ? 1 : 0;
    }
  CHECK(held > 0);
}

TEST_CASE("the baseline scores items by their biases") {
  baseline_model model;
  model.fit(small_ratings());
  for (const index user : {0, 3, unknown_index}) {
    std::vector<float> scores(3);
    model.score(user, scores);
    CHECK(std::ranges::equal(scores, model.item_biases()));
  }
}

TEST_CASE("the validation error of the baseline is that of its predictions") {
  const dataset validation = random_ratings(300, 65, 45, false, 2);  // some it does not know
  for (const auto solver : {baseline_solver::als, baseline_solver::sgd}) {
    baseline_model model{{.epochs = 3,
                          .solver = solver,
                          .user_regularization = 0.5,
                          .item_regularization = 0.5,
                          .learning_rate = 0.1}};
    const fit_history history = model.fit(random_ratings(900, 60, 40), {.validation = validation});
    CHECK(history.epochs.back().validation_rmse ==
          doctest::Approx(evaluate_ratings(model, validation).rmse).epsilon(1e-6));
  }
}

TEST_CASE("the baseline stops early and restores its best epoch") {
  // Without a penalty the biases first get better, then fit the noise.
  const dataset train = random_ratings(400, 100, 80);
  const dataset validation = random_ratings(300, 100, 80, false, 2);
  const baseline_options options{
      .epochs = 200, .user_regularization = 0.01, .item_regularization = 0.01};
  baseline_model model{options};
  const fit_history history = model.fit(
      train, {.validation = validation, .early_stopping = early_stopping_options{.patience = 2}});
  CHECK(history.reason == stop_reason::early_stopping);
  REQUIRE(history.best_epoch < static_cast<int>(history.epochs.size()));
  baseline_options shorter = options;
  shorter.epochs = history.best_epoch;
  baseline_model expected{shorter};
  expected.fit(train);
  CHECK(same_bits(model, expected));
}

TEST_CASE("a fit of the baseline that throws leaves the model as it was") {
  baseline_model model;
  model.fit(small_ratings());
  const baseline_model before = model;
  std::stop_source stop;
  fit_options cancelling{.stop = stop.get_token()};
  cancelling.observer = [&](const epoch_report& report) {
    if (report.epoch == 2) stop.request_stop();
    return training::proceed;
  };
  const dataset other = random_ratings(100, 10, 10);
  CHECK_THROWS_AS(model.fit(other, cancelling), cancelled);
  CHECK_THROWS_AS(model.fit(dataset()), data_error);
  CHECK_THROWS_AS(model.fit(other, {.early_stopping = early_stopping_options{}}), option_error);
  CHECK(same_bits(model, before));
}

TEST_CASE("the baseline refuses options out of range") {
  for (const double bad : {-1e-9, 1e9, std::numeric_limits<double>::quiet_NaN()}) {
    CHECK_THROWS_AS(baseline_model({.user_regularization = bad}), option_error);
    CHECK_THROWS_AS(baseline_model({.item_regularization = bad}), option_error);
    CHECK_THROWS_AS(baseline_model({.learning_rate = bad}), option_error);
    CHECK_THROWS_AS(baseline_model({.regularization = bad}), option_error);
  }
  CHECK_THROWS_AS(baseline_model({.learning_rate = 0}), option_error);
  CHECK_THROWS_AS(baseline_model({.solver = static_cast<baseline_solver>(2)}), option_error);
  CHECK_THROWS_AS(baseline_model({.epochs = -1}), option_error);
}

TEST_CASE("the baseline without epochs predicts the mean") {
  baseline_model model{{.epochs = 0}};
  CHECK(model.fit(small_ratings()).epochs.empty());
  CHECK(model.predict(0, 0) == 3.25F);
}

TEST_CASE("the baseline comes back from its file") {
  const temporary_folder folder;
  const std::string path = folder.path("baseline.safetensors");
  baseline_model model{{.epochs = 7,
                        .solver = baseline_solver::sgd,
                        .user_regularization = 3,
                        .learning_rate = 0.01,
                        .regularization = 0.03,
                        .seed = 9,
                        .clip = false}};
  CHECK_THROWS_AS(save(model, path), not_fitted_error);
  model.fit(random_ratings(900, 61, 29));
  save(model, path);
  const auto loaded = load_model<baseline_model>(path);
  CHECK(same_bits(loaded, model));
  CHECK(loaded.options() == model.options());
  CHECK(loaded.predict(3, 5) == model.predict(3, 5));
}

TEST_CASE("the baseline is as good on MovieLens 100K as published") {
  const auto folder = test::data_folder();
  if (!folder) {
    MESSAGE("skipped: KINDRED_DATA is not set");
    return;
  }
  for (const baseline_options& options : std::initializer_list<baseline_options>{
           {}, {.epochs = 20, .solver = baseline_solver::sgd}}) {
    double rmse = 0;
    double mae = 0;
    for (const char* fold : {"u1", "u2", "u3", "u4", "u5"}) {
      const auto [train, test] = movielens::load_fold(*folder + "/ml-100k", fold);
      baseline_model model{options};
      model.fit(train);
      const auto metrics = evaluate_ratings(model, test);
      rmse += metrics.rmse / 5;
      mae += metrics.mae / 5;
    }
    const std::string solver = options.solver == baseline_solver::sgd ? "sgd" : "als";
    MESSAGE(solver, ", mean of u1 .. u5: RMSE ", rmse, ", MAE ", mae);
    // Surprise's table has .944 and .748, on folds of its own.
    CHECK(rmse <= 0.944);
    CHECK(mae <= 0.748);
  }
}

}  // namespace kindred::baseline_test
