#include <kindred/backend/serial.hpp>
#include <kindred/backend/tbb.hpp>
#include <kindred/core/random.hpp>
#include <kindred/model/detail/linear/symmetric_inverse.hpp>

#include <doctest/doctest.h>

#include <Eigen/Dense>
#include <cstddef>
#include <limits>
#include <stop_token>

#include "../data/support.hpp"

namespace kindred::symmetric_inverse_test {

namespace {

using matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Symmetric, with eigenvalues from about 1 to about 5.
matrix positive_matrix(Eigen::Index size) {
  const counter_rng random(11);
  matrix factor(size, size);
  for (Eigen::Index k = 0; k < factor.size(); ++k)
    factor.data()[k] = random.normal(static_cast<std::uint64_t>(k));
  return factor * factor.transpose() / static_cast<double>(size) + matrix::Identity(size, size);
}

template <class Scalar, class Backend>
bool invert(Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>& to,
            const Backend& backend, Scalar least = Scalar{0.5}, const std::stop_token& stop = {}) {
  const auto size = static_cast<std::size_t>(to.rows());
  return detail::symmetric_inverse<Backend, Scalar>(backend, to.data(), size).run(least, stop);
}

}  // namespace

TEST_CASE_TEMPLATE("the sweep inverts matrices of any size", Scalar, float, double) {
  for (const Eigen::Index size : {1, 2, 31, 32, 33, 95, 193, 389, 513, 577}) {
    CAPTURE(size);
    const matrix exact = positive_matrix(size);
    Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> swept =
        exact.cast<Scalar>();
    // What is above the diagonal must not matter.
    swept.template triangularView<Eigen::StrictlyUpper>().setConstant(
        std::numeric_limits<Scalar>::quiet_NaN());
    REQUIRE(invert<Scalar>(swept, backend::tbb{}));
    const matrix inverse =
        -matrix(swept.template cast<double>().template selfadjointView<Eigen::Lower>());
    const double residual = (exact * inverse - matrix::Identity(size, size)).cwiseAbs().maxCoeff();
    CHECK(residual < 100 * static_cast<double>(std::numeric_limits<Scalar>::epsilon()));
  }
}

TEST_CASE("the sweep has the same bits on any number of threads and on every host backend") {
  const Eigen::Index size = 577;
  const auto inverse_on = [&](const auto& backend) {
    Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> swept =
        positive_matrix(size).cast<float>();
    CHECK(invert(swept, backend));
    return Eigen::MatrixXf(swept.triangularView<Eigen::Lower>());
  };
  const Eigen::MatrixXf reference = inverse_on(backend::serial{});
  for (const int threads : {1, 2, 8})
    CHECK(test::on_threads(threads, [&] { return inverse_on(backend::tbb{}); }) == reference);
}

TEST_CASE("the sweep refuses a matrix that is not positive enough, and stops when asked") {
  for (const Eigen::Index size : {5, 100, 600}) {
    matrix singular = positive_matrix(size);
    singular.row(size - 1) = singular.row(0);
    singular(size - 1, size - 1) = singular(0, size - 1) = singular(0, 0);
    singular(size - 1, 0) = singular(0, 0);
    CHECK(!invert(singular, backend::tbb{}));
    matrix undefined = positive_matrix(size);
    undefined(size - 1, size / 2) = std::numeric_limits<double>::quiet_NaN();
    CHECK(!invert(undefined, backend::tbb{}));
  }
  matrix swept = positive_matrix(600);
  std::stop_source stop;
  stop.request_stop();
  CHECK(!invert(swept, backend::tbb{}, 0.5, stop.get_token()));
}

}  // namespace kindred::symmetric_inverse_test
