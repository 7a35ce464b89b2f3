#include <kindred/core/random.hpp>
#include <kindred/kernel/axpy.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "simd_levels.hpp"

namespace kindred::axpy_test {

using kindred::kernel::axpy;

TEST_CASE_TEMPLATE("axpy adds a multiple at every level and length", Scalar, float, double) {
  const kindred::counter_rng random(7);
  for (const auto level : kindred::test::levels_of_this_machine()) {
    for (std::size_t length = 0; length <= 200; length += length < 70 ? 1 : 13) {
      std::vector<Scalar> x(length + 1);
      std::vector<Scalar> y(length + 2, Scalar{5});  // one more, which stays as it is
      for (std::size_t i = 0; i <= length; ++i) {
        x[i] = static_cast<Scalar>(random.uniform(2 * i) - 0.5);
        y[i] = static_cast<Scalar>(random.uniform(2 * i + 1) - 0.5);
      }
      const std::vector<Scalar> before = y;
      const Scalar a = static_cast<Scalar>(1.7);
      axpy(a, x.data() + 1, length, y.data() + 1, level);  // off alignment
      std::size_t wrong = 0;
      for (std::size_t i = 1; i <= length; ++i) {
        const double expected =
            static_cast<double>(before[i]) + static_cast<double>(a) * static_cast<double>(x[i]);
        const double bound = 2 * static_cast<double>(std::numeric_limits<Scalar>::epsilon());
        wrong += std::abs(static_cast<double>(y[i]) - expected) <= bound ? 0U : 1U;
      }
      CHECK(wrong == 0);
      CHECK(y[0] == before[0]);
      CHECK(y[length + 1] == before[length + 1]);
    }
  }
}

}  // namespace kindred::axpy_test
