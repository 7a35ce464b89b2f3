#include <kindred/core/random.hpp>
#include <kindred/kernel/axpy.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "simd_levels.hpp"

namespace kindred::axpy_test {

namespace {

/// Calls `run(x, length, y, level)`, which is to change y, off alignment, to what `expected(x, y)`
/// says of the numbers before and leave those beside them.
template <class Scalar, class Run, class Expected>
void check_at_every_level_and_length(const Run& run, const Expected& expected) {
  const counter_rng random(7);
  for (const auto level : test::levels_of_this_machine()) {
    for (std::size_t length = 0; length <= 200; length += length < 70 ? 1 : 13) {
      std::vector<Scalar> x(length + 1);
      std::vector<Scalar> y(length + 2, Scalar{5});  // one more, which stays as it is
      for (std::size_t i = 0; i <= length; ++i) {
        x[i] = static_cast<Scalar>(random.uniform(2 * i) - 0.5);
        y[i] = static_cast<Scalar>(random.uniform(2 * i + 1) - 0.5);
      }
      const std::vector<Scalar> before = y;
      run(x.data() + 1, length, y.data() + 1, level);
      const double bound = 2 * static_cast<double>(std::numeric_limits<Scalar>::epsilon());
      std::size_t wrong = 0;
      for (std::size_t i = 1; i <= length; ++i) {
        const double right = expected(static_cast<double>(x[i]), static_cast<double>(before[i]));
        wrong += std::abs(static_cast<double>(y[i]) - right) <= bound ? 0U : 1U;
      }
      CHECK(wrong == 0);
      CHECK(y[0] == before[0]);
      CHECK(y[length + 1] == before[length + 1]);
    }
  }
}

constexpr double factor = 1.75;

}  // namespace

TEST_CASE_TEMPLATE("axpy adds a multiple", Scalar, float, double) {
  check_at_every_level_and_length<Scalar>(
      [](const Scalar* x, std::size_t length, Scalar* y, kernel::simd_level level) {
        kernel::axpy(static_cast<Scalar>(factor), x, length, y, level);
      },
      [](double x, double y) { return y + factor * x; });
}

TEST_CASE_TEMPLATE("xpay adds to a multiple", Scalar, float, double) {
  check_at_every_level_and_length<Scalar>(
      [](const Scalar* x, std::size_t length, Scalar* y, kernel::simd_level level) {
        kernel::xpay(x, static_cast<Scalar>(factor), length, y, level);
      },
      [](double x, double y) { return x + factor * y; });
}

TEST_CASE_TEMPLATE("products are added number by number", Scalar, float, double) {
  check_at_every_level_and_length<Scalar>(
      [](const Scalar* x, std::size_t length, Scalar* y, kernel::simd_level level) {
        const std::vector<Scalar> other(y, y + length);
        kernel::add_products(x, other.data(), length, y, level);
      },
      [](double x, double y) { return y + x * y; });
}

}  // namespace kindred::axpy_test
