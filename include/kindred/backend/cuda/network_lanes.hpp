#pragma once

#include <kindred/core/host_device.hpp>
#include <kindred/kernel/activation_function.hpp>
#include <kindred/kernel/step_rule.hpp>

#include <cmath>
#include <cstddef>

// The arithmetic of optimizers and activations, number by number: what a thread of a GPU does.
namespace kindred::kernel::lanes {

template <class Number>
using pack_t = Number;
template <class Number>
struct pack {
  static constexpr std::size_t lanes = 1;
};

KINDRED_HOST_DEVICE inline void load(float& to, const float* from) noexcept { to = *from; }
KINDRED_HOST_DEVICE inline void store(float* to, float from) noexcept { *to = from; }
KINDRED_HOST_DEVICE inline void exponentiate(float& x) noexcept { x = std::exp(x); }

}  // namespace kindred::kernel::lanes

#define KINDRED_TARGET lanes
#include <kindred/kernel/detail/activation_body.inl>
#include <kindred/kernel/detail/gradient_step_body.inl>
#undef KINDRED_TARGET

namespace kindred::kernel::lanes {

/// x = f(x).
KINDRED_HOST_DEVICE inline void activate(activation function, float& x) noexcept {
  switch (function) {
    case activation::linear:
      return;
    case activation::relu:
      return activator<activation::relu>::apply(&x, 1);
    case activation::leaky_relu:
      return activator<activation::leaky_relu>::apply(&x, 1);
    case activation::sigmoid:
      return activator<activation::sigmoid>::apply(&x, 1);
    case activation::tanh:
      return activator<activation::tanh>::apply(&x, 1);
    case activation::gelu:
      return activator<activation::gelu>::apply(&x, 1);
  }
}

/// gradient *= f'(x), told by x for gelu, and by f(x) for the others.
KINDRED_HOST_DEVICE inline void derive(activation function, float at, float& gradient) noexcept {
  switch (function) {
    case activation::linear:
      return;
    case activation::relu:
      return activator<activation::relu>::derive(&at, &gradient, 1);
    case activation::leaky_relu:
      return activator<activation::leaky_relu>::derive(&at, &gradient, 1);
    case activation::sigmoid:
      return activator<activation::sigmoid>::derive(&at, &gradient, 1);
    case activation::tanh:
      return activator<activation::tanh>::derive(&at, &gradient, 1);
    case activation::gelu:
      return activator<activation::gelu>::derive(&at, &gradient, 1);
  }
}

/// Steps one parameter. What the rule does not keep may be null.
KINDRED_HOST_DEVICE inline void take_step(step_rule rule, const gradient_step& step, float gradient,
                                          float* parameter, float* a, float* b) noexcept {
  switch (rule) {
    case step_rule::sgd:
      return stepper<step_rule::sgd>::run(step, &gradient, 1, parameter, a, b);
    case step_rule::momentum:
      return stepper<step_rule::momentum>::run(step, &gradient, 1, parameter, a, b);
    case step_rule::nesterov:
      return stepper<step_rule::nesterov>::run(step, &gradient, 1, parameter, a, b);
    case step_rule::mean_square:
      return stepper<step_rule::mean_square>::run(step, &gradient, 1, parameter, a, b);
    case step_rule::adam:
      return stepper<step_rule::adam>::run(step, &gradient, 1, parameter, a, b);
    case step_rule::ftrl:
      return stepper<step_rule::ftrl>::run(step, &gradient, 1, parameter, a, b);
  }
}

}  // namespace kindred::kernel::lanes
