#pragma once

#include <cstddef>
#include <kindred/core/types.hpp>
#include <kindred/kernel/dispatch.hpp>
#include <kindred/kernel/exponential.hpp>
#include <kindred/kernel/pack.hpp>
#include <kindred/kernel/sgd.hpp>

namespace kindred::kernel {

/// An item that a user chose, and one not chosen that it is compared with; they number rows of the
/// factor matrices.
struct ranking_triple {
  index user;
  index positive;
  index negative;
  float weight;
};

/// What is made small, of the scores x of the positive and y of the negative and a weight w.
enum class pair_loss {
  logistic,  ///< w log(1 + exp(y - x))
  hinge,     ///< w max(0, 1 + y - x)
  pointwise  ///< w log(1 + exp(-x)) + log(1 + exp(y))
};

/// How to step. Minimises the loss of triples plus, for each of their three rows v and its bias b,
///   regularization |v|^2 / 2 + bias_regularization b^2 / 2
/// times the row's decay, one triple at a time; a score is b_u + b_i + p.q. With `adagrad`, a row's
/// step is divided by the root of its curvature, as in sgd_step.
struct ranking_step {
  float learning_rate = 0;
  float bias_learning_rate = 0;  ///< 0 leaves the biases as they are
  float regularization = 0;
  float bias_regularization = 0;
  float per_factor = 0;  ///< 1 / factors, for the mean squared gradient
  bool adagrad = false;
};

}  // namespace kindred::kernel

#define KINDRED_KERNEL_BODY <kindred/kernel/detail/ranking_sgd_body.inl>
#include <kindred/kernel/detail/foreach_target.inl>

namespace kindred::kernel {

/// Steps `count` triples, in their order. Returns the sum of the losses, each taken just before its
/// own step. Precondition: the positive of a triple is not its negative.
using ranking_sgd_kernel = double (*)(const ranking_triple* triples, std::size_t count,
                                      const sgd_matrices<float>&, const ranking_step&) noexcept;

namespace detail {

/// The common row lengths have kernels of their own, with all loops over factors unrolled.
template <template <pair_loss, std::size_t> class Pass, pair_loss Loss>
[[nodiscard]] ranking_sgd_kernel ranking_sgd_kernel_for(std::size_t stride) noexcept {
  switch (stride) {
    case 32:
      return &Pass<Loss, 32>::run;
    case 64:
      return &Pass<Loss, 64>::run;
    case 128:
      return &Pass<Loss, 128>::run;
    default:
      return &Pass<Loss, 0>::run;
  }
}

template <template <pair_loss, std::size_t> class Pass>
[[nodiscard]] ranking_sgd_kernel ranking_sgd_kernel_for(pair_loss loss,
                                                        std::size_t stride) noexcept {
  switch (loss) {
    case pair_loss::logistic:
      return ranking_sgd_kernel_for<Pass, pair_loss::logistic>(stride);
    case pair_loss::hinge:
      return ranking_sgd_kernel_for<Pass, pair_loss::hinge>(stride);
    default:
      return ranking_sgd_kernel_for<Pass, pair_loss::pointwise>(stride);
  }
}

}  // namespace detail

/// The kernel of a loss, for rows of `stride` numbers. Precondition: the processor has `level`.
[[nodiscard]] inline ranking_sgd_kernel select_ranking_sgd_kernel(
    pair_loss loss, std::size_t stride,
    [[maybe_unused]] simd_level level = best_simd_level()) noexcept {
#if defined(__x86_64__)
  if (level == simd_level::avx512)
    return detail::ranking_sgd_kernel_for<avx512::ranking_pass>(loss, stride);
  if (level == simd_level::avx2)
    return detail::ranking_sgd_kernel_for<avx2::ranking_pass>(loss, stride);
#endif
  return detail::ranking_sgd_kernel_for<baseline::ranking_pass>(loss, 0);
}

}  // namespace kindred::kernel
