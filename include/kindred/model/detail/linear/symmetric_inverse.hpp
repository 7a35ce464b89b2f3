#pragma once

#include <kindred/backend/concepts.hpp>
#include <kindred/backend/serial.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/kernel/rank_update.hpp>

#include <algorithm>
#include <cstddef>
#include <stop_token>
#include <utility>
#include <vector>

namespace kindred::detail {

/// Pairs (i, j) with 0 <= j <= i < count: the blocks of a lower triangle.
[[nodiscard]] inline std::vector<std::pair<std::size_t, std::size_t>> lower_pairs(
    std::size_t count) {
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  pairs.reserve(count * (count + 1) / 2);
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t j = 0; j <= i; ++j) pairs.emplace_back(i, j);
  return pairs;
}

/// Calls `visit(i, j)` for all 0 <= j < i < size, in parallel and in square blocks, since whoever
/// mirrors a triangle reads rows and writes columns.
template <host_backend Backend, class Visit>
void for_each_below_diagonal(const Backend& backend, std::size_t size, const Visit& visit) {
  constexpr std::size_t block = 64;
  const auto blocks = lower_pairs((size + block - 1) / block);
  backend.for_range(blocks.size(), [&](std::size_t first, std::size_t last) {
    for (std::size_t b = first; b < last; ++b) {
      const auto [row, column] = blocks[b];
      for (std::size_t i = row * block; i < std::min(size, (row + 1) * block); ++i)
        for (std::size_t j = column * block; j < std::min(i, (column + 1) * block); ++j)
          visit(i, j);
    }
  });
}

/// Inverts a symmetric positive definite matrix in place by the sweep operator (Goodnight, "A
/// tutorial on the SWEEP operator", The American Statistician 33(3), 1979), a block of rows and
/// columns at a time. With K the block,
///   A_KK <- -A_KK^-1,  A_iK <- A_iK A_KK^-1,  A_ij <- A_ij - A_iK A_KK^-1 A_Kj;
/// A stays symmetric, and once all blocks are swept it is minus its inverse. That is the work of
/// Cholesky and two triangular products, n^3 operations, in one step that is all rank updates.
///
/// Needs the lower triangle of a row-major matrix and uses the upper one as scratch; holds
/// 2 x 192 rows beside it. The same bits on any number of threads and on every host backend.
template <host_backend Backend, class Scalar>
class symmetric_inverse {
 public:
  symmetric_inverse(const Backend& backend, Scalar* matrix, std::size_t size)
      : backend_(backend),
        kernel_(kernel::select_rank_update<Scalar>()),
        matrix_(matrix),
        size_(size),
        block_(size > 512 ? 192 : 32),
        tiles_(lower_pairs((size + tile - 1) / tile)),
        factor_(strips(kernel::update_rows) * kernel::update_rows * block_, Scalar{0}),
        panel_(strips(kernel_.columns) * kernel_.columns * block_),
        pivot_(block_ * block_),
        packed_pivot_((block_ + kernel::update_rows) * block_) {}

  /// Leaves minus the inverse in the lower triangle. False if a pivot was less than `least`, which
  /// then was lost in rounding if no eigenvalue is less; or when asked to stop.
  [[nodiscard]] bool run(Scalar least, const std::stop_token& stop = {}) {
    if (size_ <= 32) return sweep_by_row(least);
    for (std::size_t begin = 0; begin < size_; begin += block_)
      if (stop.stop_requested() || !sweep(begin, std::min(block_, size_ - begin), least))
        return false;
    return true;
  }

 private:
  static constexpr std::size_t tile = 2 * kernel::update_multiple;

  [[nodiscard]] std::size_t strips(std::size_t rows) const noexcept {
    return (size_ + rows - 1) / rows;
  }

  bool sweep_by_row(Scalar least) {
    std::vector<Scalar> column(size_);
    for (std::size_t k = 0; k < size_; ++k) {
      for (std::size_t i = 0; i < size_; ++i) column[i] = at(std::max(i, k), std::min(i, k));
      if (!(column[k] >= least)) return false;
      const Scalar inverse = 1 / column[k];
      column[k] = 0;
      for (std::size_t i = 0; i < size_; ++i) {
        const Scalar factor = column[i] * inverse;
        for (std::size_t j = 0; j <= i; ++j) at(i, j) -= factor * column[j];
        at(std::max(i, k), std::min(i, k)) = factor;
      }
      at(k, k) = -inverse;
    }
    return true;
  }

  bool sweep(std::size_t begin, std::size_t count, Scalar least) {
    for (std::size_t k = 0; k < count; ++k)
      std::copy_n(&at(begin + k, begin), k + 1, pivot_.data() + k * count);
    symmetric_inverse<backend::serial, Scalar> inverse({}, pivot_.data(), count);
    if (!inverse.run(least)) return false;
    pack_pivot(count);
    backend_.for_range(strips(kernel_.columns), [&](std::size_t first, std::size_t last) {
      aligned_vector<Scalar> products(kernel_.columns * (count + kernel::update_rows));
      for (std::size_t s = first; s < last; ++s) sweep_strip(s, begin, count, products.data());
    });
    backend_.for_range(tiles_.size(), [&](std::size_t first, std::size_t last) {
      for (std::size_t t = first; t < last; ++t) update(tiles_[t], begin, count);
    });
    for (std::size_t k = 0; k < count; ++k)
      std::copy_n(pivot_.data() + k * count, k + 1, &at(begin + k, begin));
    return true;
  }

