#pragma once

#include <kindred/core/host_device.hpp>
#include <kindred/core/types.hpp>

#include <cstdint>
#include <cstring>

namespace kindred::kernel {

/// A similar row as one number, the larger the nearer: by absolute similarity, then by lower row;
/// the sign comes last. 0 is no row.
using neighbor_key = std::uint64_t;

[[nodiscard]] KINDRED_HOST_DEVICE inline neighbor_key to_neighbor_key(float similarity,
                                                                      index row) noexcept {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &similarity, sizeof bits);
  return neighbor_key{bits << 1U} << 32U | neighbor_key{~static_cast<std::uint32_t>(row)} << 1U |
         neighbor_key{bits >> 31U};
}
[[nodiscard]] KINDRED_HOST_DEVICE inline index row_of(neighbor_key key) noexcept {
  return static_cast<index>(~static_cast<std::uint32_t>(key >> 1U));
}
[[nodiscard]] KINDRED_HOST_DEVICE inline float similarity_of(neighbor_key key) noexcept {
  const auto bits = static_cast<std::uint32_t>(key >> 33U) | static_cast<std::uint32_t>(key << 31U);
  float similarity = 0;
  std::memcpy(&similarity, &bits, sizeof similarity);
  return similarity;
}

}  // namespace kindred::kernel
