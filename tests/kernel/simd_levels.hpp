#pragma once

#include <kindred/kernel/dispatch.hpp>

#include <doctest/doctest.h>

#include <vector>

namespace kindred::test {

/// The instruction sets that can be tested here; says which cannot.
inline std::vector<kindred::kernel::simd_level> levels_of_this_machine() {
  using kindred::kernel::simd_level;
  std::vector<simd_level> levels = {simd_level::baseline};
  const simd_level best = kindred::kernel::best_simd_level();
  if (best >= simd_level::avx2) levels.push_back(simd_level::avx2);
  if (best >= simd_level::avx512) levels.push_back(simd_level::avx512);
  if (best < simd_level::avx2) MESSAGE("this processor has no AVX2: not tested");
  if (best < simd_level::avx512) MESSAGE("this processor has no AVX-512: not tested");
  return levels;
}

}  // namespace kindred::test
