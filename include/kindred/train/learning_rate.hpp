#pragma once

namespace kindred {

/// How the step size of stochastic gradient descent changes.
enum class learning_rate_schedule {
  constant,      ///< learning_rate
  inverse_time,  ///< learning_rate / (1 + learning_rate_decay (epoch - 1))
  adagrad        ///< learning_rate / root of the sum of squared gradients of the row
};

/// The step size that an epoch (from 1) starts from.
[[nodiscard]] constexpr double scheduled_learning_rate(learning_rate_schedule schedule,
                                                       double learning_rate, double decay,
                                                       int epoch) noexcept {
  return schedule == learning_rate_schedule::inverse_time
             ? learning_rate / (1 + decay * static_cast<double>(epoch - 1))
             : learning_rate;
}

}  // namespace kindred
