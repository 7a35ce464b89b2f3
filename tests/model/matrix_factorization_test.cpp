#include <kindred/backend/serial.hpp>
#include <kindred/backend/tbb.hpp>
#include <kindred/model/matrix_factorization.hpp>

#include <doctest/doctest.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <span>
#include <stop_token>
#include <type_traits>
#include <utility>
#include <vector>

#include "../data/support.hpp"

// Inside the namespace, since POSIX has a global function called index.
namespace kindred::matrix_factorization_test {

static_assert(kindred::rating_model<matrix_factorization<>>);
static_assert(kindred::ranking_model<matrix_factorization<double>>);
static_assert(kindred::latent_model<matrix_factorization<>>);

namespace {

dataset ratings_of_size(std::size_t rows, index users, index items, bool weights = false,
                        std::uint64_t seed = 1) {
  auto columns = test::random_columns(rows, users, items, seed);
  columns.times.clear();
  if (!weights) columns.weights.clear();
  return kindred::make_dataset(test::numbered_ids(users), test::numbered_ids(items),
                               std::move(columns));
}

/// Ratings of every user for most items, drawn without noise from mean + biases + rank-2 factors.
kindred::rating_columns noiseless(index users, index items, std::uint64_t seed, bool held_out) {
  const kindred::counter_rng random(seed);
  const auto draw = [&](int kind, index row) {
    return random.normal(static_cast<std::uint64_t>(kind) * 1000 + static_cast<std::uint64_t>(row));
  };
  kindred::rating_columns columns;
  for (index u = 0; u < users; ++u)
    for (index i = 0; i < items; ++i) {
      if (((u * 7 + i * 3) % 10 == 0) != held_out) continue;
      columns.users.push_back(u);
      columns.items.push_back(i);
      columns.values.push_back(static_cast<float>(3 + 0.3 * draw(0, u) + 0.3 * draw(1, i) +
                                                  0.5 * draw(2, u) * draw(3, i) +
                                                  0.4 * draw(4, u) * draw(5, i)));
    }
  return columns;
}

double rmse(const auto& model, const dataset& ratings) {
  double total = 0;
  for (const auto& r : test::ratings_of(ratings)) {
    const double error =
        static_cast<double>(r.value) - static_cast<double>(model.predict(r.user, r.item));
    total += error * error;
  }
  return std::sqrt(total / static_cast<double>(ratings.size()));
}

template <class Scalar>
bool same_bits(const matrix_factorization<Scalar>& a, const matrix_factorization<Scalar>& b) {
  const auto equal = [](const Scalar* x, const Scalar* y, std::size_t count) {
    return count == 0 || std::memcmp(x, y, count * sizeof(Scalar)) == 0;
  };
  const auto users = static_cast<std::size_t>(a.num_users());
  const auto items = static_cast<std::size_t>(a.num_items());
  return a.num_users() == b.num_users() && a.num_items() == b.num_items() &&
         equal(a.latent().user_factors, b.latent().user_factors, users * a.factors()) &&
         equal(a.latent().item_factors, b.latent().item_factors, items * a.factors()) &&
         equal(a.user_biases().data(), b.user_biases().data(), users) &&
         equal(a.item_biases().data(), b.item_biases().data(), items);
}

template <class Scalar>
void check_backends_agree(const dataset& train, const matrix_factorization_options& options,
                          const kindred::fit_options& fit = {}) {
  matrix_factorization<Scalar> reference(options);
  const auto expected = reference.fit(train, fit, kindred::backend::serial{});
  for (const int threads : {1, 2, 8}) {
    test::on_threads(threads, [&] {
      matrix_factorization<Scalar> model(options);
      const auto history = model.fit(train, fit, kindred::backend::tbb{});
      CHECK(same_bits(model, reference));
      REQUIRE(history.epochs.size() == expected.epochs.size());
      for (std::size_t e = 0; e < history.epochs.size(); ++e) {
        CHECK(history.epochs[e].train_rmse == expected.epochs[e].train_rmse);
        if (fit.validation)
          CHECK(history.epochs[e].validation_rmse == expected.epochs[e].validation_rmse);
      }
    });
  }
}

}  // namespace

TEST_CASE_TEMPLATE("same bits from serial and from tbb on 1, 2 and 8 threads", Scalar, float,
                   double) {
  for (const bool weights : {false, true})
    for (const int factors : {0, 1, 16, 40}) {
      CAPTURE(factors);
      const auto train = ratings_of_size(20000, 597, 143, weights);
      kindred::fit_options fit;
      fit.validation = ratings_of_size(500, 597, 143, false, 2);
      check_backends_agree<Scalar>(train, {.factors = factors, .epochs = 3}, fit);
    }
  using kindred::learning_rate_schedule;
  check_backends_agree<Scalar>(ratings_of_size(3000, 31, 43),
                               {.factors = 8,
                                .epochs = 4,
                                .schedule = learning_rate_schedule::inverse_time,
                                .learning_rate = 0.01,
                                .biases = false,
                                .nonnegative = true});
}

TEST_CASE("ugly sizes fit and agree") {
  for (const auto& [rows, users, items] : std::vector<std::tuple<std::size_t, index, index>>{
           {1, 1, 1}, {3, 1, 31}, {3, 31, 1}, {40, 31, 1682}, {9, 597, 43}}) {
    check_backends_agree<float>(ratings_of_size(rows, users, items),
                                {.factors = 3, .epochs = 2, .frequency_exponent = 0.5});
    check_backends_agree<float>(ratings_of_size(rows, users, items),
                                {.factors = 3, .epochs = 2, .blocks = 1024});
  }
}

TEST_CASE("another seed gives other factors, the same seed the same") {
  const auto train = ratings_of_size(2000, 50, 40);
  matrix_factorization<> a({.factors = 8, .epochs = 2, .seed = 1});
  matrix_factorization<> b({.factors = 8, .epochs = 2, .seed = 1});
  matrix_factorization<> c({.factors = 8, .epochs = 2, .seed = 2});
  a.fit(train);
  b.fit(train);
  c.fit(train);
  CHECK(same_bits(a, b));
  CHECK_FALSE(same_bits(a, c));
}

TEST_CASE_TEMPLATE("recovers noiseless low-rank ratings that it never saw", Scalar, float, double) {
  const auto ids = [](index n) { return test::numbered_ids(n); };
  const auto train = kindred::make_dataset(ids(120), ids(90), noiseless(120, 90, 5, false));
  const auto test = kindred::make_dataset(ids(120), ids(90), noiseless(120, 90, 5, true));
  matrix_factorization<Scalar> model({.factors = 4,
                                      .epochs = 300,
                                      .learning_rate = 0.1,
                                      .regularization = 0,
                                      .bias_regularization = 0,
                                      .clip = false,
                                      .init_scale = 0.1});
  model.fit(train);
  CHECK(rmse(model, train) < 0.01);
  CHECK(rmse(model, test) < 0.02);
}

TEST_CASE("without factors, converges to the ridge solution of the biases") {
  // The same minimum from dense normal equations: every rating adds the penalty once.
  const auto train = ratings_of_size(600, 12, 9);
  constexpr double penalty = 0.1;
  matrix_factorization<double> model({.factors = 0,
                                      .epochs = 3000,
                                      .schedule = kindred::learning_rate_schedule::inverse_time,
                                      .learning_rate = 0.05,
                                      .learning_rate_decay = 0.1,
                                      .bias_regularization = penalty,
                                      .clip = false});
  model.fit(train);
  Eigen::MatrixXd normal = Eigen::MatrixXd::Zero(21, 21);
  Eigen::VectorXd target = Eigen::VectorXd::Zero(21);
  for (const auto& r : test::ratings_of(train)) {
    Eigen::VectorXd row = Eigen::VectorXd::Zero(21);
    row[r.user] = row[12 + r.item] = 1;
    normal += row * row.transpose() + penalty * Eigen::MatrixXd(row.asDiagonal());
    target += (static_cast<double>(r.value) - train.mean()) * row;
  }
  const Eigen::VectorXd solution = normal.ldlt().solve(target);
  for (index u = 0; u < 12; ++u)
    CHECK(model.user_biases()[static_cast<std::size_t>(u)] ==
          doctest::Approx(solution[u]).epsilon(0.01));
  for (index i = 0; i < 9; ++i)
    CHECK(model.item_biases()[static_cast<std::size_t>(i)] ==
          doctest::Approx(solution[12 + i]).epsilon(0.01));
}

TEST_CASE("without biases, the rating is the inner product alone") {
  const auto train = ratings_of_size(2000, 50, 40);
  for (const bool nonnegative : {false, true}) {
    matrix_factorization<> model(
        {.factors = 6, .epochs = 20, .biases = false, .nonnegative = nonnegative, .clip = false});
    const auto history = model.fit(train);
    CHECK(history.epochs.back().train_rmse < history.epochs.front().train_rmse);
    const auto view = model.latent();
    for (index u = 0; u < 50; u += 7)
      for (index i = 0; i < 40; i += 3) {
        float expected = 0;
        for (std::size_t f = 0; f < 6; ++f) expected += view.user(u)[f] * view.item(i)[f];
        CHECK(model.predict(u, i) == doctest::Approx(expected).epsilon(1e-5));
      }
    if (nonnegative)
      for (index u = 0; u < 50; ++u)
        CHECK(std::ranges::all_of(view.user(u), [](float x) { return x >= 0; }));
  }
}

TEST_CASE("predict answers every index, and is held to the training range") {
  const auto train = ratings_of_size(300, 20, 10);
  matrix_factorization<> model({.factors = 4, .epochs = 5, .learning_rate = 0.2});
  model.fit(train);
  const auto mean = static_cast<float>(model.mean());
  const auto held = [&](float x) { return std::clamp(x, train.min_value(), train.max_value()); };
  for (const index unknown :
       {-1, 20, std::numeric_limits<index>::max(), std::numeric_limits<index>::min()}) {
    CHECK(model.predict(unknown, unknown) == doctest::Approx(mean));
    CHECK(model.predict(unknown, 3) == doctest::Approx(held(mean + model.item_biases()[3])));
    CHECK(model.predict(3, unknown) == doctest::Approx(held(mean + model.user_biases()[3])));
  }
  for (index u = 0; u < 20; ++u)
    for (index i = 0; i < 10; ++i) {
      CHECK(model.predict(u, i) >= train.min_value());
      CHECK(model.predict(u, i) <= train.max_value());
    }
  const matrix_factorization<> unfitted;
  CHECK(unfitted.predict(0, 0) == 0);
}

TEST_CASE("score orders as predict does, without the user's part") {
  const auto train = ratings_of_size(2000, 50, 40);
  matrix_factorization<> model({.factors = 8, .epochs = 5, .clip = false});
  model.fit(train);
  std::vector<float> scores(40);
  model.score(7, scores);
  for (index i = 0; i < 40; ++i)
    CHECK(scores[static_cast<std::size_t>(i)] + static_cast<float>(model.mean()) +
              model.user_biases()[7] ==
          doctest::Approx(model.predict(7, i)).epsilon(1e-5));
  model.score(-1, scores);
  CHECK(std::equal(scores.begin(), scores.end(), model.item_biases().begin()));
}

TEST_CASE("a rating of weight 2 counts as two ratings do in the loss") {
  // One user, one item, no factors: the bias goes to w (r - mean) / (w + penalty) for both sides.
  kindred::rating_columns columns;
  for (index i = 0; i < 2; ++i) {
    columns.users.push_back(0);
    columns.items.push_back(i);
    columns.values.push_back(i == 0 ? 1.0F : 3.0F);
    columns.weights.push_back(i == 0 ? 4.0F : 1.0F);
  }
  const auto train =
      kindred::make_dataset(test::numbered_ids(1), test::numbered_ids(2), std::move(columns));
  matrix_factorization<double> model({.factors = 0,
                                      .epochs = 4000,
                                      .schedule = kindred::learning_rate_schedule::constant,
                                      .learning_rate = 0.01,
                                      .bias_regularization = 0.5});
  model.fit(train);
  // Stationary: 4 (-1 - b - c0) = 0.5 c0, (1 - b - c1) = 0.5 c1, and both pulls sum to 2 * 0.5 b.
  const double b = model.user_biases()[0];
  const double c0 = model.item_biases()[0];
  const double c1 = model.item_biases()[1];
  CHECK(4 * (-1 - b - c0) == doctest::Approx(0.5 * c0).epsilon(0.02));
  CHECK((1 - b - c1) == doctest::Approx(0.5 * c1).epsilon(0.02));
  CHECK(0.5 * c0 + 0.5 * c1 == doctest::Approx(b).epsilon(0.05));
}

TEST_CASE("rows without ratings predict from the other side") {
  auto columns = test::random_columns(200, 10, 10, 4);
  const auto train =
      kindred::make_dataset(test::numbered_ids(12), test::numbered_ids(11), std::move(columns));
  matrix_factorization<> model({.factors = 4, .epochs = 5, .clip = false});
  model.fit(train);
  CHECK(model.predict(11, 3) == doctest::Approx(model.predict(-1, 3)));
  CHECK(model.predict(3, 10) == doctest::Approx(model.predict(3, -1)));
}

TEST_CASE("a fit that diverges names the epoch and leaves the model as it was") {
  const auto train = ratings_of_size(2000, 50, 40);
  matrix_factorization<> model({.factors = 8, .epochs = 2});
  model.fit(train);
  const auto before = model;
  matrix_factorization<> wild({.factors = 8,
                               .epochs = 50,
                               .schedule = kindred::learning_rate_schedule::constant,
                               .learning_rate = 50});
  try {
    wild.fit(train);
    FAIL("did not diverge");
  } catch (const kindred::divergence_error& error) {
    CHECK(error.epoch() >= 1);
    CHECK(error.learning_rate() == 50);
    CHECK(std::string(error.what()).find("epoch " + std::to_string(error.epoch())) !=
          std::string::npos);
  }
  CHECK_FALSE(wild.fitted());
  std::stop_source stop;
  stop.request_stop();
  CHECK_THROWS_AS(model.fit(train, {.stop = stop.get_token()}), kindred::cancelled);
  CHECK(same_bits(model, before));
}

TEST_CASE("a stop request inside an epoch ends the fit") {
  const auto train = ratings_of_size(2000, 50, 40);
  matrix_factorization<> model({.factors = 8, .epochs = 1000000});
  std::stop_source stop;
  kindred::fit_options fit;
  fit.stop = stop.get_token();
  fit.observer = [&](const kindred::epoch_report& report) {
    if (report.epoch == 3) stop.request_stop();
    return kindred::training::proceed;
  };
  CHECK_THROWS_AS(model.fit(train, fit), kindred::cancelled);
  CHECK_FALSE(model.fitted());
}

TEST_CASE("early stopping goes back to the best epoch") {
  const auto train = ratings_of_size(1500, 100, 60);
  const auto validation = ratings_of_size(500, 100, 60, false, 9);
  kindred::fit_options fit;
  fit.validation = validation;
  fit.early_stopping = kindred::early_stopping_options{.patience = 2};
  const matrix_factorization_options options{.factors = 16, .epochs = 200, .regularization = 0};
  matrix_factorization<> model(options);
  const auto history = model.fit(train, fit);
  REQUIRE(history.reason == kindred::stop_reason::early_stopping);
  REQUIRE(history.best_epoch < static_cast<int>(history.epochs.size()));
  // The ratings are random, so that training on is overfitting; the best epoch can be had directly.
  auto shorter = options;
  shorter.epochs = history.best_epoch;
  matrix_factorization<> direct(shorter);
  direct.fit(train);
  CHECK(same_bits(model, direct));
  CHECK(rmse(model, validation) ==
        doctest::Approx(
            history.epochs[static_cast<std::size_t>(history.best_epoch) - 1].validation_rmse)
            .epsilon(1e-6));
}

TEST_CASE("fold-in solves the ridge problem of one user") {
  const auto train = ratings_of_size(3000, 60, 40);
  const matrix_factorization_options options{
      .factors = 5, .epochs = 10, .regularization = 0.07, .bias_regularization = 0.03};
  matrix_factorization<double> model(options);
  model.fit(train);
  const std::vector<index> items = {3, 17, 99, 22, 8};
  const std::vector<float> ratings = {5, 1, 4, 2, 4.5F};
  const auto p = model.fold_in(items, ratings);
  // The gradient of the documented objective vanishes at (p, b), b being the best bias for p.
  const auto residual = [&](std::size_t n, double b) {
    const auto i = static_cast<std::size_t>(items[n]);
    double r = static_cast<double>(ratings[n]) - model.mean() - model.item_biases()[i] - b;
    for (std::size_t f = 0; f < 5; ++f) r -= p[f] * model.latent().item(items[n])[f];
    return r;
  };
  double b = 0;
  for (std::size_t n = 0; n < items.size(); ++n)
    if (items[n] < 40) b += residual(n, 0);
  b /= 4 + 4 * options.bias_regularization;
  for (std::size_t f = 0; f < 5; ++f) {
    double gradient = 4 * options.regularization * p[f];
    for (std::size_t n = 0; n < items.size(); ++n)
      if (items[n] < 40) gradient -= residual(n, b) * model.latent().item(items[n])[f];
    CHECK(std::abs(gradient) < 1e-9);
  }
  CHECK(model.fold_in({}, {}) == std::vector<double>(5, 0.0));
  CHECK_THROWS_AS((void)model.fold_in(items, std::span(ratings).first(2)), data_error);
  const std::vector<float> bad = {5, 1, 4, std::numeric_limits<float>::quiet_NaN(), 1};
  CHECK_THROWS_AS((void)model.fold_in(items, bad), data_error);
}

TEST_CASE_TEMPLATE("a row that is solved is where its weighted ridge objective is least", Scalar,
                   float, double) {
  const auto train = ratings_of_size(3000, 60, 40);
  for (const int setting : {0, 1, 2}) {
    const bool biases = setting > 0;
    const double regularization = setting > 1 ? 1e-4 : 0.07;
    for (const int factors : {0, 1, 5, 70})
      for (const std::size_t count : {1U, 7U, 90U}) {
        CAPTURE(setting);
        CAPTURE(factors);
        CAPTURE(count);
        const matrix_factorization_options options{.factors = factors,
                                                   .epochs = 3,
                                                   .regularization = regularization,
                                                   .bias_regularization = 0.03,
                                                   .frequency_exponent = 0.5,
                                                   .biases = biases};
        matrix_factorization<Scalar> model(options);
        model.fit(train);
        std::vector<kindred::rated_entry<Scalar>> ratings;
        for (std::size_t n = 0; n < count; ++n)
          ratings.push_back({model.user_entry(static_cast<index>(n % 60)),
                             static_cast<float>(n % 5) + 1, 0.5F + static_cast<float>(n % 3)});
        const auto row = model.item_solver().solve(ratings);
        REQUIRE(row.factors.size() == static_cast<std::size_t>(factors));
        REQUIRE(row.finite());
        const auto n = static_cast<double>(count);
        const double scale = n * std::sqrt(static_cast<double>(train.size()) / 40 / n);
        std::vector<double> gradient(row.factors.size());
        double bias_gradient = scale * 0.03 * static_cast<double>(row.bias);
        for (std::size_t f = 0; f < gradient.size(); ++f)
          gradient[f] = scale * regularization * static_cast<double>(row.factors[f]);
        for (const auto& rating : ratings) {
          double error = static_cast<double>(rating.rating) - (biases ? model.mean() : 0.0) -
                         static_cast<double>(rating.other.bias + row.bias);
          for (std::size_t f = 0; f < gradient.size(); ++f)
            error -=
                static_cast<double>(row.factors[f]) * static_cast<double>(rating.other.factors[f]);
          error *= static_cast<double>(rating.weight);
          bias_gradient -= error;
          for (std::size_t f = 0; f < gradient.size(); ++f)
            gradient[f] -= error * static_cast<double>(rating.other.factors[f]);
        }
        const double rounding = n * (std::is_same_v<Scalar, float> ? 2e-6 : 1e-12);
        for (const double slope : gradient) CHECK(std::abs(slope) < rounding);
        if (biases)
          CHECK(std::abs(bias_gradient) < rounding);
        else
          CHECK(row.bias == 0);
      }
  }
}

TEST_CASE("rows are replaced and added") {
  const auto train = ratings_of_size(3000, 60, 40);
  matrix_factorization<> model({.factors = 3, .epochs = 2});
  model.fit(train);
  const kindred::latent_row<float> row{{1, 2, 3}, 0.5F};
  const auto user_row = [&](index u) { return u == 7 || u == 61 ? &row : nullptr; };
  const auto item_row = [&](index i) { return i == 40 ? &row : nullptr; };
  const auto grown = model.with_rows(62, 41, user_row, item_row);
  CHECK(grown.num_users() == 62);
  CHECK(grown.num_items() == 41);
  int wrong = 0;
  for (index u = -1; u < 63; ++u)
    for (index i = -1; i < 42; ++i) {
      const auto user = u == 7 || u == 61 ? row.entry() : model.user_entry(u);
      const auto item = i == 40 ? row.entry() : model.item_entry(i);
      const float expected = u == 60 ? model.predict({}, item) : model.predict(user, item);
      wrong += grown.predict(u, i) != expected ? 1 : 0;
    }
  CHECK(wrong == 0);
  CHECK(model.num_users() == 60);
}

TEST_CASE("options outside their range are refused by name") {
  const auto refused = [](const matrix_factorization_options& options) -> std::string {
    try {
      matrix_factorization<> model(options);
    } catch (const kindred::option_error& error) {
      return error.name();
    }
    return "";
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(refused({.factors = -1}) == "factors");
  CHECK(refused({.epochs = -1}) == "epochs");
  for (const int schedule : {-1, 3})
    CHECK(refused({.schedule = static_cast<kindred::learning_rate_schedule>(schedule)}) ==
          "schedule");
  CHECK(refused({.learning_rate = -0.1}) == "learning_rate");
  CHECK(refused({.learning_rate = nan}) == "learning_rate");
  CHECK(refused({.regularization = -1}) == "regularization");
  CHECK(refused({.bias_regularization = nan}) == "bias_regularization");
  CHECK(refused({.frequency_exponent = 1.5}) == "frequency_exponent");
  CHECK(refused({.init_scale = -1}) == "init_scale");
  CHECK(refused({.blocks = 5000}) == "blocks");
  CHECK(refused({}).empty());
}

TEST_CASE("no ratings cannot be fitted, and zero epochs leave the start") {
  matrix_factorization<> model({.factors = 4, .epochs = 0});
  CHECK_THROWS_AS(model.fit(dataset{}), data_error);
  const auto train = ratings_of_size(300, 20, 10);
  const auto history = model.fit(train);
  CHECK(history.epochs.empty());
  CHECK(model.fitted());
  CHECK(model.predict(3, 3) == doctest::Approx(train.mean()).epsilon(0.05));
}

}  // namespace kindred::matrix_factorization_test
