#pragma once

#include <cstddef>
#include <kindred/kernel/dispatch.hpp>
#include <kindred/kernel/pack.hpp>

namespace kindred::kernel {

/// A product of matrices: for r < rows and j < columns,
///   c[r][j] = (add ? c[r][j] : 0) + sum over k < depth of a[r][k] * b[k][j].
/// `a` is read with two steps of any size, so that a transposed matrix needs no copy; the rows of
/// `b` and `c` are contiguous, and hold a multiple of `product_multiple` numbers.
template <class Scalar>
struct product {
  std::size_t rows = 0;
  std::size_t depth = 0;
  std::size_t columns = 0;  ///< a multiple of product_multiple
  const Scalar* a = nullptr;
  std::size_t a_row = 0;    ///< from a[r][k] to a[r + 1][k]
  std::size_t a_depth = 1;  ///< from a[r][k] to a[r][k + 1]
  const Scalar* b = nullptr;
  std::size_t b_stride = 0;
  Scalar* c = nullptr;
  std::size_t c_stride = 0;
  bool add = false;
  /// Whether elements with j < r do not count, and may become anything; then rows <= columns.
  bool upper = false;
};

/// Rows of matrices are padded to a multiple of this, the lanes of the widest registers.
inline constexpr std::size_t product_multiple = 16;

/// `columns`, rounded up to a multiple of product_multiple.
[[nodiscard]] constexpr std::size_t padded_columns(std::size_t columns) noexcept {
  return (columns + product_multiple - 1) / product_multiple * product_multiple;
}

}  // namespace kindred::kernel

#define KINDRED_KERNEL_BODY <kindred/kernel/detail/matrix_product_body.inl>
#include <kindred/kernel/detail/foreach_target.inl>

namespace kindred::kernel {

/// Multiplies matrices that fit the caches, on one thread. Each element is added up in order of k:
/// its bits depend on the instruction set, and not on where a matrix is cut.
/// Precondition: the processor has `level`.
template <class Scalar>
void multiply(const product<Scalar>& p,
              [[maybe_unused]] simd_level level = best_simd_level()) noexcept {
#if defined(__x86_64__)
  if (level == simd_level::avx512) return avx512::matrix_product<Scalar>::run(p);
  if (level == simd_level::avx2) return avx2::matrix_product<Scalar>::run(p);
#endif
  baseline::matrix_product<Scalar>::run(p);
}

}  // namespace kindred::kernel
