#include <kindred/core/random.hpp>
#include <kindred/kernel/rank_update.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "simd_levels.hpp"

namespace kindred::rank_update_test {

using kindred::kernel::select_rank_update;
using kindred::kernel::update_multiple;
using kindred::kernel::update_rows;

TEST_CASE_TEMPLATE("a rank update adds the product of its panels at every level", Scalar, float,
                   double) {
  const kindred::counter_rng random(7);
  for (const auto level : kindred::test::levels_of_this_machine()) {
    const auto kernel = select_rank_update<Scalar>(level);
    CHECK(update_multiple % kernel.columns == 0);
    CHECK(update_multiple % update_rows == 0);
    for (const std::size_t depth : {0UL, 1UL, 2UL, 7UL, 31UL, 192UL}) {
      const std::size_t stride = kernel.columns + 3;
      std::vector<Scalar> a(depth * update_rows);
      std::vector<Scalar> b(depth * kernel.columns);
      std::vector<Scalar> c(update_rows * stride + 1);
      std::size_t draw = 0;
      for (auto* const part : {&a, &b, &c})
        for (Scalar& x : *part) x = static_cast<Scalar>(random.uniform(draw++) - 0.5);
      const std::vector<Scalar> before = c;
      kernel.add(a.data(), b.data(), depth, c.data() + 1, stride);  // off alignment
      std::size_t wrong = c[0] == before[0] ? 0 : 1;
      for (std::size_t r = 0; r < update_rows; ++r)
        for (std::size_t j = 0; j < stride; ++j) {
          const std::size_t at = 1 + r * stride + j;
          if (at >= c.size()) continue;
          auto expected = static_cast<double>(before[at]);
          for (std::size_t k = 0; k < depth && j < kernel.columns; ++k)
            expected += static_cast<double>(a[k * update_rows + r]) *
                        static_cast<double>(b[k * kernel.columns + j]);
          const double bound = static_cast<double>(depth + 1) *
                               static_cast<double>(std::numeric_limits<Scalar>::epsilon());
          const double error = std::abs(static_cast<double>(c[at]) - expected);
          wrong += error <= (j < kernel.columns ? bound : 0) ? 0U : 1U;
        }
      CHECK(wrong == 0);
    }
  }
}

}  // namespace kindred::rank_update_test
