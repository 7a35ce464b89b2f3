#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <kindred/core/types.hpp>
#include <kindred/kernel/dispatch.hpp>
#include <kindred/kernel/exponential.hpp>
#include <kindred/kernel/pack.hpp>
#include <limits>

namespace kindred::kernel {

/// Scores of which one is the positive's, and what they are turned to logits by:
/// logit = sharpness score - log_q, and minus infinity for other places of the positive's item.
struct softmax_row {
  float* scores = nullptr;
  std::size_t count = 0;
  std::size_t positive = 0;  ///< < count
  float sharpness = 1;
  const float* log_q = nullptr;  ///< one a score, or null for zeros
  const index* items = nullptr;  ///< one a score, or null where all differ
};

}  // namespace kindred::kernel

#define KINDRED_KERNEL_BODY <kindred/kernel/detail/softmax_body.inl>
#include <kindred/kernel/detail/foreach_target.inl>

namespace kindred::kernel {

/// -log softmax(logits)[positive]; puts in place of the scores the gradient by them,
/// sharpness (softmax - one-hot). Infinite scores below are well; the positive's must be finite.
/// The last bits depend on the instruction set and on nothing else. Precondition: the processor has
/// `level`.
[[nodiscard]] inline float softmax_cross_entropy(
    const softmax_row& row, [[maybe_unused]] simd_level level = best_simd_level()) noexcept {
#if defined(__x86_64__)
  if (level == simd_level::avx512) return avx512::softmax_cross_entropy(row);
  if (level == simd_level::avx2) return avx2::softmax_cross_entropy(row);
#endif
  return baseline::softmax_cross_entropy(row);
}

}  // namespace kindred::kernel
