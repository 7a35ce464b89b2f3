#pragma once

#include <kindred/core/host_device.hpp>
#include <kindred/core/types.hpp>
#include <kindred/kernel/top_k.hpp>

#include <cstdint>
#include <cstring>

namespace kindred::gpu {

/// A scored item as one number: the higher one ranks before the other, as ranks_before says. 0 is
/// no item, and ranks behind all.
using ranked_key = std::uint64_t;

/// Precondition: the score is a number.
[[nodiscard]] KINDRED_HOST_DEVICE inline ranked_key to_key(float score, index item) noexcept {
  score += 0.0F;  // one zero, not two
  std::uint32_t bits = 0;
  std::memcpy(&bits, &score, sizeof bits);
  bits ^= (bits >> 31) != 0 ? 0xffffffffU : 0x80000000U;
  return ranked_key{bits} << 32 | static_cast<std::uint32_t>(~item);
}

[[nodiscard]] KINDRED_HOST_DEVICE inline scored_item from_key(ranked_key key) noexcept {
  auto bits = static_cast<std::uint32_t>(key >> 32);
  bits ^= (bits >> 31) != 0 ? 0x80000000U : 0xffffffffU;
  scored_item result;
  std::memcpy(&result.score, &bits, sizeof bits);
  result.item = static_cast<index>(~static_cast<std::uint32_t>(key));
  return result;
}

}  // namespace kindred::gpu
