#pragma once

#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/kernel/top_k.hpp>
#include <kindred/model/interaction_value.hpp>
#include <kindred/train/fit_options.hpp>

#include <doctest/doctest.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "../data/support.hpp"

// What models that score by X W are compared with.
namespace kindred::test {

/// X: users by items.
inline Eigen::MatrixXd interactions(const dataset& data, interaction_value values) {
  Eigen::MatrixXd x = Eigen::MatrixXd::Zero(data.num_users(), data.num_items());
  for (const auto& r : ratings_of(data))
    x(r.user, r.item) = values == interaction_value::one ? 1 : static_cast<double>(r.value);
  return x;
}

/// The scores of every user, and of a stranger with the same items, are the rows of `expected`.
template <class Model>
void check_linear_scores(const Model& model, const dataset& train,
                         const Eigen::MatrixXd& expected) {
  std::vector<float> scores(static_cast<std::size_t>(model.num_items()));
  std::vector<float> of_stranger(scores.size());
  const double size = std::max(1.0, expected.cwiseAbs().maxCoeff());
  double worst = 0;
  for (index u = 0; u < model.num_users(); ++u) {
    model.score(u, scores);
    for (std::size_t i = 0; i < scores.size(); ++i)
      worst = std::max(worst, std::abs(static_cast<double>(scores[i]) -
                                       expected(u, static_cast<Eigen::Index>(i))));
    const rating_list rated = train.by_user(u);
    model.score(rated.indices(), rated.values(), of_stranger);
    CHECK(of_stranger == scores);
  }
  CHECK(worst < 1e-5 * size);

  const std::vector<float> zeros(scores.size());
  for (const index nobody : {unknown_index, model.num_users()}) {
    model.score(nobody, scores);
    CHECK(scores == zeros);
  }
  const std::vector<index> unknown = {-5, unknown_index, model.num_items()};
  const std::vector<float> values(unknown.size(), 2.0F);
  model.score(unknown, values, scores);
  CHECK(scores == zeros);
}

/// What is similar to an item is what its weights are greatest for.
template <class Model>
void check_similar_items(const Model& model, const Eigen::MatrixXd& weights) {
  for (index item = 0; item < model.num_items(); item += 5) {
    std::vector<scored_item> expected;
    for (index other = 0; other < model.num_items(); ++other)
      if (weights(item, other) > 0)
        expected.push_back({other, static_cast<float>(weights(item, other))});
    std::ranges::sort(expected, ranks_before);
    for (const std::size_t k : {0UL, 1UL, 7UL, 1000UL}) {
      std::vector<scored_item> best(k);
      const auto found = model.similar_items(item, best);
      CHECK(std::ranges::equal(found, std::span(expected).first(std::min(k, expected.size()))));
    }
  }
  std::vector<scored_item> best(3);
  CHECK(model.similar_items(unknown_index, best).empty());
  CHECK(model.similar_items(model.num_items(), best).empty());
}

/// The training error is over all cells, the validation error over the ratings there.
inline void check_linear_reports(const fit_history& history, const Eigen::MatrixXd& x,
                                 const Eigen::MatrixXd& weights, const dataset& validation) {
  REQUIRE(history.epochs.size() == 1);
  const Eigen::MatrixXd scores = x * weights;
  const double over_cells = (x - scores).squaredNorm() / static_cast<double>(x.size());
  CHECK(history.epochs[0].train_rmse == doctest::Approx(std::sqrt(over_cells)).epsilon(1e-5));
  double squared = 0;
  for (const auto& r : ratings_of(validation)) {
    const bool known = r.user < scores.rows() && r.item < scores.cols();
    squared += std::pow(static_cast<double>(r.value) - (known ? scores(r.user, r.item) : 0), 2);
  }
  CHECK(history.epochs[0].validation_rmse ==
        doctest::Approx(std::sqrt(squared / static_cast<double>(validation.size()))).epsilon(1e-5));
}

}  // namespace kindred::test
