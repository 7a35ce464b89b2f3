#pragma once

#include <kindred/core/host_device.hpp>

#include <cmath>

namespace kindred::kernel {

/// 1 / (1 + exp(-x)), without overflow on either side.
[[nodiscard]] KINDRED_HOST_DEVICE inline float sigmoid(float x) noexcept {
  const float small = std::exp(-std::abs(x));
  return (x >= 0 ? 1.0F : small) / (1 + small);
}

/// log(1 + exp(x)), without overflow and without loss where it is near x or near 0.
[[nodiscard]] KINDRED_HOST_DEVICE inline float softplus(float x) noexcept {
  return (x > 0 ? x : 0.0F) + std::log1p(std::exp(-std::abs(x)));
}

}  // namespace kindred::kernel
