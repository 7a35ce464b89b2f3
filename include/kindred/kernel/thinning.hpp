#pragma once

#include <kindred/core/host_device.hpp>
#include <kindred/core/random.hpp>

#include <cstddef>
#include <cstdint>

namespace kindred::kernel {

/// Dropout, on the processor and on a GPU: zeroes each number with probability `rate` and divides
/// the others by 1 - rate. What is dropped depends on the seed, the sample and the column alone.
struct thinning {
  std::uint64_t seed = 0;
  std::uint64_t stream = 0;
  float rate = 0;

  /// Numbers that share one draw of 128 bits.
  static constexpr std::size_t at_once = 8;

  /// y from x: numbers `at_once * group` and those after it, of a sample with `width` of them.
  KINDRED_HOST_DEVICE void operator()(std::uint64_t sample, std::size_t width, std::size_t group,
                                      const float* x, float* y) const noexcept {
    std::uint32_t bits[4] = {};
    counter_rng(seed, stream).draw(sample * (width / at_once) + group, bits);
    const auto limit = static_cast<std::uint32_t>(rate * 65536.0F);
    const float scale = 1 / (1 - rate);
    for (std::size_t k = 0; k < at_once; ++k) {
      const std::uint32_t draw = bits[k / 2] >> (k % 2 * 16) & 0xFFFFU;
      y[k] = draw < limit ? 0.0F : x[k] * scale;
    }
  }
};

}  // namespace kindred::kernel
