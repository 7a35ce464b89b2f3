#pragma once

#include <cstddef>
#include <kindred/core/host_device.hpp>
#include <kindred/kernel/dispatch.hpp>
#include <kindred/kernel/pack.hpp>
#include <kindred/kernel/sgd_step.hpp>

namespace kindred::kernel {

/// Factor rows are padded to a multiple of this, the lanes of the widest registers.
inline constexpr std::size_t sgd_row_multiple = 16;

/// How many runs of a tile are interleaved. A tile is sorted by user, and steps that follow each
/// other on one row wait for each other; taking them from several runs in turn lets the processor
/// overlap them.
inline constexpr std::size_t sgd_runs = 8;

/// How many steps of its run a rating's rows are fetched ahead.
inline constexpr std::size_t sgd_lookahead = 12;

}  // namespace kindred::kernel

#define KINDRED_KERNEL_BODY <kindred/kernel/detail/sgd_body.inl>
#include <kindred/kernel/detail/foreach_target.inl>

namespace kindred::kernel {

/// One pass of stochastic gradient descent over a tile, in its (interleaved) order. Returns the sum
/// of the squared errors, each taken just before its own step.
template <class Scalar>
using sgd_kernel = double (*)(const sgd_tile&, const sgd_matrices<Scalar>&,
                              const sgd_step<Scalar>&) noexcept;

namespace detail {

/// The common row lengths have kernels of their own, with all loops over factors unrolled.
template <template <class, std::size_t> class Pass, class Scalar>
[[nodiscard]] sgd_kernel<Scalar> sgd_kernel_for(std::size_t stride) noexcept {
  switch (stride) {
    case 16:
      return &Pass<Scalar, 16>::run;
    case 32:
      return &Pass<Scalar, 32>::run;
    case 64:
      return &Pass<Scalar, 64>::run;
    case 128:
      return &Pass<Scalar, 128>::run;
    default:
      return &Pass<Scalar, 0>::run;
  }
}

}  // namespace detail

/// The kernel for rows of `stride` numbers. Precondition: the processor has `level`.
template <class Scalar>
[[nodiscard]] sgd_kernel<Scalar> select_sgd_kernel(
    std::size_t stride, [[maybe_unused]] simd_level level = best_simd_level()) noexcept {
#if defined(__x86_64__)
  if (level == simd_level::avx512) return detail::sgd_kernel_for<avx512::sgd_pass, Scalar>(stride);
  if (level == simd_level::avx2) return detail::sgd_kernel_for<avx2::sgd_pass, Scalar>(stride);
#endif
  return &baseline::sgd_pass<Scalar, 0>::run;
}

}  // namespace kindred::kernel
