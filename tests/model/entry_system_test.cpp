#include <kindred/core/random.hpp>
#include <kindred/core/types.hpp>
#include <kindred/model/als_solver.hpp>
#include <kindred/model/detail/als/entry_system.hpp>
#include <kindred/model/detail/als/row_solvers.hpp>

#include <doctest/doctest.h>

#include <Eigen/Dense>
#include <cstddef>
#include <vector>

namespace kindred::entry_system_test {

namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

/// A row problem of random entries, some of them twice, one of them with the weight 0.
class random_problem {
 public:
  std::vector<float> matrix;
  std::vector<index> indices;
  std::vector<float> weights;
  std::vector<float> targets;
  std::vector<float> ridge;

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
            .weights = weights.data(),
            .targets = targets.data(),
            .ridge = ridge.data()};
  }

  /// How far from the solution by its definition, as a part of that.
  [[nodiscard]] double error_of(const std::vector<float>& x) const {
    const VectorXd expected = solution();
    return (Eigen::Map<const Eigen::VectorXf>(x.data(), expected.size()).cast<double>() - expected)
               .norm() /
           expected.norm();
  }

 private:
  [[nodiscard]] VectorXd solution() const {
    const auto width = static_cast<Eigen::Index>(ridge.size());
    MatrixXd sums = MatrixXd::Zero(width, width);
    VectorXd right = VectorXd::Zero(width);
    sums.diagonal() = Eigen::Map<const Eigen::VectorXf>(ridge.data(), width).cast<double>();
    for (std::size_t n = 0; n < indices.size(); ++n) {
      const VectorXd row =
          Eigen::Map<const Eigen::VectorXf>(problem().rows.row(n), width).cast<double>();
      sums += static_cast<double>(weights[n]) * row * row.transpose();
      right += static_cast<double>(targets[n]) * row;
    }
    return sums.ldlt().solve(right);
  }
};

}  // namespace

TEST_CASE("solving by few entries is more exact than by factors") {
  detail::entry_system system;
  for (const float ridge : {1.0F, 0.01F})
    for (const std::size_t width : {32UL, 64UL, 144UL})
      for (const std::size_t count : {1UL, 2UL, 5UL, 16UL, 17UL, 40UL, 47UL, 112UL}) {
        const random_problem random(count, width, ridge);
        if (!detail::entry_system::suits(random.problem())) continue;
        std::vector<float> x(width, 7.0F);
        system.solve(random.problem(), x.data());
        std::vector<float> by_factors(width);
        detail::row_problem problem = random.problem();
        const std::vector<float> nothing(width * width);
        problem.gramian = nothing.data();
        detail::row_solver<cholesky>({}, width).solve(problem, by_factors.data());
        CAPTURE(count);
        CHECK(random.error_of(x) <= 1e-5 / static_cast<double>(ridge));
        CHECK(random.error_of(x) <= random.error_of(by_factors));
      }
}

TEST_CASE("rows with many entries, or with a Gramian, are solved for by factors") {
  detail::row_problem problem = random_problem(40, 64, 1).problem();
  CHECK(detail::entry_system::suits(problem));
  const std::vector<float> gramian(64 * 64);
  problem.gramian = gramian.data();
  CHECK_FALSE(detail::entry_system::suits(problem));
  CHECK_FALSE(detail::entry_system::suits(random_problem(49, 64, 1).problem()));
  CHECK_FALSE(detail::entry_system::suits(random_problem(0, 64, 1).problem()));
}

}  // namespace kindred::entry_system_test
