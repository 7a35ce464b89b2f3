#pragma once

#include <kindred/backend/cuda/plan.hpp>
#include <kindred/backend/cuda/sgd_lanes.hpp>
#include <kindred/backend/cuda/warp.cuh>
#include <kindred/core/types.hpp>
#include <kindred/kernel/sgd_step.hpp>

#include <cstddef>

namespace kindred::gpu {

/// The parameters of a factorization in device memory; see kernel::sgd_matrices.
template <class Scalar, class Stored>
struct factor_view {
  Stored* user_factors;
  Stored* item_factors;
  kernel::sgd_row<Scalar>* users;
  kernel::sgd_row<Scalar>* items;
  std::size_t stride;

  template <std::size_t Width, int Turns>
  [[nodiscard]] __device__ auto pair(index user, index item, std::size_t lane) const noexcept {
    return kernel::lanes::row_pair<Scalar, Stored, Width, Turns>(
        user_factors + static_cast<std::size_t>(user) * stride,
        item_factors + static_cast<std::size_t>(item) * stride, stride, lane);
  }
};

/// Tiles that share no row: tile t has the ratings offsets[t] .. offsets[t + 1] - 1, less `origin`.
struct tile_batch {
  const kernel::tile_rating* ratings;
  const float* weights;  ///< or null
  const std::size_t* offsets;
  std::size_t origin;
};

/// One pass over tiles, a warp a tile, one rating after the other. Adds each tile's squared errors,
/// taken just before their own steps, to errors[tile]. A thread block is a warp.
template <class Scalar, class Stored, std::size_t Width, int Turns>
__global__ void sgd_tiles(factor_view<Scalar, Stored> m, tile_batch tiles,
                          kernel::sgd_step<Scalar> step, double* errors) {
  const std::size_t lane = threadIdx.x;
  const std::size_t end = tiles.offsets[blockIdx.x + 1] - tiles.origin;
  double squared_error = 0;
  for (std::size_t n = tiles.offsets[blockIdx.x] - tiles.origin; n < end; ++n) {
    const kernel::tile_rating rating = tiles.ratings[n];
    const float weight = tiles.weights == nullptr ? 1.0F : tiles.weights[n];
    auto rows = m.template pair<Width, Turns>(rating.user, rating.item, lane);
    auto products = rows.products();
    products.pq = warp_sum(products.pq);
    products.pp = warp_sum(products.pp);
    products.qq = warp_sum(products.qq);
    const kernel::sgd_row<Scalar> user = m.users[rating.user];
    const kernel::sgd_row<Scalar> item = m.items[rating.item];
    const auto next = kernel::lanes::step_rating(rating.value, weight, products, user, item, step);
    rows.apply(next.change, step.nonnegative);
    __syncwarp();  // all have read what the first lane writes
    if (lane == 0) {
      m.users[rating.user] = next.user;
      m.items[rating.item] = next.item;
    }
    __syncwarp();
    squared_error += static_cast<double>(next.error) * static_cast<double>(next.error);
  }
  if (lane == 0) errors[blockIdx.x] += squared_error;
}

template <class Scalar, class Stored>
using sgd_tiles_kernel = void (*)(factor_view<Scalar, Stored>, tile_batch, kernel::sgd_step<Scalar>,
                                  double*);

template <class Scalar, class Stored>
[[nodiscard]] sgd_tiles_kernel<Scalar, Stored> select_sgd_tiles(const row_shape& shape) noexcept {
  if (shape.width == 1) return &sgd_tiles<Scalar, Stored, 1, 1>;
  if (shape.width == 2) return &sgd_tiles<Scalar, Stored, 2, 1>;
  return shape.one_turn() ? &sgd_tiles<Scalar, Stored, 4, 1> : &sgd_tiles<Scalar, Stored, 4, 0>;
}

/// errors[w] is the sum of the squared errors of run w of the ratings, of which there is one for
/// each thread block, a warp.
template <class Scalar, class Stored>
__global__ void squared_errors(factor_view<Scalar, Stored> m, const kernel::tile_rating* ratings,
                               std::size_t count, Scalar mean, double low, double high,
                               double* errors) {
  const std::size_t lane = threadIdx.x;
  const std::size_t per_warp = (count + gridDim.x - 1) / gridDim.x;
  const std::size_t first = blockIdx.x * per_warp;
  const std::size_t end = first + per_warp < count ? first + per_warp : count;
  double total = 0;
  for (std::size_t n = first; n < end; ++n) {
    const kernel::tile_rating rating = ratings[n];
    Scalar prediction = mean;
    if (rating.user >= 0) prediction += m.users[rating.user].bias;
    if (rating.item >= 0) prediction += m.items[rating.item].bias;
    if (rating.user >= 0 && rating.item >= 0)
      prediction += warp_sum(m.template pair<1, 0>(rating.user, rating.item, lane).products().pq);
    const double held = fmin(fmax(static_cast<double>(prediction), low), high);
    total += (rating.value - held) * (rating.value - held);
  }
  if (lane == 0) errors[blockIdx.x] = total;
}

}  // namespace kindred::gpu
