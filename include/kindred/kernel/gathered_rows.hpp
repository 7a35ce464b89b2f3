#pragma once

#include <cstddef>
#include <kindred/core/types.hpp>
#include <kindred/kernel/dispatch.hpp>
#include <kindred/kernel/pack.hpp>

namespace kindred::kernel {

/// Some rows of a row-major matrix, or a part of each: `width` numbers from `rows` on.
template <class Scalar>
struct gathered_rows {
  const Scalar* rows = nullptr;
  std::size_t stride = 0;          ///< from one row to the next
  std::size_t width = 0;           ///< a multiple of gathered_multiple
  const index* indices = nullptr;  ///< which rows; null for 0 .. count-1
  std::size_t count = 0;

  [[nodiscard]] const Scalar* row(std::size_t n) const noexcept {
    return rows + (indices == nullptr ? n : static_cast<std::size_t>(indices[n])) * stride;
  }
  /// The rows [begin, end) of these.
  [[nodiscard]] gathered_rows part(std::size_t begin, std::size_t end) const noexcept {
    return {indices == nullptr ? rows + begin * stride : rows, stride, width,
            indices == nullptr ? nullptr : indices + begin, end - begin};
  }
  /// The columns [first, first + size) of these.
  [[nodiscard]] gathered_rows columns(std::size_t first, std::size_t size) const noexcept {
    return {rows + first, stride, size, indices, count};
  }
};

/// Rows are padded to a multiple of this, the lanes of the widest registers.
inline constexpr std::size_t gathered_multiple = 16;

}  // namespace kindred::kernel

#define KINDRED_KERNEL_BODY <kindred/kernel/detail/gathered_rows_body.inl>
#include <kindred/kernel/detail/foreach_target.inl>

namespace kindred::kernel {

/// products[n] = dot(row n, x), for all rows. The bits depend on the instruction set, not on which
/// rows are taken at once. Precondition: the processor has `level`.
template <class Scalar>
void dot_rows(const gathered_rows<Scalar>& rows, const Scalar* x, Scalar* products,
              [[maybe_unused]] simd_level level = best_simd_level()) noexcept {
#if defined(__x86_64__)
  if (level == simd_level::avx512) return avx512::gathered_products<Scalar>::dot(rows, x, products);
  if (level == simd_level::avx2) return avx2::gathered_products<Scalar>::dot(rows, x, products);
#endif
  baseline::gathered_products<Scalar>::dot(rows, x, products);
}

/// y += sum over all rows of weights[n] * row n. Precondition: the processor has `level`.
template <class Scalar>
void add_rows(const gathered_rows<Scalar>& rows, const Scalar* weights, Scalar* y,
              [[maybe_unused]] simd_level level = best_simd_level()) noexcept {
#if defined(__x86_64__)
  if (level == simd_level::avx512) return avx512::gathered_products<Scalar>::add(rows, weights, y);
  if (level == simd_level::avx2) return avx2::gathered_products<Scalar>::add(rows, weights, y);
#endif
  baseline::gathered_products<Scalar>::add(rows, weights, y);
}

/// panel[n * stride + f] = factors[n] * row n [f], and zeros behind the width, which here may be
/// any up to `stride`. Precondition: the processor has `level`.
template <class Scalar>
void pack_rows(const gathered_rows<Scalar>& rows, const Scalar* factors, Scalar* panel,
               std::size_t stride, [[maybe_unused]] simd_level level = best_simd_level()) noexcept {
#if defined(__x86_64__)
  if (level == simd_level::avx512)
    return avx512::gathered_products<Scalar>::pack_rows(rows, factors, panel, stride);
  if (level == simd_level::avx2)
    return avx2::gathered_products<Scalar>::pack_rows(rows, factors, panel, stride);
#endif
  baseline::gathered_products<Scalar>::pack_rows(rows, factors, panel, stride);
}

/// The same, transposed: panel[f * stride + n] = row_factors[n] * column_factors[f] * row n [f],
/// and zeros from the count to `stride`, a multiple of 4. Precondition: the processor has `level`.
template <class Scalar>
void pack_columns(const gathered_rows<Scalar>& rows, const Scalar* row_factors,
                  const Scalar* column_factors, Scalar* panel, std::size_t stride,
                  [[maybe_unused]] simd_level level = best_simd_level()) noexcept {
#if defined(__x86_64__)
  if (level == simd_level::avx512)
    return avx512::gathered_products<Scalar>::pack_columns(rows, row_factors, column_factors, panel,
                                                           stride);
  if (level == simd_level::avx2)
    return avx2::gathered_products<Scalar>::pack_columns(rows, row_factors, column_factors, panel,
                                                         stride);
#endif
  baseline::gathered_products<Scalar>::pack_columns(rows, row_factors, column_factors, panel,
                                                    stride);
}

}  // namespace kindred::kernel
