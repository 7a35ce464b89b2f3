#pragma once

#include <cstddef>
#include <kindred/kernel/dispatch.hpp>
#include <kindred/kernel/pack.hpp>

#define KINDRED_KERNEL_BODY <kindred/kernel/detail/axpy_body.inl>
#include <kindred/kernel/detail/foreach_target.inl>

namespace kindred::kernel {

/// y += a x, on the given instruction set, whose fused multiply-add is all that the bits depend on.
/// Precondition: the processor has `level`.
template <class Scalar>
void axpy(Scalar a, const Scalar* x, std::size_t count, Scalar* y,
          [[maybe_unused]] simd_level level = best_simd_level()) noexcept {
#if defined(__x86_64__)
  if (level == simd_level::avx512) return avx512::axpy(a, x, count, y);
  if (level == simd_level::avx2) return avx2::axpy(a, x, count, y);
#endif
  baseline::axpy(a, x, count, y);
}

/// y = x + a y, likewise.
template <class Scalar>
void xpay(const Scalar* x, Scalar a, std::size_t count, Scalar* y,
          [[maybe_unused]] simd_level level = best_simd_level()) noexcept {
#if defined(__x86_64__)
  if (level == simd_level::avx512) return avx512::xpay(x, a, count, y);
  if (level == simd_level::avx2) return avx2::xpay(x, a, count, y);
#endif
  baseline::xpay(x, a, count, y);
}

/// z[i] += x[i] y[i], likewise.
template <class Scalar>
void add_products(const Scalar* x, const Scalar* y, std::size_t count, Scalar* z,
                  [[maybe_unused]] simd_level level = best_simd_level()) noexcept {
#if defined(__x86_64__)
  if (level == simd_level::avx512) return avx512::add_products(x, y, count, z);
  if (level == simd_level::avx2) return avx2::add_products(x, y, count, z);
#endif
  baseline::add_products(x, y, count, z);
}

}  // namespace kindred::kernel
