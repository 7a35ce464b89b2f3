#include <kindred/data/split.hpp>
#include <kindred/model/baseline.hpp>
#include <kindred/model/matrix_factorization.hpp>
#include <kindred/model/popularity.hpp>
#include <kindred/model/weighted_ranking.hpp>

#include <doctest/doctest.h>

#include <Eigen/QR>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "rating_table.hpp"

namespace kindred::weighted_ranking_test {

using test::noisy;
using test::rating_table;
using test::ratings_of_table;
using test::scores_of;
using test::table_of;

static_assert(ranking_model<weighted_ranking<rating_table, popularity_model>>);
static_assert(!rating_model<weighted_ranking<rating_table, popularity_model>>);

namespace {

constexpr index users = 40;
constexpr index items = 30;
constexpr float infinity = std::numeric_limits<float>::infinity();

rating_table truth() {
  const counter_rng rng(1);
  return table_of(users, items, [&](index u, index i) {
    return rng.normal(static_cast<std::uint64_t>(u * items + i));
  });
}

bool in_train(index u, index i) { return (u + 2 * i) % 5 == 0; }

/// What users like most and have not rated yet; the last user likes nothing.
dataset liked(const rating_table& goal) {
  return ratings_of_table(goal, [&](index u, index i) {
    return u < users - 1 && goal.predict(u, i) > 1 && !in_train(u, i);
  });
}

/// Of a user, by two passes in double.
std::vector<double> standardised(const rating_table& table, index user) {
  std::vector<double> z;
  for (index i = 0; i < table.items; ++i) z.push_back(double{table.predict(user, i)});
  double mean = 0;
  double square = 0;
  for (const double s : z) mean += s / static_cast<double>(z.size());
  for (const double s : z) square += (s - mean) * (s - mean) / static_cast<double>(z.size());
  for (double& s : z) s = (s - mean) / std::sqrt(square);
  return z;
}

}  // namespace

TEST_CASE("a weighted ranking adds up standard scores") {
  // 0, 2, 4 has mean 2 and deviation sqrt(8 / 3); 5, 5, 2 has mean 4 and deviation sqrt(2).
  weighted_ranking ranking{table_of(1, 3, [](index, index i) { return 2 * i; }),
                           table_of(1, 3, [](index, index i) { return i < 2 ? 5 : 2; })};
  CHECK(ranking.weights() == std::array{0.5, 0.5});
  ranking.set_weights({2, -1});
  const auto scores = scores_of(ranking, 0);
  CHECK(scores[0] == doctest::Approx(-4 / std::sqrt(8 / 3.0) - 1 / std::sqrt(2)));
  CHECK(scores[1] == doctest::Approx(-1 / std::sqrt(2)));
  CHECK(scores[2] == doctest::Approx(4 / std::sqrt(8 / 3.0) + 2 / std::sqrt(2)));
}

TEST_CASE("the scale of a model's scores, which may differ by user, changes nothing") {
  const rating_table goal = truth();
  const rating_table scaled = table_of(users, items, [&](index u, index i) {
    return 1000.0 * (u + 1) * double{goal.predict(u, i)} - 7;
  });
  const weighted_ranking a{goal, noisy(goal, 1, 2)};
  const weighted_ranking b{scaled, noisy(goal, 1, 2)};
  for (index u = 0; u < users; ++u)
    for (std::size_t i = 0; i < items; ++i)
      CHECK(scores_of(a, u)[i] == doctest::Approx(scores_of(b, u)[i]).epsilon(1e-4));
}

TEST_CASE("a model to which all items are alike says nothing") {
  const rating_table goal = truth();
  const weighted_ranking ranking{goal, table_of(users, items, [](index, index) { return 3; })};
  const auto scores = scores_of(ranking, 0);
  const auto alone = standardised(goal, 0);
  for (std::size_t i = 0; i < items; ++i) CHECK(scores[i] == doctest::Approx(alone[i] / 2));
}

TEST_CASE("an item whose score is not finite ranks last, whatever the weight") {
  const rating_table goal = truth();
  rating_table holes = goal;
  for (const auto& [item, value] : {std::pair{3, -infinity}, std::pair{4, infinity},
                                    std::pair{5, std::numeric_limits<float>::quiet_NaN()}})
    holes.values[static_cast<std::size_t>(item)] = value;
  weighted_ranking ranking{holes, goal};
  for (const double weight : {1.0, -1.0}) {
    ranking.set_weights({weight, 1});
    const auto scores = scores_of(ranking, 0);
    for (std::size_t i = 0; i < items; ++i) CHECK((scores[i] == -infinity) == (i >= 3 && i <= 5));
  }
  ranking.set_weights({0, 1});  // is not asked at all
  CHECK(std::isfinite(scores_of(ranking, 0)[4]));
}

TEST_CASE("the weights are those of the regression of relevance on scores") {
  const rating_table goal = truth();
  const std::array models = {noisy(goal, 1, 2), noisy(goal, 2, 3)};
  const dataset train = ratings_of_table(goal, in_train);
  const dataset validation = liked(goal);
  weighted_ranking ranking{models[0], models[1]};
  ranking.fit_weights(train, validation);

  std::vector<std::array<double, 3>> rows;
  for (index u = 0; u < users; ++u) {
    if (validation.by_user(u).empty()) continue;  // nothing to learn from
    const auto a = standardised(models[0], u);
    const auto b = standardised(models[1], u);
    for (index i = 0; i < items; ++i)
      if (!in_train(u, i))
        rows.push_back({a[static_cast<std::size_t>(i)], b[static_cast<std::size_t>(i)],
                        goal.predict(u, i) > 1 ? 1.0 : 0.0});
  }
  const auto count = static_cast<Eigen::Index>(rows.size());
  Eigen::MatrixXd system = Eigen::MatrixXd::Zero(count + 2, 3);
  Eigen::VectorXd right = Eigen::VectorXd::Zero(count + 2);
  for (Eigen::Index r = 0; r < count; ++r) {
    const auto& row = rows[static_cast<std::size_t>(r)];
    system.row(r) << 1, row[0], row[1];
    right[r] = row[2];
  }
  system(count, 1) = 1;  // the penalty
  system(count + 1, 2) = 1;
  const Eigen::Vector3d solution = system.colPivHouseholderQr().solve(right);
  const double size = std::abs(solution[1]) + std::abs(solution[2]);
  CHECK(ranking.weights()[0] == doctest::Approx(solution[1] / size).epsilon(1e-5));
  CHECK(ranking.weights()[1] == doctest::Approx(solution[2] / size).epsilon(1e-5));
  CHECK(ranking.weights()[0] > 2 * ranking.weights()[1]);  // the better one counts more
  CHECK(ranking.weights()[1] > 0);
}

TEST_CASE("a model that is wrong gets a negative weight, one that knows nothing hardly any") {
  const rating_table goal = truth();
  const rating_table opposite =
      table_of(users, items, [&](index u, index i) { return -goal.predict(u, i); });
  const rating_table nothing = noisy(table_of(users, items, [](index, index) { return 0; }), 1, 9);
  weighted_ranking ranking{noisy(opposite, 0.5, 2), nothing};
  ranking.fit_weights(ratings_of_table(goal, in_train), liked(goal));
  CHECK(ranking.weights()[0] < -0.9);
  CHECK(std::abs(ranking.weights()[1]) < 0.1);
}

TEST_CASE("weights that come to nothing stay as they were") {
  const rating_table flat = table_of(users, items, [](index, index) { return 0; });
  const rating_table goal = truth();
  weighted_ranking ranking{flat, flat};
  ranking.fit_weights(ratings_of_table(goal, in_train), liked(goal));
  CHECK(ranking.weights() == std::array{0.5, 0.5});
}

TEST_CASE("fitting a ranking fits its models on all and its weights on what was held out") {
  const dataset train = test::random_dataset(3000, 60, 40, 3);
  weighted_ranking ranking{matrix_factorization<>{{.factors = 4, .epochs = 5}}, popularity_model{}};
  ranking.fit(train);
  const auto [rest, held] = split_random(train, {.test_fraction = 0.1, .seed = 42});
  matrix_factorization<> mf{{.factors = 4, .epochs = 5}};
  popularity_model popularity;
  mf.fit(rest);
  popularity.fit(rest);
  weighted_ranking by_hand{mf, popularity};
  by_hand.fit_weights(rest, held);
  CHECK(ranking.weights() == by_hand.weights());
  CHECK(ranking.weights()[1] > 0.5);  // random ratings, but the popular items are popular
  popularity.fit(train);
  CHECK(std::ranges::equal(ranking.part<1>().item_counts(), popularity.item_counts()));
}

TEST_CASE("a weighted ranking has the same bits on any number of threads") {
  const dataset train = test::random_dataset(9000, 400, 80, 3);
  const auto fitted = [&] {
    weighted_ranking ranking{matrix_factorization<>{{.factors = 4, .epochs = 2}},
                             popularity_model{}};
    ranking.fit(train);
    return ranking;
  };
  const auto one = test::on_threads(1, fitted);
  const auto many = test::on_threads(8, fitted);
  CHECK(many.weights() == one.weights());
  CHECK(scores_of(many, 5) == scores_of(one, 5));
}

TEST_CASE("a weighted ranking refuses what it cannot combine") {
  const rating_table goal = truth();
  const dataset train = ratings_of_table(goal, in_train);
  CHECK_THROWS_AS((weighted_ranking{goal, baseline_model{}}), data_error);
  CHECK_THROWS_AS((weighted_ranking{{.held_out = 2}, goal, goal}), option_error);
  weighted_ranking unfitted{baseline_model{}, popularity_model{}};
  CHECK_THROWS_AS(unfitted.fit_weights(train, train), not_fitted_error);
  weighted_ranking ranking{goal, goal};
  CHECK_THROWS_AS(ranking.fit_weights(train, dataset()), data_error);
  CHECK_THROWS_AS(ranking.fit_weights(dataset(), train), data_error);
  CHECK_THROWS_AS(ranking.fit_weights(train, test::random_dataset(50, users + 1, items, 1)),
                  data_error);
  CHECK_THROWS_AS(ranking.set_weights({1, infinity}), option_error);
  CHECK(ranking.weights() == std::array{0.5, 0.5});
}

}  // namespace kindred::weighted_ranking_test
