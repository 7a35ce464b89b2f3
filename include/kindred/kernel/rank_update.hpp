#pragma once

#include <cstddef>
#include <kindred/kernel/dispatch.hpp>
#include <kindred/kernel/pack.hpp>

namespace kindred::kernel {

/// Rows of a tile.
inline constexpr std::size_t update_rows = 6;

}  // namespace kindred::kernel

#define KINDRED_KERNEL_BODY <kindred/kernel/detail/rank_update_body.inl>
#include <kindred/kernel/detail/foreach_target.inl>

namespace kindred::kernel {

/// The inner loop of a product of matrices, on tiles of `update_rows` rows and `columns` columns.
template <class Scalar>
struct rank_update {
  /// Depends on the instruction set; update_rows and columns both divide update_multiple.
  std::size_t columns;
  /// c[row][column] += sum over k < depth of a[k][row] * b[k][column]. The rows of `a` and `b` are
  /// packed (update_rows and `columns` long), those of `c` are `stride` apart. The order of the
  /// additions, and so the last bits, depend on the instruction set and on nothing else.
  void (*add)(const Scalar* a, const Scalar* b, std::size_t depth, Scalar* c,
              std::size_t stride) noexcept;
};

/// A number of rows and columns that whole tiles cover on every instruction set.
inline constexpr std::size_t update_multiple = 96;

/// The kernel of an instruction set. Precondition: the processor has `level`.
template <class Scalar>
[[nodiscard]] rank_update<Scalar> select_rank_update(
    [[maybe_unused]] simd_level level = best_simd_level()) noexcept {
  const auto kernel_of = []<class Tile>(Tile) {
    return rank_update<Scalar>{Tile::columns, &Tile::add};
  };
#if defined(__x86_64__)
  if (level == simd_level::avx512) return kernel_of(avx512::update_tile<Scalar>{});
  if (level == simd_level::avx2) return kernel_of(avx2::update_tile<Scalar>{});
#endif
  return kernel_of(baseline::update_tile<Scalar>{});
}

}  // namespace kindred::kernel
