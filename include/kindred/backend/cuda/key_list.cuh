#pragma once

#include <kindred/backend/cuda/plan.hpp>

#include <cstddef>
#include <cstdint>

namespace kindred::gpu {

/// Puts a key into a list of k that descends, in place of the last; by a warp.
__device__ inline void insert_key(std::uint64_t* list, std::size_t k, std::uint64_t key,
                                  std::size_t lane) noexcept {
  for (std::size_t begin = (k - 1) / warp_size * warp_size;; begin -= warp_size) {
    const std::size_t at = begin + lane;
    const std::uint64_t here = at < k ? list[at] : ~std::uint64_t{0};
    const std::uint64_t before = at > 0 && at < k ? list[at - 1] : ~std::uint64_t{0};
    __syncwarp();
    if (here < key) list[at] = before < key ? before : key;
    __syncwarp();
    if (begin == 0) return;
  }
}

/// Puts the keys of a warp, one a lane, into such a list, as far as they are good enough. 0 is
/// none.
__device__ inline void insert_keys(std::uint64_t* list, std::size_t k, std::uint64_t key,
                                   std::size_t lane) noexcept {
  if (key <= list[k - 1]) key = 0;
  for (unsigned left = __ballot_sync(0xffffffffU, key != 0); left != 0; left &= left - 1) {
    const std::uint64_t next = __shfl_sync(0xffffffffU, key, __ffs(static_cast<int>(left)) - 1);
    if (next > list[k - 1]) insert_key(list, k, next, lane);
    __syncwarp();
  }
}

}  // namespace kindred::gpu
