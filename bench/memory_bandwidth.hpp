#pragma once

#include <kindred/core/parallel.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/kernel/dot.hpp>

#include <tbb/task_arena.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <map>

namespace kindred::bench {

/// Bytes a second that copying far outside the caches moves (read and written), best of five.
inline double copy_bandwidth(int threads) {
  constexpr std::size_t bytes = std::size_t{256} << 20;
  const aligned_vector<char> from(bytes, 'k');
  aligned_vector<char> to(bytes, 'd');
  tbb::task_arena arena(threads);
  double best = 0;
  for (int round = 0; round < 5; ++round) {
    const auto start = std::chrono::steady_clock::now();
    arena.execute([&] {
      parallel_for(bytes, std::size_t{4} << 20, [&](std::size_t first, std::size_t last) {
        std::memcpy(to.data() + first, from.data() + first, last - first);
      });
    });
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    best = std::max(best, 2.0 * static_cast<double>(bytes) / took.count());
  }
  return best;
}

/// Bytes a second that one thread reads far outside the caches, best of five.
inline double read_bandwidth() {
  constexpr std::size_t floats = std::size_t{64} << 20;
  const aligned_vector<float> from(floats, 1.0F);
  volatile float used = 0;  // a sum that nobody reads would not be computed
  double best = 0;
  for (int round = 0; round < 5; ++round) {
    const auto start = std::chrono::steady_clock::now();
    used = used + kernel::dot(from.data(), from.data(), floats);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    best = std::max(best, static_cast<double>(floats * sizeof(float)) / took.count());
  }
  return best;
}

/// copy_bandwidth, measured when it is first asked for. Not for several threads at once.
inline double known_copy_bandwidth(int threads) {
  static std::map<int, double> measured;
  if (!measured.contains(threads)) measured[threads] = copy_bandwidth(threads);
  return measured.at(threads);
}

}  // namespace kindred::bench
