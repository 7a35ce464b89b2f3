#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/kernel/gathered_rows.hpp>
#include <kindred/kernel/rank_update.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace kindred::detail {

/// Sums of products of rows with themselves, by blocked rank updates on gathered panels.
class row_moments {
 public:
  /// For rows of up to `width` numbers, a multiple of kernel::gathered_multiple.
  explicit row_moments(std::size_t width)
      : kernel_(kernel::select_rank_update<float>()),
        left_(padded_rows(width) * depth, 0.0F),
        right_(padded_columns(width) * depth, 0.0F) {}

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
  void add(const kernel::gathered_rows<float>& rows, const float* weights, float* matrix) {
    std::size_t filled = 0;
    for (std::size_t n = 0; n < rows.count; ++n) {
      pack(rows.row(n), rows.width, weights == nullptr ? 1.0F : weights[n], filled++);
      if (filled == depth || n + 1 == rows.count)
        add_products(rows.width, std::exchange(filled, 0), matrix);
    }
  }

 private:
  static constexpr std::size_t depth = 32;  ///< rows packed at a time; they stay in the cache

  void pack(const float* row, std::size_t width, float weight, std::size_t k) {
    constexpr std::size_t rows = kernel::update_rows;
    float* to = left_.data() + k * rows;
    std::size_t f = 0;
    for (; f + rows <= width; f += rows, to += rows * depth)
      for (std::size_t r = 0; r < rows; ++r) to[r] = weight * row[f + r];
    if (f < width)
      for (std::size_t r = 0; r < rows; ++r) to[r] = f + r < width ? weight * row[f + r] : 0.0F;
    to = right_.data() + k * kernel_.columns;
    for (f = 0; f < width; f += kernel_.columns, to += kernel_.columns * depth) {
      const std::size_t count = std::min(kernel_.columns, width - f);
      std::copy_n(row + f, count, to);
      std::fill(to + count, to + kernel_.columns, 0.0F);
    }
  }

  void add_products(std::size_t width, std::size_t filled, float* matrix) {
    const std::size_t columns = kernel_.columns;
    const std::size_t stride = padded_columns(width);
    for (std::size_t i = 0; i < width; i += kernel::update_rows)
      for (std::size_t j = i / columns * columns; j < width; j += columns)
        kernel_.add(left_.data() + i * depth, right_.data() + j * depth, filled,
                    matrix + i * stride + j, stride);
  }

  kernel::rank_update<float> kernel_;
  aligned_vector<float> left_;   ///< weighted rows, packed by strips of update_rows
  aligned_vector<float> right_;  ///< rows, packed by strips of kernel_.columns
};

}  // namespace kindred::detail
