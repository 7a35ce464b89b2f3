#pragma once

#include <kindred/backend/cuda/network_lanes.hpp>
#include <kindred/backend/cuda/rows_view.hpp>
#include <kindred/backend/cuda/table_bodies.hpp>
#include <kindred/backend/network_kernels.hpp>
#include <kindred/backend/network_plan.hpp>
#include <kindred/core/host_device.hpp>
#include <kindred/kernel/step_rule.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>

// What a thread of a GPU does with outputs and gradients of a network: thread n calls body(n), and
// none needs another. Sums are taken in a fixed order.
namespace kindred::gpu {

/// Samples that one thread compares with their targets.
inline constexpr std::size_t samples_of_part = 8;

/// The gradient of the mean loss by the outputs, and the sums of part n of the samples.
template <class Loss>
struct judge_outputs {
  Loss loss;
  float center;
  std::size_t samples;
  const float* targets;
  const float* weights;  ///< or null: all 1
  rows_view outputs;
  rows_view gradients;
  network_sums* sums;

  KINDRED_HOST_DEVICE void operator()(std::size_t n) const noexcept {
    const float share = 1.0F / static_cast<float>(samples);
    const std::size_t first = n * samples_of_part;
    const std::size_t end = first + samples_of_part < samples ? first + samples_of_part : samples;
    network_sums sum = sums[n];
    for (std::size_t row = first; row < end; ++row) {
      const float target = targets[row];
      gradients.at(row, 0) = 0;
      if (std::isnan(target)) continue;
      const float output = outputs.at(row, 0) + center;
      const float weight = weights == nullptr ? 1.0F : weights[row];
      gradients.at(row, 0) = share * weight * loss.derivative(output, target);
      const auto error = static_cast<double>(loss.rating(output) - target);
      sum.loss += static_cast<double>(weight * loss.value(output, target));
      sum.weight += static_cast<double>(weight);
      sum.squared_error += error * error;
      sum.count += 1;
    }
    sums[n] = sum;
  }
};

/// Numbers of which one thread adds up the squares.
inline constexpr std::size_t squares_of_part = 1024;

/// The sum of the squares of part n.
struct square_parts {
  const float* numbers;
  std::size_t count;
  double* sums;

  KINDRED_HOST_DEVICE void operator()(std::size_t n) const noexcept {
    const std::size_t first = n * squares_of_part;
    const std::size_t end = first + squares_of_part < count ? first + squares_of_part : count;
    double sum = 0;
    for (std::size_t k = first; k < end; ++k)
      sum += static_cast<double>(numbers[k]) * static_cast<double>(numbers[k]);
    sums[n] = sum;
  }
};

/// By one thread: what gradients are multiplied by for their norm to be `most` at most.
struct bound_norm {
  const double* squares;
  std::size_t count;
  double most;
  float* scale;

  KINDRED_HOST_DEVICE void operator()(std::size_t) const noexcept {
    double sum = 0;
    for (std::size_t k = 0; k < count; ++k) sum += squares[k];
    const double norm = std::sqrt(sum);
    *scale = norm > most ? static_cast<float>(most / norm) : 1.0F;
  }
};

/// Some numbers, and what the optimizer keeps beside them, if anything.
struct stepped_numbers {
  float* numbers = nullptr;
  float* a = nullptr;
  float* b = nullptr;

  KINDRED_HOST_DEVICE void take(kernel::step_rule rule, kernel::gradient_step step,
                                const float* scale, float gradient, std::size_t at) const noexcept {
    if (scale != nullptr) step.gradient_scale = *scale;
    kernel::lanes::take_step(rule, step, gradient, numbers + at, a == nullptr ? nullptr : a + at,
                             b == nullptr ? nullptr : b + at);
  }
};

/// Steps parameter n.
struct step_parameters {
  kernel::step_rule rule;
  kernel::gradient_step step;
  const float* scale;  ///< of gradients, or null
  const float* gradients;
  const std::uint8_t* is_weight;
  stepped_numbers parameters;

  KINDRED_HOST_DEVICE void operator()(std::size_t n) const noexcept {
    parameters.take(rule, is_weight[n / plan_multiple] != 0 ? step : step.unregularized(), scale,
                    gradients[n], n);
  }
};

/// Steps number k of row p of those that were read, for n = p * stride + k.
struct step_rows {
  kernel::step_rule rule;
  kernel::gradient_step step;
  const float* scale;
  const float* gradients;
  table_view table;
  stepped_numbers numbers;

  KINDRED_HOST_DEVICE void operator()(std::size_t n) const noexcept {
    numbers.take(rule, step, scale, gradients[n], table.row(n / table.stride) + n % table.stride);
  }
};

}  // namespace kindred::gpu
