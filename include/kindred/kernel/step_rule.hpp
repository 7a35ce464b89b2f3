#pragma once

#include <kindred/core/host_device.hpp>

#include <cstddef>
#include <limits>

namespace kindred::kernel {

/// How a gradient g becomes a step of a parameter w. Beside w it keeps up to two numbers, of which
/// m is a running average of g, and s one of its square.
enum class step_rule {
  sgd,          ///< w -= rate g
  momentum,     ///< w -= rate m
  nesterov,     ///< w -= rate (g + keep m)
  mean_square,  ///< w -= rate g / (sqrt(s) + epsilon)
  adam,         ///< w -= rate m / (sqrt(s) + epsilon)
  ftrl          ///< of z and s: see `proximal_l1`
};

/// How many numbers a rule keeps beside each parameter, in arrays `a` and `b`: m or z before s.
[[nodiscard]] constexpr std::size_t state_arrays(step_rule rule) noexcept {
  if (rule == step_rule::sgd) return 0;
  return rule == step_rule::adam || rule == step_rule::ftrl ? 2 : 1;
}

/// average = keep average + take news.
struct running_average {
  float keep = 0;
  float take = 1;
};

/// One step, the same for all parameters that it is applied to. What the rules above call g is the
/// gradient times `gradient_scale`, then held to [-gradient_bound, gradient_bound], plus
/// l2 w + l1 sign(w).
struct gradient_step {
  float rate = 0;  ///< with the corrections of Adam's averages in it; of ftrl, what multiplies g
  float gradient_scale = 1;
  float gradient_bound = std::numeric_limits<float>::infinity();
  float l1 = 0;
  float l2 = 0;
  float weight_decay = 0;    ///< w is multiplied by 1 - weight_decay before the step
  running_average first{};   ///< of the gradient
  running_average second{};  ///< of its square
  float epsilon = 0;
  /// Of ftrl: z += g - (sqrt(s + g^2) - sqrt(s)) w / alpha; s += g^2; then w = 0 where
  /// |z| <= proximal_l1, else
  ///   -(z - sign(z) proximal_l1) / ((beta + sqrt(s)) / alpha + proximal_l2).
  float proximal_l1 = 0;
  float proximal_l2 = 0;
  float alpha = 1;
  float beta = 1;

  /// The same step for parameters that no penalty applies to.
  [[nodiscard]] KINDRED_HOST_DEVICE constexpr gradient_step unregularized() const noexcept {
    gradient_step step = *this;
    step.l1 = step.l2 = step.weight_decay = step.proximal_l1 = step.proximal_l2 = 0;
    return step;
  }
};

}  // namespace kindred::kernel
