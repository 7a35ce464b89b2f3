#pragma once

#include <cmath>
#include <cstddef>
#include <kindred/kernel/dispatch.hpp>
#include <kindred/kernel/matrix_product.hpp>
#include <kindred/kernel/pack.hpp>

namespace kindred::kernel {

/// matrix x = right side, the matrix symmetric and positive definite, with room to solve it in.
template <class Scalar>
struct symmetric_system {
  std::size_t size = 0;
  /// Row-major, of which the upper triangle counts, and becomes scratch. `stride` is the size,
  /// rounded up to a multiple of product_multiple, and as many are the rows; behind the first
  /// `size` numbers of a row stand zeros.
  Scalar* matrix = nullptr;
  std::size_t stride = 0;
  Scalar* x = nullptr;  ///< the right side, then the solution; `stride` numbers, zeros at the end
  /// If not null, a standard normal number for each unknown: instead of the solution x becomes a
  /// draw from the normal distribution around it, whose covariance is the inverse of the matrix.
  const Scalar* noise = nullptr;
  Scalar* multipliers = nullptr;  ///< scratch, as large as the matrix
  Scalar* inverses = nullptr;     ///< likewise, `size` numbers: of the pivots
};

}  // namespace kindred::kernel

#define KINDRED_KERNEL_BODY <kindred/kernel/detail/symmetric_solve_body.inl>
#include <kindred/kernel/detail/foreach_target.inl>

namespace kindred::kernel {

/// Solves a system that fits the caches, on one thread, by A = L D L'. A pivot that rounding has
/// swallowed counts as the number on the diagonal that it comes from. O(size^3). The bits depend on
/// the instruction set. Precondition: the processor has `level`.
template <class Scalar>
void solve_symmetric(const symmetric_system<Scalar>& system,
                     [[maybe_unused]] simd_level level = best_simd_level()) noexcept {
#if defined(__x86_64__)
  if (level == simd_level::avx512) return avx512::symmetric_elimination<Scalar>::solve(system);
  if (level == simd_level::avx2) return avx2::symmetric_elimination<Scalar>::solve(system);
#endif
  baseline::symmetric_elimination<Scalar>::solve(system);
}

}  // namespace kindred::kernel
