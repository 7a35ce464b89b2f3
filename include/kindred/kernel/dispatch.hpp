#pragma once

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace kindred::kernel {

/// Instruction sets that the hot kernels are compiled for, whatever the flags of the host
/// application. `baseline` is what the compiler was told to assume: SSE2 on x86-64, NEON on Arm.
enum class simd_level { baseline, avx2, avx512 };

#if defined(__x86_64__)
namespace detail {

/// Every processor with AVX2 converts halves, too; clang 14 has no name for that to ask by.
[[nodiscard]] inline bool has_f16c() noexcept {
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
}

}  // namespace detail
#endif

/// The best level that this processor and its operating system have; found once.
[[nodiscard]] inline simd_level best_simd_level() noexcept {
#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
  static const simd_level best = [] {
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw"))
      return simd_level::avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && detail::has_f16c())
      return simd_level::avx2;
    return simd_level::baseline;
  }();
  return best;
#else
  return simd_level::baseline;
#endif
}

}  // namespace kindred::kernel
