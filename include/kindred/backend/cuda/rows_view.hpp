#pragma once

#include <kindred/core/host_device.hpp>

#include <cstddef>

namespace kindred::gpu {

/// Rows of numbers in the memory of a device; of the columns from its first on.
struct rows_view {
  float* data = nullptr;
  std::size_t stride = 0;

  [[nodiscard]] KINDRED_HOST_DEVICE float& at(std::size_t row, std::size_t column) const noexcept {
    return data[row * stride + column];
  }
};

}  // namespace kindred::gpu
