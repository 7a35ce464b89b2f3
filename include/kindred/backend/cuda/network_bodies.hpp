#pragma once

#include <kindred/backend/cuda/network_lanes.hpp>
#include <kindred/backend/network_kernels.hpp>
#include <kindred/backend/network_plan.hpp>
#include <kindred/core/host_device.hpp>
#include <kindred/core/types.hpp>
#include <kindred/kernel/activation_function.hpp>
#include <kindred/kernel/step_rule.hpp>
#include <kindred/kernel/thinning.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>

// What the threads of a GPU do in a step of a network, but for the products of matrices: thread n
// calls body(n). None needs another of the same launch, and sums are taken in a fixed order.
namespace kindred::gpu {

/// Rows of numbers in the memory of a device; of the columns from its first on.
struct rows_view {
  float* data = nullptr;
  std::size_t stride = 0;

  [[nodiscard]] KINDRED_HOST_DEVICE float& at(std::size_t row, std::size_t column) const noexcept {
    return data[row * stride + column];
  }
};

/// An embedding table, and where its numbers go in the input.
struct table_view {
  float* numbers = nullptr;
  std::size_t stride = 0;
  const std::int32_t* input_column = nullptr;  ///< see network_plan
  const index* slots = nullptr;                ///< of the rows that a batch reads

  [[nodiscard]] KINDRED_HOST_DEVICE std::size_t row(std::size_t place) const noexcept {
    return static_cast<std::size_t>(slots[place]) * stride;
  }
};

/// Number k of what sample s reads, for n = s * stride + k: added to the input, which is zeros.
struct gather_inputs {
  table_view table;
  const embedding_read* reads;
  const std::uint32_t* ends;
  rows_view inputs;

  KINDRED_HOST_DEVICE void operator()(std::size_t n) const noexcept {
    const std::size_t sample = n / table.stride;
    const std::size_t k = n % table.stride;
    for (std::size_t r = sample == 0 ? 0 : ends[sample - 1]; r < ends[sample]; ++r) {
      const std::int32_t column = table.input_column[reads[r].field * table.stride + k];
      if (column >= 0)
        inputs.at(sample, static_cast<std::size_t>(column)) +=
            reads[r].value * table.numbers[table.row(reads[r].place) + k];
    }
  }
};

/// Number k of a part of the gradient of a row, for n = part * stride + k: over some of its reads.
struct scatter_parts {
  table_view table;
  const embedding_read* reads;
  const std::uint32_t* begins;  ///< of the reads of each part, and the end
  rows_view d_inputs;
  float* parts;

  KINDRED_HOST_DEVICE void operator()(std::size_t n) const noexcept {
    const std::size_t part = n / table.stride;
    const std::size_t k = n % table.stride;
    float sum = 0;
    for (std::size_t r = begins[part]; r < begins[part + 1]; ++r) {
      const std::int32_t column = table.input_column[reads[r].field * table.stride + k];
      if (column >= 0)
        sum += reads[r].value * d_inputs.at(reads[r].sample, static_cast<std::size_t>(column));
    }
    parts[n] = sum;
  }
};

/// Adds up the parts of rows: number k of row p, for n = p * stride + k.
struct add_up_rows {
  const float* parts;
  const std::uint32_t* first_part;  ///< of each row, and the end
  std::size_t stride;
  float* sums;

  KINDRED_HOST_DEVICE void operator()(std::size_t n) const noexcept {
    const std::size_t row = n / stride;
    float sum = 0;
    for (std::size_t part = first_part[row]; part < first_part[row + 1]; ++part)
      sum += parts[part * stride + n % stride];
    sums[n] = sum;
  }
};

/// Adds up some parts as wide as `sums`.
struct add_up_parts {
  const float* parts;
  std::size_t count;
  std::size_t stride;
  float* sums;

  KINDRED_HOST_DEVICE void operator()(std::size_t n) const noexcept {
    float sum = 0;
    for (std::size_t part = 0; part < count; ++part) sum += parts[part * stride + n];
    sums[n] = sum;
  }
};

/// Column c of row r, for n = r * width + c; `width` is that of the padded row, where zeros stay.
struct activate_rows {
  kernel::activation function;
  std::size_t columns;
  std::size_t width;
  rows_view from;
  rows_view to;

  KINDRED_HOST_DEVICE void operator()(std::size_t n) const noexcept {
    const std::size_t row = n / width;
    const std::size_t column = n % width;
    float x = from.at(row, column);
    kernel::lanes::activate(function, x);
    to.at(row, column) = column < columns ? x : 0.0F;
  }
};

/// Rows of a batch that one thread adds up.
inline constexpr std::size_t rows_of_part = 32;

/// Multiplies gradients by the derivative of the activation, and adds up each column over some rows
/// as a part of the gradient of the bias: column c of part p, for n = p * width + c.
struct derive_rows {
  kernel::activation function;
  std::size_t width;
  std::size_t rows;
  rows_view at;
  rows_view gradients;
  float* parts;

  KINDRED_HOST_DEVICE void operator()(std::size_t n) const noexcept {
    const std::size_t first = n / width * rows_of_part;
    const std::size_t end = first + rows_of_part < rows ? first + rows_of_part : rows;
    const std::size_t column = n % width;
    float sum = 0;
    for (std::size_t row = first; row < end; ++row) {
      float& gradient = gradients.at(row, column);
      kernel::lanes::derive(function, at.at(row, column), gradient);
      sum += gradient;
    }
    parts[n] = sum;
  }
};

/// Dropout of a group of numbers: group g of row r, for n = r * (width / 8) + g.
struct thin_rows {
  kernel::thinning thin;
  std::uint64_t first_sample;
  std::size_t width;
  rows_view from;
  rows_view to;

  KINDRED_HOST_DEVICE void operator()(std::size_t n) const noexcept {
    constexpr std::size_t each = kernel::thinning::at_once;
    const std::size_t row = n / (width / each);
    const std::size_t group = n % (width / each);
    thin(first_sample + row, width, group, &from.at(row, group * each), &to.at(row, group * each));
  }
};

/// The sum of a row and a bias.
struct total_rows {
  std::size_t columns;
  const float* bias;
  rows_view from;
  rows_view to;

  KINDRED_HOST_DEVICE void operator()(std::size_t row) const noexcept {
    float sum = *bias;
    for (std::size_t c = 0; c < columns; ++c) sum += from.at(row, c);
    to.at(row, 0) = sum;
  }
};

/// Column c of row r, for n = r * columns + c; of one column of `from`, if it is `spread`.
struct copy_columns {
  std::size_t columns;
  bool adds;
  bool spread;
  rows_view from;
  rows_view to;

  KINDRED_HOST_DEVICE void operator()(std::size_t n) const noexcept {
    const std::size_t row = n / columns;
    const std::size_t column = n % columns;
    float& sum = to.at(row, column);
    sum = (adds ? sum : 0.0F) + from.at(row, spread ? 0 : column);
  }
};

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
