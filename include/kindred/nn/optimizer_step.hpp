#pragma once

#include <kindred/kernel/gradient_step.hpp>
#include <kindred/nn/optimizer.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <variant>

namespace kindred::nn {

namespace detail {

[[nodiscard]] inline kernel::running_average average_of(double beta) noexcept {
  return {static_cast<float>(beta), static_cast<float>(1 - beta)};
}

/// Each optimizer in terms of the kernel; `rate` is lr, `t` the number of the step from 1.
[[nodiscard]] inline kernel::gradient_step step_of(const sgd&, double rate, std::uint64_t) {
  return {.rate = static_cast<float>(rate)};
}
[[nodiscard]] inline kernel::gradient_step step_of(const momentum& o, double rate, std::uint64_t) {
  return {.rate = static_cast<float>(rate), .first = {static_cast<float>(o.beta), 1}};
}
[[nodiscard]] inline kernel::gradient_step step_of(const nesterov& o, double rate, std::uint64_t) {
  return {.rate = static_cast<float>(rate), .first = {static_cast<float>(o.beta), 1}};
}
[[nodiscard]] inline kernel::gradient_step step_of(const adagrad& o, double rate, std::uint64_t) {
  return {
      .rate = static_cast<float>(rate), .second = {1, 1}, .epsilon = static_cast<float>(o.epsilon)};
}
[[nodiscard]] inline kernel::gradient_step step_of(const rmsprop& o, double rate, std::uint64_t) {
  return {.rate = static_cast<float>(rate),
          .second = average_of(o.beta),
          .epsilon = static_cast<float>(o.epsilon)};
}
/// The corrections are moved from the averages to the rate and to epsilon.
[[nodiscard]] inline kernel::gradient_step step_of(const adam& o, double rate, std::uint64_t t) {
  const auto steps = static_cast<double>(t);
  const double first = 1 - std::pow(o.beta1, steps);
  const double root_of_second = std::sqrt(1 - std::pow(o.beta2, steps));
  return {.rate = static_cast<float>(rate * root_of_second / first),
          .first = average_of(o.beta1),
          .second = average_of(o.beta2),
          .epsilon = static_cast<float>(o.epsilon * root_of_second)};
}
[[nodiscard]] inline kernel::gradient_step step_of(const adamw& o, double rate, std::uint64_t t) {
  kernel::gradient_step step = step_of(adam{o.learning_rate, o.beta1, o.beta2, o.epsilon}, rate, t);
  step.weight_decay = static_cast<float>(rate * o.weight_decay);
  return step;
}
[[nodiscard]] inline kernel::gradient_step step_of(const ftrl& o, double rate, std::uint64_t) {
  return {.rate = static_cast<float>(rate / o.learning_rate),
          .proximal_l1 = static_cast<float>(o.l1),
          .proximal_l2 = static_cast<float>(o.l2),
          .alpha = static_cast<float>(o.learning_rate),
          .beta = static_cast<float>(o.beta)};
}

}  // namespace detail

/// What select_gradient_step() and state_arrays() are asked for.
[[nodiscard]] inline kernel::step_rule rule_of(const optimizer& chosen) noexcept {
  using kernel::step_rule;
  constexpr step_rule rules[] = {
      step_rule::sgd,         step_rule::momentum, step_rule::nesterov, step_rule::mean_square,
      step_rule::mean_square, step_rule::adam,     step_rule::adam,     step_rule::ftrl};
  static_assert(std::size(rules) == std::variant_size_v<optimizer>);
  return rules[chosen.index()];
}

/// The step of all parameters in batch `t`, from 1, at a factor of the schedule. What is not the
/// optimizer's to say, the caller adds: l1, l2, and clipping.
[[nodiscard]] inline kernel::gradient_step step_of(const optimizer& chosen, std::uint64_t t,
                                                   double factor = 1) {
  return std::visit([&](const auto& o) { return detail::step_of(o, o.learning_rate * factor, t); },
                    chosen);
}

/// What is kept beside `parameters` before their first step, in arrays as long, of which
/// state_arrays() are used.
inline void start_state(const optimizer& chosen, std::span<const float> parameters, float* a,
                        float* b) noexcept {
  const std::size_t arrays = kernel::state_arrays(rule_of(chosen));
  if (arrays > 0) std::fill_n(a, parameters.size(), 0.0F);
  if (arrays > 1) std::fill_n(b, parameters.size(), 0.0F);
  if (const auto* o = std::get_if<adagrad>(&chosen))
    std::fill_n(a, parameters.size(), static_cast<float>(o->initial_square));
  if (const auto* o = std::get_if<ftrl>(&chosen))
    for (std::size_t i = 0; i < parameters.size(); ++i)
      a[i] = static_cast<float>(-o->beta / o->learning_rate) * parameters[i];
}

}  // namespace kindred::nn
