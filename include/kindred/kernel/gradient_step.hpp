#pragma once

#include <cstddef>
#include <kindred/kernel/dispatch.hpp>
#include <kindred/kernel/pack.hpp>
#include <kindred/kernel/step_rule.hpp>

namespace kindred::kernel {

/// Parameters are stepped in multiples of this, the lanes of the widest registers.
inline constexpr std::size_t gradient_step_multiple = 16;

}  // namespace kindred::kernel

#define KINDRED_KERNEL_BODY <kindred/kernel/detail/gradient_step_body.inl>
#include <kindred/kernel/detail/foreach_target.inl>

namespace kindred::kernel {

/// Steps `count` parameters, a multiple of gradient_step_multiple, element by element: the bits
/// depend on the instruction set and never on where an array is cut. State arrays that the rule
/// does not have may be null. Parameters of zero whose gradient is, and always was, zero stay zero:
/// padding. An average that decays below the normal numbers becomes zero, since processors are slow
/// on those.
using gradient_step_kernel = void (*)(const gradient_step& step, const float* gradients,
                                      std::size_t count, float* parameters, float* a,
                                      float* b) noexcept;

namespace detail {

template <template <step_rule> class Stepper>
[[nodiscard]] gradient_step_kernel gradient_step_for(step_rule rule) noexcept {
  switch (rule) {
    case step_rule::sgd:
      return &Stepper<step_rule::sgd>::run;
    case step_rule::momentum:
      return &Stepper<step_rule::momentum>::run;
    case step_rule::nesterov:
      return &Stepper<step_rule::nesterov>::run;
    case step_rule::mean_square:
      return &Stepper<step_rule::mean_square>::run;
    case step_rule::adam:
      return &Stepper<step_rule::adam>::run;
    default:
      return &Stepper<step_rule::ftrl>::run;
  }
}

}  // namespace detail

/// The kernel of a rule. Precondition: the processor has `level`.
[[nodiscard]] inline gradient_step_kernel select_gradient_step(
    step_rule rule, [[maybe_unused]] simd_level level = best_simd_level()) noexcept {
#if defined(__x86_64__)
  if (level == simd_level::avx512) return detail::gradient_step_for<avx512::stepper>(rule);
  if (level == simd_level::avx2) return detail::gradient_step_for<avx2::stepper>(rule);
#endif
  return detail::gradient_step_for<baseline::stepper>(rule);
}

}  // namespace kindred::kernel
