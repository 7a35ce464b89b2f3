#include <kindred/core/random.hpp>
#include <kindred/kernel/symmetric_solve.hpp>

#include <doctest/doctest.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

#include "simd_levels.hpp"

namespace kindred::symmetric_solve_test {

/// The solution, or with noise the draw, and in its padding whatever it leaves there.
template <class Scalar>
std::vector<Scalar> solve(const Eigen::MatrixXd& matrix, const Eigen::VectorXd& right,
                          const std::vector<Scalar>* noise, kernel::simd_level level) {
  const auto size = static_cast<std::size_t>(right.size());
  const std::size_t stride = kernel::padded_columns(size);
  std::vector<Scalar> rows(stride * stride, Scalar{0});
  std::vector<Scalar> x(stride, Scalar{0});
  for (std::size_t i = 0; i < size; ++i) {
    x[i] = static_cast<Scalar>(right[static_cast<Eigen::Index>(i)]);
    for (std::size_t j = 0; j < size; ++j)  // what is below the diagonal does not count
      rows[i * stride + j] = j < i ? std::numeric_limits<Scalar>::max()
                                   : static_cast<Scalar>(matrix(static_cast<Eigen::Index>(i),
                                                                static_cast<Eigen::Index>(j)));
  }
  std::vector<Scalar> multipliers(rows.size(), std::numeric_limits<Scalar>::quiet_NaN());
  std::vector<Scalar> inverses(size);
  kernel::solve_symmetric<Scalar>({.size = size,
                                   .matrix = rows.data(),
                                   .stride = stride,
                                   .x = x.data(),
                                   .noise = noise == nullptr ? nullptr : noise->data(),
                                   .multipliers = multipliers.data(),
                                   .inverses = inverses.data()},
                                  level);
  return x;
}

/// A positive definite matrix and a right side.
std::pair<Eigen::MatrixXd, Eigen::VectorXd> make_system(Eigen::Index size) {
  const counter_rng random(7);
  Eigen::MatrixXd root(size, size + 3);
  for (Eigen::Index n = 0; n < root.size(); ++n)
    root.data()[n] = random.normal(static_cast<std::size_t>(n));
  Eigen::VectorXd right(size);
  for (Eigen::Index n = 0; n < size; ++n)
    right[n] = random.normal(1'000'000 + static_cast<std::size_t>(n));
  return {root * root.transpose() + 10 * Eigen::MatrixXd::Identity(size, size), right};
}

template <class Scalar>
double error_of(const std::vector<Scalar>& x, const Eigen::VectorXd& expected) {
  double worst = 0;
  for (std::size_t n = 0; n < x.size(); ++n) {
    const double there =
        n < static_cast<std::size_t>(expected.size()) ? expected[static_cast<Eigen::Index>(n)] : 0;
    worst = std::max(worst, std::abs(static_cast<double>(x[n]) - there));
  }
  return worst;
}

TEST_CASE_TEMPLATE("symmetric systems of all sizes are solved at every level", Scalar, float,
                   double) {
  for (const auto level : test::levels_of_this_machine())
    for (const Eigen::Index size : {1, 2, 5, 8, 15, 16, 17, 31, 33, 64, 100}) {
      const auto [matrix, right] = make_system(size);
      const Eigen::VectorXd expected = matrix.llt().solve(right);
      const double bound = 100 * static_cast<double>(std::numeric_limits<Scalar>::epsilon());
      CHECK(error_of(solve<Scalar>(matrix, right, nullptr, level), expected) <= bound);
    }
}

TEST_CASE_TEMPLATE("a draw lies around the solution by the root of the inverse", Scalar, float,
                   double) {
  constexpr Eigen::Index size = 37;
  const auto [matrix, right] = make_system(size);
  const double bound = 100 * static_cast<double>(std::numeric_limits<Scalar>::epsilon());
  for (const auto level : test::levels_of_this_machine()) {
    // With the right side zero the draw is linear in the noise: R z, with R R' = matrix^-1.
    Eigen::MatrixXd root(size, size);
    for (Eigen::Index n = 0; n < size; ++n) {
      std::vector<Scalar> noise(size, Scalar{0});
      noise[static_cast<std::size_t>(n)] = 1;
      const auto x = solve<Scalar>(matrix, Eigen::VectorXd::Zero(size), &noise, level);
      for (Eigen::Index i = 0; i < size; ++i)
        root(i, n) = static_cast<double>(x[static_cast<std::size_t>(i)]);
    }
    const Eigen::MatrixXd covariance = root * root.transpose();
    CHECK((covariance * matrix - Eigen::MatrixXd::Identity(size, size)).cwiseAbs().maxCoeff() <=
          bound);
    const std::vector<Scalar> ones(size, Scalar{1});
    const Eigen::VectorXd expected = matrix.llt().solve(right) + root * Eigen::VectorXd::Ones(size);
    CHECK(error_of(solve<Scalar>(matrix, right, &ones, level), expected) <= bound);
  }
}

TEST_CASE_TEMPLATE("a pivot that rounding swallows leaves the solution finite", Scalar, float,
                   double) {
  const Eigen::MatrixXd matrix = Eigen::MatrixXd::Constant(20, 20, 1e6);
  for (const auto level : test::levels_of_this_machine())
    for (const Scalar x : solve<Scalar>(matrix, Eigen::VectorXd::Ones(20), nullptr, level))
      CHECK(std::isfinite(x));
}

}  // namespace kindred::symmetric_solve_test
