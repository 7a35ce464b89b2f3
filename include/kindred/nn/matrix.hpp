#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/kernel/matrix_product.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <type_traits>

namespace kindred::nn {

/// How many floats a row of `columns` takes: rows are padded to whole registers.
[[nodiscard]] constexpr std::size_t padded(std::size_t columns) noexcept {
  return kernel::padded_columns(columns);
}

/// A view of a row-major matrix: one sample a row, or one input of a layer. Rows are `stride`
/// apart; after its `columns` each is padded with zeros to padded(columns).
template <class Float>
struct matrix_view {
  Float* data = nullptr;
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::size_t stride = 0;

  [[nodiscard]] std::span<Float> row(std::size_t r) const noexcept {
    return {data + r * stride, columns};
  }
  /// Some of the columns. Those that follow them are seen as padding: they are zeros, or `first`
  /// and `count` are multiples of padded(1).
  [[nodiscard]] matrix_view part(std::size_t first, std::size_t count) const noexcept {
    return {data + first, rows, count, stride};
  }
  /// Some of the rows.
  [[nodiscard]] matrix_view band(std::size_t first, std::size_t count) const noexcept {
    return {data + first * stride, count, columns, stride};
  }
  // NOLINTNEXTLINE(google-explicit-constructor): a matrix is a constant one, too
  operator matrix_view<const Float>() const noexcept requires(!std::is_const_v<Float>) {
    return {data, rows, columns, stride};
  }
};

using matrix = matrix_view<float>;
using const_matrix = matrix_view<const float>;

/// to = from, padding included.
inline void copy(const_matrix from, matrix to) noexcept {
  for (std::size_t r = 0; r < from.rows; ++r)
    std::copy_n(from.data + r * from.stride, padded(from.columns), to.data + r * to.stride);
}

/// x = 0, padding included.
inline void clear(matrix x) noexcept {
  for (std::size_t r = 0; r < x.rows; ++r)
    std::fill_n(x.data + r * x.stride, padded(x.columns), 0.0F);
}

/// to += from, padding included.
inline void add(const_matrix from, matrix to) noexcept {
  for (std::size_t r = 0; r < from.rows; ++r)
    for (std::size_t c = 0; c < padded(from.columns); ++c)
      to.data[r * to.stride + c] += from.data[r * from.stride + c];
}

/// c = a b, or c += a b.
inline void multiply(const_matrix a, const_matrix b, matrix c, bool add = false) noexcept {
  kernel::multiply<float>({.rows = a.rows,
                           .depth = a.columns,
                           .columns = padded(b.columns),
                           .a = a.data,
                           .a_row = a.stride,
                           .b = b.data,
                           .b_stride = b.stride,
                           .c = c.data,
                           .c_stride = c.stride,
                           .add = add});
}

/// c += a^T b.
inline void multiply_transposed(const_matrix a, const_matrix b, matrix c) noexcept {
  kernel::multiply<float>({.rows = a.columns,
                           .depth = a.rows,
                           .columns = padded(b.columns),
                           .a = a.data,
                           .a_row = 1,
                           .a_depth = a.stride,
                           .b = b.data,
                           .b_stride = b.stride,
                           .c = c.data,
                           .c_stride = c.stride,
                           .add = true});
}

/// to = from^T, with the padding of its rows.
inline void transpose(const_matrix from, matrix to) noexcept {
  using kernel::baseline::quad_t;
  const std::size_t rows = from.rows / 4 * 4;
  const std::size_t columns = from.columns / 4 * 4;
  for (std::size_t r = 0; r < rows; r += 4)
    for (std::size_t c = 0; c < columns; c += 4) {
      quad_t<float> quads[4];
      for (std::size_t k = 0; k < 4; ++k)
        kernel::baseline::load(quads[k], from.data + (r + k) * from.stride + c);
      kernel::baseline::transpose<float>(quads[0], quads[1], quads[2], quads[3]);
      for (std::size_t k = 0; k < 4; ++k)
        kernel::baseline::store(to.data + (c + k) * to.stride + r, quads[k]);
    }
  for (std::size_t r = 0; r < from.rows; ++r)
    for (std::size_t c = r < rows ? columns : 0; c < from.columns; ++c)
      to.data[c * to.stride + r] = from.data[r * from.stride + c];
  for (std::size_t c = 0; c < to.rows; ++c)
    std::fill_n(to.data + c * to.stride + from.rows, padded(from.rows) - from.rows, 0.0F);
}

}  // namespace kindred::nn
