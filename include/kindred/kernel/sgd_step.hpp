#pragma once

#include <kindred/core/types.hpp>

#include <cstddef>

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

}  // namespace kindred::kernel
