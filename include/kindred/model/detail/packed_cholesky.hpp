#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/kernel/rank_update.hpp>
#include <kindred/model/detail/row_moments.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

namespace kindred::detail {

/// Solves symmetric positive definite systems by A = R'R, on the kernel for rank updates: six rows
/// of R at a time, which take their products with all rows above in one go and are then multiplied
/// by the inverse of their 6 x 6 pivot. R lies packed for that, by columns and, negated, by rows.
template <class Number>
class packed_cholesky {
 public:
  /// For up to `width` unknowns.
  explicit packed_cholesky(std::size_t width)
      : kernel_(kernel::select_rank_update<Number>()),
        height_(row_moments<Number>::padded_rows(width)),
        pivots_(height_ * rows),
        left_(height_ * height_),
        right_(height_ * (width + kernel_.columns)),
        panel_(rows * kernel_.columns) {}

  /// Leaves the solution of `matrix` x = `x` in `x`. The upper triangle of the matrix, laid out as
  /// by row_moments, becomes scratch. A pivot that rounding has swallowed counts as the diagonal
  /// that it comes from. With `noise`, a standard normal number for each unknown, the solution is
  /// instead a draw from the normal distribution around it with the inverse of the matrix as its
  /// covariance.
  void solve(Number* matrix, std::size_t stride, std::size_t width, Number* x,
             const Number* noise = nullptr) {
    for (std::size_t i = 0; i < width; i += rows) eliminate(matrix, stride, width, i);
    forward(width, x);
    if (noise != nullptr)
      for (std::size_t f = 0; f < width; ++f) x[f] += noise[f];
    backward(width, x);
  }

 private:
  static constexpr std::size_t rows = kernel::update_rows;

  /// Makes the rows first .. first + 5 of R.
  void eliminate(Number* matrix, std::size_t stride, std::size_t width, std::size_t first) {
    const std::size_t columns = kernel_.columns;
    const std::size_t begin = first / columns * columns;
    Number* const strip = matrix + first * stride;
    Number diagonal[rows];
    for (std::size_t r = 0; r < rows; ++r)
      diagonal[r] = first + r < width ? strip[r * stride + first + r] : Number{1};
    for (std::size_t j = begin; j < width; j += columns)
      kernel_.add(left_.data() + first * height_, right_.data() + j * height_, first, strip + j,
                  stride);
    invert_pivot(strip + first, stride, std::min(rows, width - first), diagonal,
                 pivots_.data() + first * rows);
    for (std::size_t j = begin; j < width; j += columns) {
      for (std::size_t r = 0; r < rows; ++r)
        std::copy_n(strip + r * stride + j, columns, panel_.data() + r * columns);
      Number* const to = right_.data() + j * height_ + first * columns;
      std::fill_n(to, rows * columns, Number{0});
      kernel_.add(pivots_.data() + first * rows, panel_.data(), rows, to, columns);
    }
    for (std::size_t j = first + rows; j < width; j += rows) mirror(width, first, j);
  }

  /// The negated columns j .. j + 5 of the rows first .. first + 5 of R.
  void mirror(std::size_t width, std::size_t first, std::size_t j) {
    const std::size_t columns = kernel_.columns;
    Number* to = left_.data() + j * height_ + first * rows;
    const std::size_t last = std::min(j + rows, width);
    const std::size_t strip = j / columns * columns;
    const bool whole = last <= strip + columns && last == j + rows;
    for (std::size_t k = first; k < first + rows; ++k, to += rows)
      if (whole) {
        const Number* const from = right_.data() + strip * height_ + k * columns + j - strip;
        for (std::size_t c = 0; c < rows; ++c) to[c] = -from[c];
      } else {
        for (std::size_t c = j; c < j + rows; ++c)
          to[c - j] = c < last
                          ? -right_[c / columns * columns * height_ + k * columns + c % columns]
                          : Number{0};
      }
  }

  /// With U'U the 6 x 6 block at `block`, of which `count` rows are not padding: `to`[k * 6 + r] is
  /// the element (r, k) of the inverse of U'.
  static void invert_pivot(const Number* block, std::size_t stride, std::size_t count,
                           const Number* diagonal, Number* to) {
    constexpr Number swallowed = 8 * std::numeric_limits<Number>::epsilon();
    Number lower[rows][rows] = {};  // U', with the inverse of its diagonal
    for (std::size_t c = 0; c < rows; ++c)
      for (std::size_t r = c; r < rows; ++r) {
        Number sum = r < count ? block[c * stride + r] : (r == c ? Number{1} : Number{0});
        for (std::size_t k = 0; k < c; ++k) sum -= lower[r][k] * lower[c][k];
        if (r == c)
          lower[c][c] = 1 / std::sqrt(sum > swallowed * diagonal[c] ? sum : diagonal[c]);
        else
          lower[r][c] = sum * lower[c][c];
      }
    for (std::size_t k = 0; k < rows; ++k)
      for (std::size_t r = 0; r < rows; ++r) {
        Number sum = r == k ? Number{1} : Number{0};
        for (std::size_t c = k; c < r; ++c) sum -= lower[r][c] * to[k * rows + c];
        to[k * rows + r] = r < k ? Number{0} : sum * lower[r][r];
      }
  }

  /// R' y = x.
  void forward(std::size_t width, Number* x) const {
    for (std::size_t first = 0; first < width; first += rows) {
      const std::size_t count = std::min(rows, width - first);
      const Number* const left = left_.data() + first * height_;
      Number sums[rows] = {};
      std::copy_n(x + first, count, sums);
      for (std::size_t k = 0; k < first; ++k)
        for (std::size_t r = 0; r < rows; ++r) sums[r] += left[k * rows + r] * x[k];
      const Number* const inverse = pivots_.data() + first * rows;
      Number found[rows] = {};
      for (std::size_t k = 0; k < rows; ++k)
        for (std::size_t r = 0; r < rows; ++r) found[r] += inverse[k * rows + r] * sums[k];
      std::copy_n(found, count, x + first);
    }
  }

  /// R x = y.
  void backward(std::size_t width, Number* x) const {
    for (std::size_t first = (width - 1) / rows * rows + rows; first > 0;) {
      first -= rows;
      const std::size_t count = std::min(rows, width - first);
      const Number* const inverse = pivots_.data() + first * rows;
      Number found[rows] = {};
      for (std::size_t k = 0; k < count; ++k)
        for (std::size_t r = 0; r < count; ++r) found[k] += inverse[k * rows + r] * x[first + r];
      std::copy_n(found, count, x + first);
      const Number* const left = left_.data() + first * height_;
      for (std::size_t k = 0; k < first; ++k) {
        Number sum = 0;
        for (std::size_t r = 0; r < rows; ++r) sum += left[k * rows + r] * found[r];
        x[k] += sum;
      }
    }
  }

  kernel::rank_update<Number> kernel_;
  std::size_t height_;
  aligned_vector<Number> pivots_;  ///< of each six rows, the inverse of U'
  aligned_vector<Number> left_;    ///< -R by strips of six columns, of height_ rows
  aligned_vector<Number> right_;   ///< R by strips of kernel_.columns columns, of height_ rows
  aligned_vector<Number> panel_;
};

}  // namespace kindred::detail
