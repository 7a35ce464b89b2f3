#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/kernel/gathered_rows.hpp>
#include <kindred/kernel/rank_update.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace kindred::detail {

/// Sums of products of rows with themselves, by blocked rank updates on gathered panels.
template <class Number>
class row_moments {
 public:
  /// For rows of up to `width` numbers.
  explicit row_moments(std::size_t width)
      : kernel_(kernel::select_rank_update<Number>()),
        left_(padded_rows(width) * depth, Number{0}),
        right_(padded_columns(width) * depth, Number{0}) {}

  /// The height and the stride of a matrix of `width` rows and columns for whole tiles.
  [[nodiscard]] static std::size_t padded_rows(std::size_t width) noexcept {
    return (width + kernel::update_rows - 1) / kernel::update_rows * kernel::update_rows;
  }
  [[nodiscard]] std::size_t padded_columns(std::size_t width) const noexcept {
    return (width + kernel_.columns - 1) / kernel_.columns * kernel_.columns;
  }
  [[nodiscard]] std::size_t matrix_size(std::size_t width) const noexcept {
    return padded_rows(width) * padded_columns(width);
  }

  /// matrix += sum over the rows y of weights[n] y y', n-th weight 1 if `weights` is null. Of the
  /// row-major matrix, matrix_size(width) numbers, the upper triangle counts; what is below it is
  /// spoilt, what is beyond `width` stays.
  void add(const kernel::gathered_rows<Number>& rows, const Number* weights, Number* matrix) {
    std::size_t filled = 0;
    for (std::size_t n = 0; n < rows.count; ++n) {
      pack(rows.row(n), rows.width, weights == nullptr ? Number{1} : weights[n], filled++);
      if (filled == depth || n + 1 == rows.count)
        add_products(rows.width, std::exchange(filled, 0), matrix);
    }
  }

 private:
  static constexpr std::size_t depth = 32;  ///< rows packed at a time; they stay in the cache

  void pack(const Number* row, std::size_t width, Number weight, std::size_t k) {
    constexpr std::size_t rows = kernel::update_rows;
    Number* to = left_.data() + k * rows;
    std::size_t f = 0;
    for (; f + rows <= width; f += rows, to += rows * depth)
      for (std::size_t r = 0; r < rows; ++r) to[r] = weight * row[f + r];
    if (f < width)
      for (std::size_t r = 0; r < rows; ++r)
        to[r] = f + r < width ? weight * row[f + r] : Number{0};
    to = right_.data() + k * kernel_.columns;
    for (f = 0; f < width; f += kernel_.columns, to += kernel_.columns * depth) {
      const std::size_t count = std::min(kernel_.columns, width - f);
      std::copy_n(row + f, count, to);
      std::fill(to + count, to + kernel_.columns, Number{0});
    }
  }

  void add_products(std::size_t width, std::size_t filled, Number* matrix) {
    const std::size_t columns = kernel_.columns;
    const std::size_t stride = padded_columns(width);
    for (std::size_t i = 0; i < width; i += kernel::update_rows)
      for (std::size_t j = i / columns * columns; j < width; j += columns)
        kernel_.add(left_.data() + i * depth, right_.data() + j * depth, filled,
                    matrix + i * stride + j, stride);
  }

  kernel::rank_update<Number> kernel_;
  aligned_vector<Number> left_;   ///< weighted rows, packed by strips of update_rows
  aligned_vector<Number> right_;  ///< rows, packed by strips of kernel_.columns
};

}  // namespace kindred::detail
