#pragma once

#include <kindred/backend/cuda/als_plan.hpp>
#include <kindred/backend/cuda/als_view.cuh>
#include <kindred/backend/cuda/normal_tile.cuh>
#include <kindred/backend/cuda/plan.hpp>
#include <kindred/backend/cuda/warp.cuh>
#include <kindred/core/types.hpp>

#include <cfloat>
#include <cmath>
#include <cstddef>

namespace kindred::gpu {

/// The normal equations of one row after the other, by a thread block with a matrix of its own in
/// device memory, which its caches hold: A = R'R, with the right side as one column more.
class als_cholesky {
 public:
  static constexpr std::size_t threads = normal_tile::threads;

  /// `matrix` has width * row_of_matrix(width) numbers.
  __device__ als_cholesky(const als_view& in, float* matrix) noexcept
      : in_(in), matrix_(matrix), columns_(row_of_matrix(in.width)) {}

  __device__ void solve(index row) noexcept {
    float* const x = in_.row(row);
    if (in_.begin(row) == in_.end(row)) {
      for (std::size_t f = threadIdx.x; f < in_.stride; f += threads) x[f] = 0;
      return;
    }
    for (std::size_t i = 0; i < in_.width; i += normal_tile::side)
      for (std::size_t j = i; j < in_.width; j += normal_tile::side) assemble(row, i, j);
    __syncthreads();
    for (std::size_t i = 0; i < in_.width; ++i) eliminate(i);
    if (threadIdx.x < warp_size) substitute(x);
    __syncthreads();
  }

 private:
  [[nodiscard]] __device__ float& at(std::size_t i, std::size_t j) const noexcept {
    return matrix_[i * columns_ + j];
  }

  /// A tile of the upper triangle.
  __device__ void assemble(index row, std::size_t first_row, std::size_t first_column) noexcept {
    normal_tile tile(first_row, first_column);
    tile.add(in_, in_.begin(row), in_.end(row));
    tile.for_each([&](std::size_t i, std::size_t j, float sum) {
      if (j < i || j >= in_.width) return;
      if (in_.gramian != nullptr)
        sum += in_.terms.unobserved_weight * in_.gramian[i * in_.stride + j];
      at(i, j) = i == j ? sum + in_.penalty(row, i) : sum;
    });
    if (first_row == first_column)
      tile.for_each_target([&](std::size_t i, float sum) {
        if (i < in_.width) at(i, in_.width) = sum;
      });
  }

  /// Makes row i of R, with the inverse of its diagonal. A pivot that rounding has swallowed counts
  /// as the diagonal that it comes from.
  __device__ void eliminate(std::size_t i) noexcept {
    constexpr float swallowed = 8 * FLT_EPSILON;
    __shared__ float inverse;
    for (std::size_t j = i + threadIdx.x; j <= in_.width; j += threads) {
      const float before = at(i, j);
      float sum = before;
      for (std::size_t k = 0; k < i; ++k) sum -= at(k, i) * at(k, j);
      at(i, j) = sum;
      if (j == i) inverse = 1 / std::sqrt(sum > swallowed * before ? sum : before);
    }
    __syncthreads();
    for (std::size_t j = i + threadIdx.x; j <= in_.width; j += threads)
      at(i, j) = j == i ? inverse : at(i, j) * inverse;
    __syncthreads();
  }

  /// R x = what the right side has become, by a warp.
  __device__ void substitute(float* x) const noexcept {
    for (std::size_t i = in_.width; i-- > 0;) {
      float sum = 0;
      for (std::size_t j = i + 1 + threadIdx.x; j < in_.width; j += warp_size)
        sum += at(i, j) * x[j];
      sum = warp_sum(sum);
      if (threadIdx.x == 0) x[i] = (at(i, in_.width) - sum) * at(i, i);
      __syncwarp();
    }
  }

  const als_view& in_;
  float* matrix_;
  std::size_t columns_;
};

/// Thread block b solves for every gridDim.x-th row of `count` in order[], on matrix b.
__global__ void __launch_bounds__(als_cholesky::threads)
    solve_rows(als_view in, const index* order, std::size_t count, float* matrices) {
  als_cholesky solver(in, matrices + blockIdx.x * in.width * row_of_matrix(in.width));
  for (std::size_t n = blockIdx.x; n < count; n += gridDim.x) solver.solve(order[n]);
}

/// Rows as a normal_tile takes them, all alike.
struct plain_rows {
  const float* rows;
  std::size_t stride;

  [[nodiscard]] __device__ const float* other(std::size_t n) const noexcept {
    return rows + n * stride;
  }
  [[nodiscard]] __device__ float element(const float* row, std::size_t f) const noexcept {
    return row[f];
  }
  [[nodiscard]] __device__ kernel::als_term term(std::size_t, const float*) const noexcept {
    return {1, 0};
  }
};

/// Thread block (t, r) makes tile t of the Gramian of run r of the rows; parts[r] is stride x
/// stride, and its upper triangle counts.
__global__ void __launch_bounds__(normal_tile::threads)
    add_gramian_parts(plain_rows from, std::size_t count, std::size_t per_run, float* parts) {
  const std::size_t tiles = from.stride / normal_tile::side;
  const std::size_t i = blockIdx.x / tiles;
  const std::size_t j = blockIdx.x % tiles;
  if (j < i) return;
  const std::size_t first = blockIdx.y * per_run;
  normal_tile tile(i * normal_tile::side, j * normal_tile::side);
  tile.add(from, first, first + per_run < count ? first + per_run : count);
  float* const part = parts + blockIdx.y * from.stride * from.stride;
  tile.for_each([&](std::size_t row, std::size_t column, float sum) {
    part[row * from.stride + column] = sum;
  });
}

/// Adds them up, run after run; thread block i makes row i of the Gramian.
__global__ void __launch_bounds__(normal_tile::threads)
    add_up_gramian(const float* parts, std::size_t runs, std::size_t stride, float* gramian) {
  const std::size_t i = blockIdx.x;
  for (std::size_t j = threadIdx.x; j < stride; j += normal_tile::threads) {
    const std::size_t from = i < j ? i * stride + j : j * stride + i;
    float sum = 0;
    for (std::size_t r = 0; r < runs; ++r) sum += parts[r * stride * stride + from];
    gramian[i * stride + j] = sum;
  }
}

}  // namespace kindred::gpu
