#pragma once

#include <kindred/core/random.hpp>
#include <kindred/core/types.hpp>
#include <kindred/model/detail/als/row_problem.hpp>

#include <Eigen/Dense>
#include <cstddef>
#include <vector>

namespace kindred::test {

/// A row problem of random entries, some of them twice, one of them with the weight 0.
class random_problem {
 public:
  std::vector<float> matrix;
  std::vector<index> indices;
  std::vector<float> weights;
  std::vector<float> targets;
  std::vector<float> ridge;
  std::vector<float> gramian;  ///< null in the problem where it is empty

  random_problem(std::size_t count, std::size_t width, float least_ridge)
      : matrix(100 * width), weights(count), targets(count), ridge(width) {
    const counter_rng random(count);
    for (std::size_t i = 0; i < matrix.size(); ++i)
      matrix[i] = static_cast<float>(random.normal(i));
    for (std::size_t n = 0; n < count; ++n) {
      indices.push_back(static_cast<index>(random.below(1'000'000 + n, 100)));
      weights[n] = static_cast<float>(n == 1 ? 0 : 3 * random.uniform(2'000'000 + n));
      targets[n] = n == 1 ? 0 : static_cast<float>(random.normal(3'000'000 + n));
    }
    for (std::size_t f = 0; f < width; ++f)
      ridge[f] = least_ridge * (1 + static_cast<float>(9 * random.uniform(4'000'000 + f)));
  }

  [[nodiscard]] detail::row_problem problem() const {
    const std::size_t width = ridge.size();
    return {.rows = {matrix.data(), width, width, indices.data(), indices.size()},
            .gramian = gramian.empty() ? nullptr : gramian.data(),
            .weights = weights.data(),
            .targets = targets.data(),
            .ridge = ridge.data()};
  }

  /// How far from the solution by its definition, as a part of that.
  [[nodiscard]] double error_of(const std::vector<float>& x) const {
    const Eigen::VectorXd expected = solution();
    return (Eigen::Map<const Eigen::VectorXf>(x.data(), expected.size()).cast<double>() - expected)
               .norm() /
           expected.norm();
  }

 private:
  [[nodiscard]] Eigen::VectorXd solution() const {
    const auto width = static_cast<Eigen::Index>(ridge.size());
    Eigen::MatrixXd sums = Eigen::MatrixXd::Zero(width, width);
    Eigen::VectorXd right = Eigen::VectorXd::Zero(width);
    sums.diagonal() = Eigen::Map<const Eigen::VectorXf>(ridge.data(), width).cast<double>();
    for (std::size_t i = 0; i < gramian.size(); ++i)
      sums.data()[i] += static_cast<double>(gramian[i]);
    for (std::size_t n = 0; n < indices.size(); ++n) {
      const Eigen::VectorXd row =
          Eigen::Map<const Eigen::VectorXf>(problem().rows.row(n), width).cast<double>();
      sums += static_cast<double>(weights[n]) * row * row.transpose();
      right += static_cast<double>(targets[n]) * row;
    }
    return sums.ldlt().solve(right);
  }
};

}  // namespace kindred::test
