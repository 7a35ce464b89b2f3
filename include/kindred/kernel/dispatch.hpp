#pragma once

namespace kindred::kernel {

/// Instruction sets that the hot kernels are compiled for, whatever the flags of the host
/// application. `baseline` is what the compiler was told to assume: SSE2 on x86-64, NEON on Arm.
enum class simd_level { baseline, avx2, avx512 };

/// The best level that this processor and its operating system have; found once.
[[nodiscard]] inline simd_level best_simd_level() noexcept {
#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
  static const simd_level best = [] {
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw"))
      return simd_level::avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return simd_level::avx2;
    return simd_level::baseline;
  }();
  return best;
#else
  return simd_level::baseline;
#endif
}

}  // namespace kindred::kernel
