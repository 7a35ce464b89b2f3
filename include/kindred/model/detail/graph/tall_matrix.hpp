#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/kernel/matrix_product.hpp>
#include <kindred/model/detail/host_loop.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace kindred::detail {

/// Many rows of a few numbers, row-major and padded with zeros for the kernels.
struct tall_matrix {
  tall_matrix(std::size_t row_count, std::size_t column_count)
      : rows(row_count),
        columns(column_count),
        stride(kernel::padded_columns(column_count)),
        numbers(rows * stride, 0.0F) {}

  [[nodiscard]] float* row(std::size_t r) noexcept { return numbers.data() + r * stride; }
  [[nodiscard]] const float* row(std::size_t r) const noexcept {
    return numbers.data() + r * stride;
  }

  std::size_t rows;
  std::size_t columns;
  std::size_t stride;
  aligned_vector<float> numbers;
};

/// Makes the columns orthonormal by the Cholesky decomposition of their products (CholeskyQR;
/// Fukaya, Nakatsukasa, Yanagisawa, Yamamoto, 2014), twice, since once leaves the rounding of ill
/// conditioned columns. One that depends on those before it becomes 0. O(rows x columns^2), the
/// same bits on any number of threads.
class orthonormalizer {
 public:
  explicit orthonormalizer(const host_loop& loop) : loop_(loop) {}

  void run(tall_matrix& m) const {
    for (int pass = 0; pass < 2; ++pass) apply(inverse_factor(gram(m), m), m);
  }

 private:
  static constexpr std::size_t panel = kernel::product_multiple;
  static constexpr std::size_t block = 512;  // rows: so that a panel of them fits the first caches

  /// m' m, a panel of its rows after the other; floats are added up by blocks, blocks in double.
  [[nodiscard]] std::vector<double> gram(const tall_matrix& m) const {
    std::vector<double> sums(m.stride * m.stride, 0.0);
    for_each_index(loop_, m.stride / panel, [&](std::size_t p) {
      aligned_vector<float> part(panel * m.stride);
      double* const to = sums.data() + p * panel * m.stride;
      for (std::size_t begin = 0; begin < m.rows; begin += block) {
        kernel::multiply<float>({.rows = panel,
                                 .depth = std::min(block, m.rows - begin),
                                 .columns = m.stride,
                                 .a = m.row(begin) + p * panel,
                                 .a_row = 1,
                                 .a_depth = m.stride,
                                 .b = m.row(begin),
                                 .b_stride = m.stride,
                                 .c = part.data(),
                                 .c_stride = m.stride});
        for (std::size_t n = 0; n < part.size(); ++n) to[n] += static_cast<double>(part[n]);
      }
    });
    return sums;
  }

  /// The transpose of the inverse of L, where L L' is `gram`, of which it makes L.
  [[nodiscard]] static aligned_vector<float> inverse_factor(std::vector<double> gram,
                                                            const tall_matrix& m) {
    constexpr double dependent = 1e-6;  // of a column's square, what rounding may leave of it
    const std::size_t n = m.stride;
    std::vector<double> inverse(n * n, 0.0);  // of L, by rows
    for (std::size_t i = 0; i < m.columns; ++i) {
      double* const l = gram.data() + i * n;
      const double square = l[i];
      double left = square;
      for (std::size_t j = 0; j < i; ++j) {
        const double* const before = gram.data() + j * n;
        if (before[j] == 0) {
          l[j] = 0;
          continue;
        }
        for (std::size_t k = 0; k < j; ++k) l[j] -= l[k] * before[k];
        l[j] /= before[j];
        left -= l[j] * l[j];
      }
      l[i] = left > dependent * square ? std::sqrt(left) : 0;
      if (l[i] == 0) continue;
      double* const own = inverse.data() + i * n;
      own[i] = 1;
      for (std::size_t j = 0; j < i; ++j)
        for (std::size_t k = 0; k <= j; ++k) own[k] -= l[j] * inverse[j * n + k];
      for (std::size_t k = 0; k <= i; ++k) own[k] /= l[i];
    }
    aligned_vector<float> transposed(n * n);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j)
        transposed[j * n + i] = static_cast<float>(inverse[i * n + j]);
    return transposed;
  }

  void apply(const aligned_vector<float>& factor, tall_matrix& m) const {
    for_each_index(loop_, (m.rows + block - 1) / block, [&](std::size_t b) {
      const std::size_t begin = b * block;
      const std::size_t count = std::min(block, m.rows - begin);
      const aligned_vector<float> before(m.row(begin), m.row(begin) + count * m.stride);
      kernel::multiply<float>({.rows = count,
                               .depth = m.stride,
                               .columns = m.stride,
                               .a = before.data(),
                               .a_row = m.stride,
                               .b = factor.data(),
                               .b_stride = m.stride,
                               .c = m.row(begin),
                               .c_stride = m.stride});
    });
  }

  const host_loop& loop_;
};

}  // namespace kindred::detail
