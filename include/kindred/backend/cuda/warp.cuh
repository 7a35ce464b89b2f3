#pragma once

namespace kindred::gpu {

/// The sum over a warp, the same bits in each lane.
template <class Number>
[[nodiscard]] __device__ inline Number warp_sum(Number x) noexcept {
  for (int distance = 16; distance > 0; distance /= 2)
    x += __shfl_xor_sync(0xffffffffU, x, distance);
  return x;
}

}  // namespace kindred::gpu
