#pragma once

#include <array>
#include <barrier>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <string_view>
#include <thread>
#include <vector>

// Device code on the processor, a thread for each of a thread block, so that kernels are tested
// where there is no GPU, and ThreadSanitizer sees what they forget to wait for. To be included
// ahead of a .cuh that holds kernels alone.

#define __global__
#define __device__
#define __shared__ static
#define __launch_bounds__(threads)

struct emulated_extent {
  unsigned x = 1;
  unsigned y = 1;
};
inline thread_local emulated_extent threadIdx;
inline thread_local emulated_extent blockIdx;
inline emulated_extent gridDim;

namespace kindred::test {

/// A backend: the device's kernels on the processor.
struct emulated {
  static constexpr std::string_view name = "emulated";
};

struct emulated_warp {
  std::barrier<> together{32};
  std::array<std::array<std::uint64_t, 32>, 2> words{};  ///< used in turn
};

struct emulated_block {
  explicit emulated_block(unsigned threads) : together(threads), warps(threads / 32) {}

  std::barrier<> together;
  std::deque<emulated_warp> warps;
};
inline emulated_block* running = nullptr;

inline emulated_warp& this_warp() { return running->warps[threadIdx.x / 32]; }

inline thread_local bool exchanged = false;  ///< an odd number of times

/// What all lanes of this one's warp have, once all have come here.
template <class Number>
std::array<Number, 32> of_all_lanes(Number mine) {
  static_assert(sizeof(Number) <= sizeof(std::uint64_t));
  exchanged = !exchanged;  // others may still read what they got the last time
  emulated_warp& warp = this_warp();
  auto& words = warp.words[exchanged ? 1 : 0];
  std::memcpy(&words[threadIdx.x % 32], &mine, sizeof mine);
  warp.together.arrive_and_wait();
  std::array<Number, 32> all;
  for (std::size_t lane = 0; lane < 32; ++lane) std::memcpy(&all[lane], &words[lane], sizeof mine);
  return all;
}

/// kernel<<<grid, threads>>>(arguments...)
template <class Kernel, class... Arguments>
void launch(emulated_extent grid, unsigned threads, Kernel kernel, const Arguments&... arguments) {
  gridDim = grid;
  emulated_block block(threads);
  running = &block;
  std::vector<std::jthread> lanes;
  for (unsigned t = 0; t < threads; ++t)
    lanes.emplace_back([&, t] {
      threadIdx = {t, 0};
      for (unsigned b = 0; b < grid.x * grid.y; ++b) {
        blockIdx = {b % grid.x, b / grid.x};
        kernel(arguments...);
        block.together.arrive_and_wait();  // shared memory is that of the next block, too
      }
    });
}

}  // namespace kindred::test

inline void __syncthreads() { kindred::test::running->together.arrive_and_wait(); }
inline void __syncwarp() { kindred::test::this_warp().together.arrive_and_wait(); }

template <class Number>
Number __shfl_xor_sync(unsigned, Number mine, int distance) {
  return kindred::test::of_all_lanes(mine)[threadIdx.x % 32 ^ static_cast<unsigned>(distance)];
}
template <class Number>
Number __shfl_sync(unsigned, Number mine, int lane) {
  return kindred::test::of_all_lanes(mine)[static_cast<std::size_t>(lane)];
}
inline unsigned __ballot_sync(unsigned, bool mine) {
  const auto all = kindred::test::of_all_lanes(mine);
  unsigned votes = 0;
  for (std::size_t lane = 0; lane < 32; ++lane) votes |= unsigned{all[lane]} << lane;
  return votes;
}
inline int __ffs(int bits) {
  return bits == 0 ? 0 : std::countr_zero(static_cast<unsigned>(bits)) + 1;
}

using std::fmax;
using std::fmin;
