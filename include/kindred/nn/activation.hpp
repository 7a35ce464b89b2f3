#pragma once

#include <kindred/core/error.hpp>
#include <kindred/nn/matrix.hpp>
#include <kindred/nn/sigmoid.hpp>

#include <cmath>
#include <cstddef>
#include <numbers>

namespace kindred::nn {

/// What makes a layer more than a linear map.
enum class activation {
  linear,      ///< x
  relu,        ///< max(0, x)
  leaky_relu,  ///< x, or x / 100 below zero
  sigmoid,     ///< 1 / (1 + exp(-x))
  tanh,        ///< tanh(x)
  gelu         ///< x Phi(x), with the normal distribution (Hendrycks and Gimpel, 2016)
};

/// Throws option_error unless `value` is an enumerator.
inline void check_option(activation value) {
  const int number = static_cast<int>(value);
  require_option(number >= 0 && number <= static_cast<int>(activation::gelu), "activation", number,
                 "{linear, relu, leaky_relu, sigmoid, tanh, gelu}");
}

namespace detail {

inline constexpr float leak = 0.01F;

[[nodiscard]] inline float normal_probability(float x) noexcept {
  return 0.5F * std::erfc(-x / std::numbers::sqrt2_v<float>);
}

/// y = f(x) in place, and in the padding what was there.
template <class Function>
void map(matrix x, const Function& function) noexcept {
  for (std::size_t r = 0; r < x.rows; ++r)
    for (float& value : x.row(r)) value = function(value);
}

/// d *= f(y).
template <class Function>
void scale(matrix d, const_matrix y, const Function& function) noexcept {
  for (std::size_t r = 0; r < d.rows; ++r) {
    const auto from = y.row(r);
    const auto to = d.row(r);
    for (std::size_t c = 0; c < to.size(); ++c) to[c] *= function(from[c]);
  }
}

}  // namespace detail

/// Whether the derivative is taken of the input; for the others it follows from the output.
[[nodiscard]] constexpr bool needs_input(activation kind) noexcept {
  return kind == activation::gelu;
}

/// Applies the function to every number of `x`, in place.
inline void activate(activation kind, matrix x) noexcept {
  switch (kind) {
    case activation::linear:
      return;
    case activation::relu:
      return detail::map(x, [](float v) { return v > 0 ? v : 0.0F; });
    case activation::leaky_relu:
      return detail::map(x, [](float v) { return v > 0 ? v : detail::leak * v; });
    case activation::sigmoid:
      return detail::map(x, nn::sigmoid);
    case activation::tanh:
      return detail::map(x, [](float v) { return std::tanh(v); });
    case activation::gelu:
      return detail::map(x, [](float v) { return v * detail::normal_probability(v); });
  }
}

/// Multiplies gradients by the derivative, which is taken at the outputs, or at the inputs where
/// needs_input().
inline void multiply_by_derivative(activation kind, const_matrix at, matrix gradients) noexcept {
  switch (kind) {
    case activation::linear:
      return;
    case activation::relu:
      return detail::scale(gradients, at, [](float y) { return y > 0 ? 1.0F : 0.0F; });
    case activation::leaky_relu:
      return detail::scale(gradients, at, [](float y) { return y > 0 ? 1.0F : detail::leak; });
    case activation::sigmoid:
      return detail::scale(gradients, at, [](float y) { return y * (1 - y); });
    case activation::tanh:
      return detail::scale(gradients, at, [](float y) { return 1 - y * y; });
    case activation::gelu:
      return detail::scale(gradients, at, [](float x) {
        const float density = std::exp(-0.5F * x * x) * std::numbers::inv_sqrtpi_v<float> /
                              std::numbers::sqrt2_v<float>;
        return detail::normal_probability(x) + x * density;
      });
  }
}

}  // namespace kindred::nn
