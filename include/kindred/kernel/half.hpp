#pragma once

#include <kindred/kernel/dispatch.hpp>
#include <kindred/kernel/pack.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>

namespace kindred::kernel {

/// The bits of an IEEE 754 number of 16 bits: 11 bits of mantissa, up to 65504.
enum class half : std::uint16_t {};

inline constexpr float largest_half = 65504;

/// The nearest half, of two the even one; infinity beyond the largest.
[[nodiscard]] constexpr half to_half(float value) noexcept {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = bits >> 16 & 0x8000U;
  std::uint32_t magnitude = bits & 0x7fffffffU;
  if (magnitude > 0x7f800000U) {
    magnitude = 0x7e00U;  // NaN
  } else if (magnitude >= 0x47800000U) {
    magnitude = 0x7c00U;
  } else if (magnitude < 0x38800000U) {  // subnormal: the addition rounds to its unit, 2^-24
    magnitude = std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) + 0.5F) - 0x3f000000U;
  } else {
    magnitude = (magnitude - (112U << 23) + 0xfffU + (magnitude >> 13 & 1U)) >> 13;
  }
  return static_cast<half>(sign | magnitude);
}

/// The same number; exact.
[[nodiscard]] constexpr float to_float(half value) noexcept {
  const auto bits = static_cast<std::uint32_t>(value);
  const std::uint32_t magnitude = (bits & 0x7fffU) << 13;
  const auto scaled = std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) * 0x1p112F);
  const std::uint32_t special = magnitude >= 0x0f800000U ? 0x7f800000U : 0U;
  return std::bit_cast<float>((bits & 0x8000U) << 16 | scaled | special);
}

}  // namespace kindred::kernel

#define KINDRED_KERNEL_BODY <kindred/kernel/detail/half_body.inl>
#include <kindred/kernel/detail/foreach_target.inl>
