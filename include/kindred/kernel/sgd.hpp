#pragma once

#include <cstddef>
#include <kindred/core/types.hpp>
#include <kindred/kernel/dispatch.hpp>
#include <kindred/kernel/pack.hpp>

namespace kindred::kernel {

/// One rating of a tile; `user` and `item` number rows of the factor matrices.
struct tile_rating {
  index user;
  index item;
  float value;
};

/// What stochastic gradient descent keeps for a row beside its factors.
template <class Scalar>
struct alignas(4 * sizeof(Scalar)) sgd_row {
  Scalar factor_curvature = 1;  ///< AdaGrad: 1 + sum of the mean squared gradient of the factors
  Scalar bias_curvature = 1;    ///< AdaGrad: 1 + sum of the squared gradient of the bias
  Scalar bias = 0;
  Scalar decay = 1;  ///< multiplies both regularisations for this row
};

/// The parameters that a pass works on. Factor rows are `stride` apart, a multiple of
/// `sgd_row_multiple`, padded with zeros, which stay zeros.
template <class Scalar>
struct sgd_matrices {
  Scalar* user_factors = nullptr;
  Scalar* item_factors = nullptr;
  sgd_row<Scalar>* users = nullptr;
  sgd_row<Scalar>* items = nullptr;
  std::size_t stride = 0;
};

/// How to step. Minimises, over the ratings r of weight w,
///   w (r - mean - b_u - b_i - p.q)^2 / 2 + regularization (|p|^2 + |q|^2) / 2
///     + bias_regularization (b_u^2 + b_i^2) / 2
/// one rating at a time. With `adagrad`, a row's step is divided by the root of its curvature: one
/// number for its factors (the mean over them, as in Chin et al., "A learning-rate schedule for
/// stochastic gradient methods to matrix factorization", PAKDD 2015) and one for its bias.
template <class Scalar>
struct sgd_step {
  Scalar mean = 0;
  Scalar learning_rate = 0;
  Scalar bias_learning_rate = 0;  ///< 0 leaves the biases as they are
  Scalar regularization = 0;
  Scalar bias_regularization = 0;
  Scalar per_factor = 0;  ///< 1 / factors, for the mean squared gradient; 0 without factors
  bool adagrad = false;
  bool nonnegative = false;  ///< projects the factors onto >= 0 after each step
};

/// A tile: `count` ratings, with `weights` (one each) or null. With `prefetch` the rows of later
/// ratings are fetched ahead, which pays if the matrices do not fit the caches nearest to a core.
struct sgd_tile {
  const tile_rating* ratings = nullptr;
  const float* weights = nullptr;
  std::size_t count = 0;
  bool prefetch = false;
};

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
