#include <kindred/core/random.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/model/detail/symmetric_eigen.hpp>

#include <doctest/doctest.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

namespace kindred::symmetric_eigen_test {

namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

detail::symmetric_eigen eigen_of(const MatrixXd& matrix) {
  return {aligned_vector<double>(matrix.data(), matrix.data() + matrix.size()),
          static_cast<std::size_t>(matrix.rows())};
}

/// The sum of `rank` products of random vectors with themselves.
MatrixXd sum_of_products(Index size, Index rank) {
  const counter_rng random(5);
  MatrixXd root(size, rank);
  for (Index n = 0; n < root.size(); ++n)
    root.data()[n] = random.normal(static_cast<std::size_t>(n));
  return root * root.transpose();
}

void check(const MatrixXd& matrix) {
  const detail::symmetric_eigen eigen = eigen_of(matrix);
  const Index size = matrix.rows();
  VectorXd values(size);
  MatrixXd vectors(size, size);
  for (Index n = 0; n < size; ++n) {
    const auto at = static_cast<std::size_t>(n);
    values(n) = eigen.values()[at];
    vectors.col(n) = Eigen::Map<const VectorXd>(eigen.vector(at).data(), size);
  }
  const double bound = 1e-14 * static_cast<double>(size);
  const MatrixXd unit = MatrixXd::Identity(size, size);
  CHECK((vectors.transpose() * vectors - unit).norm() <= bound);
  CHECK((vectors * values.asDiagonal() * vectors.transpose() - matrix).norm() <=
        bound * matrix.norm());
  std::ranges::sort(values);
  const VectorXd expected = Eigen::SelfAdjointEigenSolver<MatrixXd>(matrix).eigenvalues();
  CHECK((values - expected).norm() <= bound * matrix.norm());
}

}  // namespace

TEST_CASE("eigenvalues and eigenvectors are those of the matrix") {
  for (const Index size : {1, 2, 3, 16, 33, 100})
    for (const Index rank : {size, size / 2, 2 * size}) check(sum_of_products(size, rank));
  check(sum_of_products(20, 20) - 30 * MatrixXd::Identity(20, 20));
  check(1e-30 * sum_of_products(20, 10));
  check(MatrixXd::Identity(17, 17));
  check(MatrixXd::Zero(17, 17));
  MatrixXd graded = sum_of_products(24, 24);
  for (Index n = 0; n < 24; ++n) {
    graded.row(n) *= std::pow(10, -static_cast<double>(n) / 2);
    graded.col(n) *= std::pow(10, -static_cast<double>(n) / 2);
  }
  check(graded);
}

TEST_CASE("a matrix that is not finite comes to an end") {
  MatrixXd matrix = sum_of_products(20, 20);
  matrix(3, 4) = matrix(4, 3) = std::numeric_limits<double>::quiet_NaN();
  CHECK(std::ranges::any_of(eigen_of(matrix).values(), [](double x) { return std::isnan(x); }));
}

}  // namespace kindred::symmetric_eigen_test
