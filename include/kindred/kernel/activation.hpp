#pragma once

#include <cstddef>
#include <kindred/core/host_device.hpp>
#include <kindred/kernel/activation_function.hpp>
#include <kindred/kernel/dispatch.hpp>
#include <kindred/kernel/exponential.hpp>
#include <kindred/kernel/pack.hpp>

namespace kindred::kernel {

/// Numbers are activated in multiples of this, the lanes of the widest registers.
inline constexpr std::size_t activation_multiple = 16;

}  // namespace kindred::kernel

#define KINDRED_KERNEL_BODY <kindred/kernel/detail/activation_body.inl>
#include <kindred/kernel/detail/foreach_target.inl>

namespace kindred::kernel {

/// Both work on `count` numbers, a multiple of activation_multiple, within 1e-6 of the function.
struct activation_kernel {
  /// x = f(x).
  void (*apply)(float* x, std::size_t count) noexcept;
  /// gradients *= f'(x), told by x for gelu, and by f(x) for the others.
  void (*derive)(const float* at, float* gradients, std::size_t count) noexcept;
};

namespace detail {

template <template <activation> class Activator>
[[nodiscard]] activation_kernel activation_for(activation function) noexcept {
  const auto kernel_of = []<class One>(One) {
    return activation_kernel{&One::apply, &One::derive};
  };
  switch (function) {
    case activation::relu:
      return kernel_of(Activator<activation::relu>{});
    case activation::leaky_relu:
      return kernel_of(Activator<activation::leaky_relu>{});
    case activation::sigmoid:
      return kernel_of(Activator<activation::sigmoid>{});
    case activation::tanh:
      return kernel_of(Activator<activation::tanh>{});
    case activation::gelu:
      return kernel_of(Activator<activation::gelu>{});
    default:
      return kernel_of(Activator<activation::linear>{});
  }
}

}  // namespace detail

/// The kernel of a function. Precondition: the processor has `level`.
[[nodiscard]] inline activation_kernel select_activation(
    activation function, [[maybe_unused]] simd_level level = best_simd_level()) noexcept {
#if defined(__x86_64__)
  if (level == simd_level::avx512) return detail::activation_for<avx512::activator>(function);
  if (level == simd_level::avx2) return detail::activation_for<avx2::activator>(function);
#endif
  return detail::activation_for<baseline::activator>(function);
}

}  // namespace kindred::kernel
