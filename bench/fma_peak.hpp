#pragma once

#include <kindred/kernel/dispatch.hpp>

#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <chrono>
#include <cstddef>

#define KINDRED_KERNEL_BODY "../../../../bench/fma_peak_body.inl"
#include <kindred/kernel/detail/foreach_target.inl>

namespace kindred::bench {

/// Additions and multiplications of floats a second, of registers alone, best of five.
inline double fma_peak(int threads) {
  constexpr std::size_t rounds = 20'000'000;
  const auto count = [&] {
    float used = 0;
    double done = 0;
#if defined(__x86_64__)
    if (kernel::best_simd_level() == kernel::simd_level::avx512)
      done = avx512::multiply_add(rounds, 0.5F, used);
    else if (kernel::best_simd_level() == kernel::simd_level::avx2)
      done = avx2::multiply_add(rounds, 0.5F, used);
    else
#endif
      done = baseline::multiply_add(rounds, 0.5F, used);
    const volatile float kept = used;  // a sum that nobody reads would not be computed
    (void)kept;
    return done;
  };
  tbb::task_arena arena(threads);
  double best = 0;
  for (int round = 0; round < 5; ++round) {
    const auto start = std::chrono::steady_clock::now();
    double done = 0;
    arena.execute([&] {
      tbb::parallel_for(0, threads, [&](int n) {
        const double operations = count();
        if (n == 0) done = operations * threads;
      });
    });
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    best = std::max(best, done / took.count());
  }
  return best;
}

}  // namespace kindred::bench
