#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/kernel/gathered_rows.hpp>
#include <kindred/kernel/matrix_product.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace kindred::detail {

/// Sums of products of rows, or of columns, with themselves, by blocked rank updates on gathered
/// panels.
template <class Number>
class row_moments {
 public:
  /// For rows of up to `width` numbers.
  explicit row_moments(std::size_t width)
      : depth_(std::clamp<std::size_t>(cached / std::max(width, strip), 32, 256)),
        roots_(depth_),
        panel_(std::max(cached, depth_ * kernel::padded_columns(width))) {}

  /// Numbers of a matrix of `width` rows and columns, both padded.
  [[nodiscard]] static std::size_t matrix_size(std::size_t width) noexcept {
    return kernel::padded_columns(width) * kernel::padded_columns(width);
  }

  /// matrix += sum over the rows y of weights[n] y y', n-th weight 1 if `weights` is null, else not
  /// negative. The rows may have any width. Of the row-major matrix, matrix_size(width) numbers,
  /// the upper triangle counts; what is below it is spoilt, what is beyond `width` stays.
  void add(const kernel::gathered_rows<Number>& rows, const Number* weights, Number* matrix) {
    for (std::size_t first = 0; first < rows.count; first += depth_) {
      const auto part = rows.part(first, std::min(rows.count, first + depth_));
      for (std::size_t n = 0; n < part.count; ++n)
        roots_[n] = weights == nullptr ? Number{1} : std::sqrt(weights[first + n]);
      kernel::pack_rows(part, roots_.data(), panel_.data(), kernel::padded_columns(rows.width));
      add_products(part.count, rows.width, matrix);
    }
  }

  /// The same of columns: matrix += sum over f of column_factors[f]^2 z z', where z is column f of
  /// the rows, its n-th number times row_factors[n]. There is at least one row, and no more than
  /// the constructor was given; their width is a multiple of gathered_multiple.
  void add_columns(const kernel::gathered_rows<Number>& rows, const Number* row_factors,
                   const Number* column_factors, Number* matrix) {
    constexpr std::size_t multiple = kernel::gathered_multiple;
    const std::size_t stride = kernel::padded_columns(rows.count);
    const std::size_t depth = std::max(cached / stride / multiple, std::size_t{2}) * multiple;
    for (std::size_t first = 0; first < rows.width; first += depth) {
      const auto part = rows.columns(first, std::min(depth, rows.width - first));
      kernel::pack_columns(part, row_factors, column_factors + first, panel_.data(), stride);
      add_products(part.width, rows.count, matrix);
    }
  }

 private:
  static constexpr std::size_t strip = kernel::product_multiple;
  static constexpr std::size_t cached = 4096;  ///< numbers of a panel, next to the matrix

  void add_products(std::size_t depth, std::size_t width, Number* matrix) const {
    const std::size_t stride = kernel::padded_columns(width);
    for (std::size_t i = 0; i < width; i += strip)
      kernel::multiply<Number>({.rows = std::min(strip, width - i),
                                .depth = depth,
                                .columns = stride - i,
                                .a = panel_.data() + i,
                                .a_row = 1,
                                .a_depth = stride,
                                .b = panel_.data() + i,
                                .b_stride = stride,
                                .c = matrix + i * (stride + 1),
                                .c_stride = stride,
                                .add = true,
                                .upper = true});
  }

  std::size_t depth_;             ///< rows of a panel
  aligned_vector<Number> roots_;  ///< of their weights
  aligned_vector<Number> panel_;
};

}  // namespace kindred::detail
