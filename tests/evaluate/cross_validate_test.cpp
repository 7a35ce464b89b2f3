#include <kindred/evaluate/cross_validate.hpp>
#include <kindred/model/baseline.hpp>
#include <kindred/model/matrix_factorization.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <memory>
#include <span>
#include <stop_token>
#include <vector>

#include "../data/support.hpp"

namespace kindred::cross_validate_test {

static_assert(rating_model_source<baseline_model>);
static_assert(rating_model_source<baseline_model (*)()>);
static_assert(!rating_model_source<int>);
static_assert(!rating_model_source<int (*)()>);

namespace {

/// Predicts the mean of its training ratings. Cannot be copied.
class mean_model {
 public:
  mean_model() = default;
  mean_model(mean_model&&) = default;
  mean_model& operator=(mean_model&&) = default;

  void fit(const dataset& train, const fit_options& /*fit*/) { mean_ = train.mean(); }
  [[nodiscard]] index num_users() const noexcept { return 0; }
  [[nodiscard]] index num_items() const noexcept { return 0; }
  [[nodiscard]] float predict(index, index) const noexcept { return static_cast<float>(mean_); }

 private:
  double mean_ = 0;
  std::unique_ptr<int> only_one_;
};

static_assert(!rating_model_source<mean_model>);
static_assert(rating_model_source<mean_model (*)()>);

/// All ratings by user 0, for items 0, 1, ...
dataset ratings_of_one_user(const std::vector<float>& values) {
  std::vector<index> items;
  for (std::size_t i = 0; i < values.size(); ++i) items.push_back(static_cast<index>(i));
  return make_dataset(test::numbered_ids(1), test::numbered_ids(4),
                      std::vector<index>(values.size(), 0), items, values);
}

bool same_bits(const cross_validation& a, const cross_validation& b) {
  bool same = a.folds.size() == b.folds.size() && a.rmse.mean == b.rmse.mean &&
              a.rmse.standard_deviation == b.rmse.standard_deviation && a.mae.mean == b.mae.mean &&
              a.mae.standard_deviation == b.mae.standard_deviation;
  for (std::size_t k = 0; same && k < a.folds.size(); ++k)
    same = a.folds[k].rmse == b.folds[k].rmse && a.folds[k].mae == b.folds[k].mae &&
           a.folds[k].count == b.folds[k].count;
  return same;
}

}  // namespace

TEST_CASE("cross-validation of a case worked by hand") {
  const auto train = ratings_of_one_user({2, 4});                            // mean 3
  const std::vector<split> splits = {{train, ratings_of_one_user({3, 3})},   // off by 0, 0
                                     {train, ratings_of_one_user({4, 6})},   // by 1, 3
                                     {train, ratings_of_one_user({7, 0})}};  // by 4, 3
  const auto result = cross_validate([] { return mean_model(); }, splits);
  REQUIRE(result.folds.size() == 3);
  CHECK(result.folds[0].rmse == 0);
  CHECK(result.folds[1].rmse == doctest::Approx(std::sqrt(5.0)));
  CHECK(result.folds[2].rmse == doctest::Approx(std::sqrt(12.5)));
  CHECK(result.folds[2].count == 2);
  // MAE 0, 2 and 3.5 lie 11/6, 1/6 and 10/6 from their mean: squares of 121, 1 and 100 over 36.
  CHECK(result.mae.mean == doctest::Approx(5.5 / 3));
  CHECK(result.mae.standard_deviation == doctest::Approx(std::sqrt(222.0 / 36 / 2)));
  const double mean = (std::sqrt(5.0) + std::sqrt(12.5)) / 3;
  CHECK(result.rmse.mean == doctest::Approx(mean));
  // The sum of squares less n times the squared mean.
  CHECK(result.rmse.standard_deviation ==
        doctest::Approx(std::sqrt((5.0 + 12.5 - 3 * mean * mean) / 2)));
}

TEST_CASE("cross-validation is a fit and a judgement of each fold") {
  const auto data = test::random_dataset(3000, 61, 43, 1);
  const matrix_factorization_options options{.factors = 4, .epochs = 3};
  const auto result =
      cross_validate(matrix_factorization<>{options}, data, {.folds = 4, .seed = 9});
  REQUIRE(result.folds.size() == 4);
  std::size_t count = 0;
  for (int fold = 0; fold < 4; ++fold) {
    const auto [train, test] = split_fold(data, fold, {.folds = 4, .seed = 9});
    matrix_factorization<> model{options};
    model.fit(train);
    const auto& metrics = result.folds[static_cast<std::size_t>(fold)];
    CHECK(metrics.rmse == evaluate_ratings(model, test).rmse);
    CHECK(metrics.user_mae == evaluate_ratings(model, test).user_mae);
    count += metrics.count;
  }
  CHECK(count == data.size());
}

TEST_CASE("cross-validation takes a model, a function or splits alike") {
  const auto data = test::random_dataset(1000, 61, 43, 2);
  const baseline_model model{{.epochs = 4}};
  const auto expected = cross_validate(model, data);
  CHECK(expected.folds.size() == 5);
  CHECK(same_bits(cross_validate([&] { return model; }, data), expected));
  CHECK(same_bits(cross_validate(model, k_fold(data)), expected));
  CHECK_FALSE(same_bits(cross_validate(model, data, {.seed = 43}), expected));
  CHECK_FALSE(model.fitted());
}

TEST_CASE("cross-validation passes the fit options to every fold") {
  const auto data = test::random_dataset(500, 20, 20, 3);
  int epochs = 0;
  fit_options fit;
  fit.observer = [&](const epoch_report&) {
    ++epochs;
    return training::proceed;
  };
  (void)cross_validate(baseline_model{{.epochs = 3}}, data, {.folds = 2}, fit);
  CHECK(epochs == 2 * 3);
  (void)cross_validate(baseline_model{{.epochs = 3}}, k_fold(data), fit);
  CHECK(epochs == 2 * 3 + 5 * 3);

  std::stop_source stop;
  stop.request_stop();
  fit.stop = stop.get_token();
  CHECK_THROWS_AS((void)cross_validate(baseline_model(), data, {}, fit), cancelled);
}

TEST_CASE("cross-validation has the same bits on any number of threads") {
  const auto data = test::random_dataset(9000, 597, 143, 4);
  const auto judge = [&] {
    return cross_validate(matrix_factorization<>{{.factors = 8, .epochs = 2}}, data, {.folds = 3});
  };
  const auto one = test::on_threads(1, judge);
  for (const int threads : {2, 8}) CHECK(same_bits(test::on_threads(threads, judge), one));
}

TEST_CASE("cross-validation over a single split has no deviation") {
  const auto data = ratings_of_one_user({1, 5});
  const std::vector<split> splits = {{data, data}};
  const auto result = cross_validate([] { return mean_model(); }, splits);
  CHECK(result.rmse.mean == 2);
  CHECK(std::isnan(result.rmse.standard_deviation));
}

TEST_CASE("cross-validation refuses folds that cannot be") {
  const auto data = ratings_of_one_user({1, 2, 3});
  const baseline_model model;
  for (const int folds : {-1, 0, 1})
    CHECK_THROWS_AS((void)cross_validate(model, data, {.folds = folds}), option_error);
  CHECK_THROWS_AS((void)cross_validate(model, data, {.folds = 4}), data_error);
  CHECK_THROWS_AS((void)cross_validate(model, std::span<const split>()), data_error);
}

}  // namespace kindred::cross_validate_test
