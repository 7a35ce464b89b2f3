#pragma once

#include <kindred/core/error.hpp>
#include <kindred/kernel/activation.hpp>
#include <kindred/nn/matrix.hpp>

#include <algorithm>
#include <cstddef>

namespace kindred::nn {

using kernel::activation;

/// Throws option_error unless `value` is an enumerator.
inline void check_option(activation value) {
  const int number = static_cast<int>(value);
  require_option(number >= 0 && number <= static_cast<int>(activation::gelu), "activation", number,
                 "{linear, relu, leaky_relu, sigmoid, tanh, gelu}");
}

/// Whether the derivative is taken of the input; for the others it follows from the output.
[[nodiscard]] constexpr bool needs_input(activation function) noexcept {
  return function == activation::gelu;
}

/// Applies the function to every number of `x`, in place.
inline void activate(activation function, matrix x) noexcept {
  if (function == activation::linear) return;
  const auto kernel = kernel::select_activation(function);
  for (std::size_t r = 0; r < x.rows; ++r) {
    float* const row = x.data + r * x.stride;
    kernel.apply(row, padded(x.columns));
    std::fill(row + x.columns, row + padded(x.columns), 0.0F);  // where the sigmoid is 1/2
  }
}

/// Multiplies gradients by the derivative, which is taken at the outputs, or at the inputs where
/// needs_input().
inline void multiply_by_derivative(activation function, const_matrix at,
                                   matrix gradients) noexcept {
  if (function == activation::linear) return;
  const auto kernel = kernel::select_activation(function);
  for (std::size_t r = 0; r < gradients.rows; ++r)
    kernel.derive(at.data + r * at.stride, gradients.data + r * gradients.stride,
                  padded(gradients.columns));
}

}  // namespace kindred::nn
