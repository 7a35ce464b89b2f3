#include <doctest/doctest.h>

#include <kindred/evaluate/evaluate_ratings.hpp>

#include "../data/support.hpp"

#include <cmath>
#include <map>
#include <vector>

namespace kindred::evaluate_ratings_test {

namespace {

using kindred::dataset;
using kindred::index;
using kindred::rating_metrics;

/// Predicts (3 * user + 5 * item) mod 7, and -1 for what it does not know.
struct pattern_model {
  index users = 0;
  index items = 0;

  [[nodiscard]] index num_users() const { return users; }
  [[nodiscard]] index num_items() const { return items; }
  [[nodiscard]] float predict(index u, index i) const noexcept {
    if (u < 0 || u >= users || i < 0 || i >= items) return -1;
    return static_cast<float>((3 * u + 5 * i) % 7);
  }
};

struct constant_model {
  float value = 0;

  [[nodiscard]] index num_users() const { return 0; }
  [[nodiscard]] index num_items() const { return 0; }
  [[nodiscard]] float predict(index, index) const noexcept { return value; }
};

dataset ratings(const std::vector<index>& users, const std::vector<index>& items,
                const std::vector<float>& values, index num_users, index num_items) {
  return kindred::make_dataset(kindred::test::numbered_ids(num_users),
                               kindred::test::numbered_ids(num_items), users, items, values);
}

/// The definitions once more, rating by rating.
rating_metrics by_definition(const pattern_model& model, const dataset& test) {
  double squared = 0;
  double absolute = 0;
  std::map<index, std::vector<double>> errors;
  for (const auto& r : kindred::test::ratings_of(test)) {
    const double error = model.predict(r.user, r.item) - r.value;
    squared += error * error;
    absolute += std::abs(error);
    errors[r.user].push_back(error);
  }
  double user_rmse = 0;
  double user_mae = 0;
  for (const auto& [user, list] : errors) {
    double user_squared = 0;
    double user_absolute = 0;
    for (const double error : list) {
      user_squared += error * error;
      user_absolute += std::abs(error);
    }
    user_rmse += std::sqrt(user_squared / static_cast<double>(list.size()));
    user_mae += user_absolute / static_cast<double>(list.size());
  }
  const auto n = static_cast<double>(test.size());
  const auto users = static_cast<double>(errors.size());
  return {std::sqrt(squared / n), absolute / n, user_rmse / users, user_mae / users, test.size()};
}

}  // namespace

TEST_CASE("rating metrics of a case worked by hand") {
  // User 0 is off by 1, 1 and 4; user 1 has no ratings; user 2 is off by 2.
  const dataset test = ratings({0, 0, 0, 2}, {0, 1, 2, 0}, {4, 2, 7, 1}, 3, 3);
  const rating_metrics metrics = kindred::evaluate_ratings(constant_model{3}, test);
  CHECK(metrics.rmse == doctest::Approx(std::sqrt((1 + 1 + 16 + 4) / 4.0)));
  CHECK(metrics.mae == doctest::Approx((1 + 1 + 4 + 2) / 4.0));
  CHECK(metrics.user_rmse == doctest::Approx((std::sqrt(18.0 / 3) + 2) / 2));
  CHECK(metrics.user_mae == doctest::Approx((2.0 + 2.0) / 2));
  CHECK(metrics.count == 4);
}

TEST_CASE("rating metrics equal their definitions on random ratings") {
  const dataset test = kindred::test::random_dataset(20000, 597, 43, 1);
  const pattern_model model{597, 43};
  const rating_metrics got = kindred::evaluate_ratings(model, test);
  const rating_metrics expected = by_definition(model, test);
  CHECK(got.rmse == doctest::Approx(expected.rmse).epsilon(1e-12));
  CHECK(got.mae == doctest::Approx(expected.mae).epsilon(1e-12));
  CHECK(got.user_rmse == doctest::Approx(expected.user_rmse).epsilon(1e-12));
  CHECK(got.user_mae == doctest::Approx(expected.user_mae).epsilon(1e-12));
  CHECK(got.count == test.size());
}

TEST_CASE("rating metrics use the model's fallback for what it does not know") {
  const dataset test = ratings({0, 1}, {0, 1}, {1, 1}, 2, 2);
  const rating_metrics metrics = kindred::evaluate_ratings(pattern_model{1, 1}, test);
  CHECK(metrics.rmse == doctest::Approx(std::sqrt((1.0 + 4.0) / 2)));  // 0 for 1, then -1 for 1
}

TEST_CASE("a perfect model has no error, a shifted one the shift") {
  const dataset test = ratings({0, 1, 1}, {0, 0, 1}, {3, 3, 3}, 2, 2);
  CHECK(kindred::evaluate_ratings(constant_model{3}, test).rmse == 0);
  const rating_metrics shifted = kindred::evaluate_ratings(constant_model{3.5}, test);
  CHECK(shifted.rmse == 0.5);
  CHECK(shifted.mae == 0.5);
  CHECK(shifted.user_rmse == 0.5);
  CHECK(shifted.user_mae == 0.5);
}

TEST_CASE("rating metrics have the same bits on any number of threads") {
  const dataset test = kindred::test::random_dataset(30000, 2000, 300, 2);
  const auto evaluate = [&] { return kindred::evaluate_ratings(pattern_model{1500, 250}, test); };
  const rating_metrics one = kindred::test::on_threads(1, evaluate);
  for (const int threads : {2, 8}) {
    const rating_metrics many = kindred::test::on_threads(threads, evaluate);
    CHECK(many.rmse == one.rmse);
    CHECK(many.mae == one.mae);
    CHECK(many.user_rmse == one.user_rmse);
    CHECK(many.user_mae == one.user_mae);
  }
}

TEST_CASE("rating metrics of no ratings are refused") {
  CHECK_THROWS_AS((void)kindred::evaluate_ratings(constant_model{3}, ratings({}, {}, {}, 2, 2)),
                  kindred::data_error);
  CHECK_THROWS_AS((void)kindred::evaluate_ratings(constant_model{3}, dataset()),
                  kindred::data_error);
}

}  // namespace kindred::evaluate_ratings_test
