#include <kindred/core/random.hpp>
#include <kindred/kernel/dot.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "simd_levels.hpp"

namespace kindred::dot_test {

using kindred::kernel::dot;

TEST_CASE_TEMPLATE("dot is the sum of products at every level and length", Scalar, float, double) {
  const kindred::counter_rng random(7);
  for (const auto level : kindred::test::levels_of_this_machine()) {
    for (std::size_t length = 0; length <= 200; length += length < 70 ? 1 : 13) {
      // One element more, so that the second call starts off alignment.
      std::vector<Scalar> a(length + 1);
      std::vector<Scalar> b(length + 1);
      for (std::size_t i = 0; i <= length; ++i) {
        a[i] = static_cast<Scalar>(random.uniform(2 * i) - 0.5);
        b[i] = static_cast<Scalar>(random.uniform(2 * i + 1) - 0.5);
      }
      for (const std::size_t start : {std::size_t{0}, std::size_t{1}}) {
        double expected = 0;
        double magnitude = 0;
        for (std::size_t i = start; i < length + start; ++i) {
          expected += static_cast<double>(a[i]) * static_cast<double>(b[i]);
          magnitude += std::abs(static_cast<double>(a[i]) * static_cast<double>(b[i]));
        }
        const auto result =
            static_cast<double>(dot(a.data() + start, b.data() + start, length, level));
        const double bound = magnitude * static_cast<double>(length + 1) *
                             static_cast<double>(std::numeric_limits<Scalar>::epsilon());
        CHECK(std::abs(result - expected) <= bound);
      }
    }
  }
}

}  // namespace kindred::dot_test
