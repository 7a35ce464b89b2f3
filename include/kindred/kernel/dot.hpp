#pragma once

#include <cstddef>
#include <kindred/kernel/dispatch.hpp>
#include <kindred/kernel/pack.hpp>

#define KINDRED_KERNEL_BODY <kindred/kernel/detail/dot_body.inl>
#include <kindred/kernel/detail/foreach_target.inl>

namespace kindred::kernel {

/// Inner product of two arrays, on the given instruction set. The order of the additions, and so
/// the last bits, depend on `level` and on nothing else. Precondition: the processor has `level`.
template <class Scalar>
[[nodiscard]] Scalar dot(const Scalar* a, const Scalar* b, std::size_t count,
                         [[maybe_unused]] simd_level level = best_simd_level()) noexcept {
#if defined(__x86_64__)
  if (level == simd_level::avx512) return avx512::dot(a, b, count);
  if (level == simd_level::avx2) return avx2::dot(a, b, count);
#endif
  return baseline::dot(a, b, count);
}

}  // namespace kindred::kernel
