#pragma once

namespace kindred::kernel {

/// What makes a layer of a network more than a linear map.
enum class activation {
  linear,      ///< x
  relu,        ///< max(0, x)
  leaky_relu,  ///< x, or x / 100 below zero
  sigmoid,     ///< 1 / (1 + exp(-x))
  tanh,        ///< tanh(x)
  gelu         ///< x Phi(x), with the normal distribution (Hendrycks and Gimpel, 2016)
};

}  // namespace kindred::kernel
