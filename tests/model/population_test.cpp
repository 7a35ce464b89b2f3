#include <kindred/core/random.hpp>
#include <kindred/model/detail/bayes/population.hpp>
#include <kindred/model/detail/bayes/variates.hpp>

#include <doctest/doctest.h>

#include <Eigen/Dense>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

// Moments of many draws of fixed seeds beside those of the distributions. Bounds are five standard
// errors or more.
namespace kindred::population_test {

namespace {

using detail::population;
using detail::population_prior;
using detail::row_totals;
using detail::variates;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// Some rows with a mean and a covariance that are nothing special.
MatrixXd some_rows(Eigen::Index count, Eigen::Index size) {
  const counter_rng random(5);
  MatrixXd rows(count, size);
  for (Eigen::Index r = 0; r < count; ++r)
    for (Eigen::Index f = 0; f < size; ++f)
      rows(r, f) = 0.3 * static_cast<double>(f) + random.normal(static_cast<std::uint64_t>(r)) +
                   0.5 * random.normal(static_cast<std::uint64_t>(100 + size * r + f));
  return rows;
}

row_totals totals_of(const MatrixXd& rows) {
  const auto size = static_cast<std::size_t>(rows.cols());
  row_totals totals{static_cast<double>(rows.rows()), std::vector<double>(size),
                    detail::square_matrix(size)};
  const MatrixXd squares = rows.transpose() * rows;
  for (std::size_t i = 0; i < size; ++i) {
    totals.sum[i] = rows.col(static_cast<Eigen::Index>(i)).sum();
    for (std::size_t j = 0; j < size; ++j)
      totals.squares(i, j) = squares(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j));
  }
  return totals;
}

MatrixXd matrix_of(const detail::square_matrix& from) {
  const auto size = static_cast<Eigen::Index>(from.size());
  MatrixXd matrix(size, size);
  for (Eigen::Index i = 0; i < size; ++i)
    for (Eigen::Index j = 0; j < size; ++j)
      matrix(i, j) = from(static_cast<std::size_t>(i), static_cast<std::size_t>(j));
  return matrix;
}

VectorXd vector_of(std::span<const double> from) {
  return Eigen::Map<const VectorXd>(from.data(), static_cast<Eigen::Index>(from.size()));
}

}  // namespace

TEST_CASE("gamma variates have the mean, the variance and the skewness of their shape") {
  for (const double shape : {0.3, 1.0, 2.5, 40.0}) {
    variates random(counter_rng(3, static_cast<std::uint64_t>(10 * shape)));
    constexpr int draws = 100000;
    double mean = 0;
    double variance = 0;
    double third = 0;
    for (int n = 0; n < draws; ++n) {
      const double x = random.gamma(shape);
      mean += x / draws;
      variance += (x - shape) * (x - shape) / draws;
      third += std::pow((x - shape) / std::sqrt(shape), 3) / draws;
    }
    CHECK(mean == doctest::Approx(shape).epsilon(0.03));
    CHECK(variance == doctest::Approx(shape).epsilon(0.06));
    CHECK(third == doctest::Approx(2 / std::sqrt(shape)).epsilon(0.2));
  }
}

TEST_CASE("a population is drawn from the Gaussian-Wishart distribution given its rows") {
  const MatrixXd rows = some_rows(9, 3);
  const population_prior prior{.strength = 1.7};
  const double strength = prior.strength + 9;
  const VectorXd average = rows.colwise().mean();
  const MatrixXd centred = rows.rowwise() - average.transpose();
  // Salakhutdinov and Mnih, eq. 14, word by word.
  const MatrixXd scale = (MatrixXd::Identity(3, 3) + centred.transpose() * centred +
                          prior.strength * 9 / strength * average * average.transpose())
                             .inverse();
  const VectorXd centre = 9 * average / strength;
  const double freedom = 3 + 9;

  constexpr int draws = 40000;
  MatrixXd precision = MatrixXd::Zero(3, 3);
  MatrixXd squares = MatrixXd::Zero(3, 3);
  VectorXd mean = VectorXd::Zero(3);
  MatrixXd around = MatrixXd::Zero(3, 3);
  for (int n = 0; n < draws; ++n) {
    variates random(counter_rng(11, static_cast<std::uint64_t>(n)));
    const population one(prior, totals_of(rows), random);
    const MatrixXd p = matrix_of(one.precision());
    precision += p / draws;
    squares.array() += (p - freedom * scale).array().square() / draws;
    mean += vector_of(one.mean()) / draws;
    // Standardised by the precision of this very draw: the mean of these is the unit matrix.
    const VectorXd off = vector_of(one.mean()) - centre;
    around += strength * off * off.transpose() * p / draws;
  }
  for (Eigen::Index i = 0; i < 3; ++i) {
    CHECK(mean(i) == doctest::Approx(centre(i)).epsilon(0.02));
    for (Eigen::Index j = 0; j < 3; ++j) {
      CHECK(precision(i, j) == doctest::Approx(freedom * scale(i, j)).epsilon(0.02));
      CHECK(squares(i, j) ==
            doctest::Approx(freedom * (scale(i, j) * scale(i, j) + scale(i, i) * scale(j, j)))
                .epsilon(0.05));
      CHECK(around(i, j) == doctest::Approx(i == j ? 1 : 0).epsilon(0.1));
    }
  }
}

TEST_CASE("deviations have the inverse of the precision as their covariance") {
  variates random(counter_rng(2));
  const population people({}, totals_of(some_rows(20, 4)), random);
  MatrixXd root(4, 4);
  for (Eigen::Index f = 0; f < 4; ++f) {
    std::vector<double> x(4, 0.0);
    x[static_cast<std::size_t>(f)] = 1;
    people.spread(x);
    root.col(f) = vector_of(x);
  }
  const MatrixXd unit = root * root.transpose() * matrix_of(people.precision());
  CHECK((unit - MatrixXd::Identity(4, 4)).cwiseAbs().maxCoeff() < 1e-10);
}

TEST_CASE("a population that nobody belongs to is what was believed of it before") {
  row_totals none{0, std::vector<double>(2, 0.0), detail::square_matrix(2)};
  MatrixXd precision = MatrixXd::Zero(2, 2);
  constexpr int draws = 20000;
  for (int n = 0; n < draws; ++n) {
    variates random(counter_rng(4, static_cast<std::uint64_t>(n)));
    precision += matrix_of(population({}, none, random).precision()) / draws;
  }
  CHECK((precision - 2 * MatrixXd::Identity(2, 2)).cwiseAbs().maxCoeff() < 0.1);
}

}  // namespace kindred::population_test
