#include <kindred/core/random.hpp>
#include <kindred/kernel/gathered_rows.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "simd_levels.hpp"

namespace kindred::gathered_rows_test {

TEST_CASE_TEMPLATE("gathered rows are multiplied and added at every level", Scalar, float, double) {
  constexpr std::size_t stride = 50;
  constexpr std::size_t first = 1;  // off alignment
  const counter_rng random(7);
  std::vector<Scalar> matrix(40 * stride);
  std::vector<Scalar> x(48);
  std::vector<Scalar> weights(30);
  for (std::size_t i = 0; i < matrix.size(); ++i)
    matrix[i] = static_cast<Scalar>(random.uniform(i) - 0.5);
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] = static_cast<Scalar>(random.uniform(5000 + i) - 0.5);
  for (std::size_t i = 0; i < weights.size(); ++i)
    weights[i] = static_cast<Scalar>(random.uniform(6000 + i) - 0.5);
  std::vector<index> indices;
  for (std::uint64_t n = 0; n < 30; ++n)
    indices.push_back(static_cast<index>(random.below(7000 + n, 40)));
  const double bound = 48 * static_cast<double>(std::numeric_limits<Scalar>::epsilon());

  for (const auto level : test::levels_of_this_machine())
    for (const std::size_t width : {0UL, 16UL, 32UL, 48UL})
      for (const std::size_t count : {0UL, 1UL, 3UL, 4UL, 13UL, 30UL})
        for (const bool scattered : {false, true}) {
          const auto rows =
              kernel::gathered_rows<Scalar>{matrix.data(), stride, stride,
                                            scattered ? indices.data() : nullptr, count + 1}
                  .columns(first, width)
                  .part(0, count);
          std::vector<Scalar> products(count + 1, Scalar{9});
          std::vector<Scalar> sum(width + 1, Scalar{9});
          kernel::dot_rows(rows, x.data(), products.data(), level);
          kernel::add_rows(rows, weights.data(), sum.data(), level);
          std::vector<double> expected(width, 9);
          double worst = 0;
          for (std::size_t n = 0; n < count; ++n) {
            const std::size_t row = scattered ? static_cast<std::size_t>(indices[n]) : n;
            double product = 0;
            for (std::size_t f = 0; f < width; ++f) {
              const auto element = static_cast<double>(matrix[row * stride + first + f]);
              product += element * static_cast<double>(x[f]);
              expected[f] += element * static_cast<double>(weights[n]);
            }
            worst = std::max(worst, std::abs(static_cast<double>(products[n]) - product));
          }
          for (std::size_t f = 0; f < width; ++f)
            worst = std::max(worst, std::abs(static_cast<double>(sum[f]) - expected[f]));
          CHECK(worst <= bound);
          CHECK(products[count] == 9);
          CHECK(sum[width] == 9);
        }
}

TEST_CASE_TEMPLATE("gathered rows of any width are scaled into a panel", Scalar, float, double) {
  const counter_rng random(8);
  std::vector<Scalar> matrix(40 * 50);
  for (std::size_t i = 0; i < matrix.size(); ++i)
    matrix[i] = static_cast<Scalar>(random.uniform(i) - 0.5);
  const std::vector<index> indices{39, 0, 7, 7, 12, 38, 1, 2, 3, 20, 21};
  std::vector<Scalar> factors(indices.size());
  for (std::size_t n = 0; n < factors.size(); ++n) factors[n] = static_cast<Scalar>(n) - 4;
  for (const auto level : test::levels_of_this_machine())
    for (const std::size_t width : {1UL, 7UL, 16UL, 33UL, 48UL}) {
      const kernel::gathered_rows<Scalar> rows{matrix.data() + 1, 50, width, indices.data(),
                                               indices.size()};
      constexpr std::size_t stride = 48;
      std::vector<Scalar> panel(indices.size() * stride + 1, Scalar{9});
      kernel::pack_rows(rows, factors.data(), panel.data(), stride, level);
      std::size_t wrong = panel.back() == 9 ? 0 : 1;
      for (std::size_t n = 0; n < indices.size(); ++n)
        for (std::size_t f = 0; f < stride; ++f)
          wrong += panel[n * stride + f] == (f < width ? factors[n] * rows.row(n)[f] : 0) ? 0U : 1U;
      CHECK(wrong == 0);
    }
}

TEST_CASE_TEMPLATE("gathered rows are scaled into a transposed panel", Scalar, float, double) {
  const counter_rng random(9);
  std::vector<Scalar> matrix(40 * 50);
  for (std::size_t i = 0; i < matrix.size(); ++i)
    matrix[i] = static_cast<Scalar>(random.uniform(i) - 0.5);
  const std::vector<index> indices{39, 0, 7, 7, 12, 38, 1, 2, 3, 20, 21, 5, 6};
  std::vector<Scalar> row_factors(indices.size());
  for (std::size_t n = 0; n < row_factors.size(); ++n) row_factors[n] = static_cast<Scalar>(n) - 4;
  std::vector<Scalar> column_factors(48);
  for (std::size_t f = 0; f < column_factors.size(); ++f)
    column_factors[f] = 1 / static_cast<Scalar>(1 + f);
  constexpr std::size_t stride = 16;
  for (const auto level : test::levels_of_this_machine())
    for (const std::size_t width : {16UL, 48UL})
      for (const std::size_t count : {1UL, 4UL, 7UL, 13UL}) {
        const kernel::gathered_rows<Scalar> rows{matrix.data() + 1, 50, width, indices.data(),
                                                 count};
        std::vector<Scalar> panel(width * stride + 1, Scalar{9});
        kernel::pack_columns(rows, row_factors.data(), column_factors.data(), panel.data(), stride,
                             level);
        std::size_t wrong = panel.back() == 9 ? 0 : 1;
        for (std::size_t f = 0; f < width; ++f)
          for (std::size_t n = 0; n < stride; ++n) {
            const Scalar expected =
                n < count ? column_factors[f] * row_factors[n] * rows.row(n)[f] : 0;
            wrong += std::abs(panel[f * stride + n] - expected) <=
                             4 * std::numeric_limits<Scalar>::epsilon() * std::abs(expected)
                         ? 0U
                         : 1U;
          }
        CHECK(wrong == 0);
      }
}

}  // namespace kindred::gathered_rows_test