  [[nodiscard]] Scalar& at(std::size_t row, std::size_t column) const noexcept {
    return matrix_[row * size_ + column];
  }

  void pack_pivot(std::size_t count) {
    constexpr std::size_t rows = kernel::update_rows;
    for (std::size_t first = 0; first < count; first += rows)
      for (std::size_t k = 0; k < count; ++k)
        for (std::size_t r = 0; r < rows; ++r) {
          const std::size_t i = first + r;
          packed_pivot_[first * count + k * rows + r] =
              i < count ? pivot_[std::max(i, k) * count + std::min(i, k)] : 0;
        }
  }

  /// Calls `visit(k, i, entry)` for the entries A_iK of a strip of rows i, but for those of K
  /// itself.
  template <class Visit>
  void for_each_entry(std::size_t first, std::size_t begin, std::size_t count,
                      const Visit& visit) const {
    const std::size_t last = std::min(first + kernel_.columns, size_);
    for (std::size_t k = 0; k < count; ++k)
      for (std::size_t i = first; i < std::min(last, begin); ++i) visit(k, i, at(begin + k, i));
    for (std::size_t i = std::max(first, begin + count); i < last; ++i)
      for (std::size_t k = 0; k < count; ++k) visit(k, i, at(i, begin + k));
  }

  /// Packs A_iK of a strip of rows i, and -A_iK A_KK^-1; what is left of the matrix is the product.
  void sweep_strip(std::size_t strip, std::size_t begin, std::size_t count, Scalar* products) {
    constexpr std::size_t rows = kernel::update_rows;
    const std::size_t columns = kernel_.columns;
    const std::size_t first = strip * columns;
    Scalar* const panel = panel_.data() + first * count;
    std::fill_n(panel, columns * count, Scalar{0});
    for_each_entry(first, begin, count, [&](std::size_t k, std::size_t i, const Scalar& entry) {
      panel[k * columns + i - first] = entry;
    });
    std::fill_n(products, columns * (count + rows), Scalar{0});
    for (std::size_t k = 0; k < count; k += rows)
      kernel_.add(packed_pivot_.data() + k * count, panel, count, products + k * columns, columns);
    for (std::size_t i = first; i < std::min(first + columns, size_); ++i)
      for (std::size_t k = 0; k < count; ++k)
        factor_[i / rows * rows * count + k * rows + i % rows] = products[k * columns + i - first];
    for_each_entry(first, begin, count, [&](std::size_t k, std::size_t i, Scalar& entry) {
      entry = -products[k * columns + i - first];
    });
  }

  /// A_ij -= A_iK A_KK^-1 A_Kj for a tile. Leaves out what lies above the diagonal or in K.
  void update(const std::pair<std::size_t, std::size_t>& at_tile, std::size_t begin,
              std::size_t count) {
    constexpr std::size_t rows = kernel::update_rows;
    const std::size_t columns = kernel_.columns;
    const std::size_t last_row = std::min(size_, (at_tile.first + 1) * tile);
    const std::size_t last_column = std::min(size_, (at_tile.second + 1) * tile);
    const auto swept = [&](std::size_t first, std::size_t size) {
      return first >= begin && first + size <= begin + count;
    };
    for (std::size_t j = at_tile.second * tile; j < last_column; j += columns)
      for (std::size_t i = at_tile.first * tile; i < last_row; i += rows) {
        if (i + rows <= j || swept(i, rows) || swept(j, columns)) continue;
        const Scalar* const factor = factor_.data() + i * count;
        const Scalar* const panel = panel_.data() + j * count;
        if (i + rows <= size_ && j + columns <= size_)
          kernel_.add(factor, panel, count, &at(i, j), size_);
        else
          update_edge(factor, panel, count, i, j);
      }
  }

  /// The same for a tile of the kernel that reaches beyond the matrix.
  void update_edge(const Scalar* factor, const Scalar* panel, std::size_t count, std::size_t i,
                   std::size_t j) {
    constexpr std::size_t widest = kernel::update_multiple;
    Scalar sums[kernel::update_rows * widest] = {};
    kernel_.add(factor, panel, count, sums, widest);
    for (std::size_t r = 0; i + r < std::min(size_, i + kernel::update_rows); ++r)
      for (std::size_t c = 0; j + c < std::min(size_, j + kernel_.columns); ++c)
        at(i + r, j + c) += sums[r * widest + c];
  }

  Backend backend_;
  kernel::rank_update<Scalar> kernel_;
  Scalar* matrix_;
  std::size_t size_;
  std::size_t block_;
  std::vector<std::pair<std::size_t, std::size_t>> tiles_;
  aligned_vector<Scalar> factor_;  ///< -A_iK A_KK^-1 of all i, in strips of update_rows rows
  aligned_vector<Scalar> panel_;   ///< A_iK of all i, in strips of kernel_.columns rows
  aligned_vector<Scalar> pivot_;
  aligned_vector<Scalar> packed_pivot_;
};

}  // namespace kindred::detail
