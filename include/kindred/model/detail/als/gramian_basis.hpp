#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/kernel/matrix_product.hpp>
#include <kindred/model/detail/als/als_side.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/detail/symmetric_eigen.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace kindred::detail {

/// The eigenvectors of a Gramian as a basis for rows. There the Gramian is diagonal and joins the
/// ridge of row problems, so that rows with few entries are solved for by these (entry_system).
class gramian_basis {
 public:
  /// `gramian` is padded. O(factors^3), on one thread.
  gramian_basis(std::span<const float> gramian, std::size_t factors)
      : width_(padded_factors(factors)),
        values_(factors),
        vectors_(width_ * width_, 0.0F),
        transposed_(vectors_.size(), 0.0F) {
    aligned_vector<double> matrix;
    for (std::size_t i = 0; i < factors; ++i)
      for (std::size_t j = 0; j < factors; ++j) matrix.push_back(gramian[i * width_ + j]);
    const symmetric_eigen eigen(std::move(matrix), factors);
    for (std::size_t i = 0; i < factors; ++i) {
      values_[i] = static_cast<float>(std::max(0.0, eigen.values()[i]));
      for (std::size_t j = 0; j < factors; ++j)
        vectors_[i * width_ + j] = transposed_[j * width_ + i] =
            static_cast<float>(eigen.vector(i)[j]);
    }
  }

  /// The diagonal of the Gramian there, one for each factor.
  [[nodiscard]] std::span<const float> values() const noexcept { return values_; }
  /// Turns padded rows into this basis, and back again.
  void enter(const host_loop& loop, std::span<float> rows) const { turn(loop, rows, transposed_); }
  void leave(const host_loop& loop, std::span<float> rows) const { turn(loop, rows, vectors_); }

 private:
  /// Each row becomes its product with `matrix`.
  void turn(const host_loop& loop, std::span<float> rows,
            const aligned_vector<float>& matrix) const {
    constexpr std::size_t block = 64;
    loop((rows.size() / width_ + block - 1) / block, [&](std::size_t first, std::size_t last) {
      aligned_vector<float> before(block * width_);
      for (std::size_t b = first; b < last; ++b) {
        const auto part = rows.subspan(b * before.size(),
                                       std::min(before.size(), rows.size() - b * before.size()));
        std::ranges::copy(part, before.begin());
        kernel::multiply<float>({.rows = part.size() / width_,
                                 .depth = width_,
                                 .columns = width_,
                                 .a = before.data(),
                                 .a_row = width_,
                                 .b = matrix.data(),
                                 .b_stride = width_,
                                 .c = part.data(),
                                 .c_stride = width_});
      }
    });
  }

  std::size_t width_;
  std::vector<float> values_;
  aligned_vector<float> vectors_;  ///< row by row, padded
  aligned_vector<float> transposed_;
};

/// Whether rows with few entries make up for what a basis costs, in multiplications at full speed.
[[nodiscard]] inline bool basis_pays(const als_side& own, std::size_t others,
                                     std::size_t factors) noexcept {
  constexpr double for_eigenvectors = 100;
  const auto k = static_cast<double>(factors);
  double gain = -(static_cast<double>(own.size() + others) + for_eigenvectors * k) * k * k;
  for (std::size_t r = 0; r < own.size(); ++r) {
    const auto n = static_cast<double>(own.count(r));
    if (n > 0 && n < k) gain += (n * k * k - n * n * k) / 2 + (k * k * k - n * n * n) / 6;
  }
  return gain > 0;
}

}  // namespace kindred::detail
