#include <kindred/core/random.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/kernel/matrix_product.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>

namespace kindred::matrix_product_test {

namespace kindred {
namespace {

aligned_vector<float> random_numbers(std::size_t count, std::uint64_t seed) {
  const counter_rng random(seed);
  aligned_vector<float> numbers(count);
  for (std::size_t k = 0; k < count; ++k) numbers[k] = static_cast<float>(random.normal(k));
  return numbers;
}

void check(kernel::simd_level level, std::size_t rows, std::size_t depth, std::size_t columns,
           bool turned, bool add, bool upper = false) {
  CAPTURE(rows);
  CAPTURE(depth);
  CAPTURE(columns);
  const std::size_t a_row = turned ? 1 : depth + 3;
  const std::size_t a_depth = turned ? rows + 5 : 1;
  const auto a = random_numbers(rows * a_row + depth * a_depth, 1);
  const auto b = random_numbers((depth + 1) * (columns + 16), 2);
  auto c = random_numbers(rows * (columns + 32), 3);
  const auto before = c;
  kernel::multiply<float>({.rows = rows,
                           .depth = depth,
                           .columns = columns,
                           .a = a.data(),
                           .a_row = a_row,
                           .a_depth = a_depth,
                           .b = b.data(),
                           .b_stride = columns + 16,
                           .c = c.data(),
                           .c_stride = columns + 32,
                           .add = add,
                           .upper = upper},
                          level);
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t j = 0; j < columns + 32; ++j) {
      double expected = static_cast<double>(before[r * (columns + 32) + j]);
      if (upper && j < r) continue;
      if (j < columns) {
        if (!add) expected = 0;
        for (std::size_t k = 0; k < depth; ++k)
          expected += static_cast<double>(a[r * a_row + k * a_depth]) *
                      static_cast<double>(b[k * (columns + 16) + j]);
      }
      REQUIRE(static_cast<double>(c[r * (columns + 32) + j]) ==
              doctest::Approx(expected).epsilon(1e-4));
    }
}

TEST_CASE("products are those of the definition, on every instruction set") {
  for (const auto level :
       {kernel::simd_level::baseline, kernel::simd_level::avx2, kernel::simd_level::avx512}) {
    if (level > kernel::best_simd_level()) continue;
    for (const std::size_t rows : {1U, 3U, 4U, 9U, 12U, 16U, 29U, 64U})
      for (const std::size_t depth : {0U, 1U, 7U, 64U})
        for (const std::size_t columns : {16U, 32U, 48U})
          for (const bool turned : {false, true}) {
            check(level, rows, depth, columns, turned, false);
            check(level, rows, depth, columns, turned, true);
            if (rows <= columns) check(level, rows, depth, columns, turned, true, true);
          }
  }
}

}  // namespace
}  // namespace kindred

}  // namespace kindred::matrix_product_test
