#pragma once

#include <kindred/backend/cuda/als_view.cuh>
#include <kindred/backend/cuda/plan.hpp>
#include <kindred/backend/cuda/sgd_lanes.hpp>
#include <kindred/backend/cuda/warp.cuh>
#include <kindred/core/types.hpp>

#include <cstddef>

namespace kindred::gpu {

/// Conjugate gradients on one row, by a thread block: each of its warps takes every fourth entry,
/// and adds it up in registers. Rows have at most `Turns` packets of `Width` numbers a lane. What a
/// thread keeps of a vector is every element whose number is its own, modulo `threads`.
template <std::size_t Width, std::size_t Turns>
class als_descent {
 public:
  static constexpr std::size_t warps = 4;
  static constexpr std::size_t threads = warps * warp_size;

  __device__ als_descent(const als_view& in, index row) noexcept
      : in_(in), row_(row), lane_(threadIdx.x % warp_size), warp_(threadIdx.x / warp_size) {}

  /// Starts at the row that there is.
  __device__ void run(int steps) noexcept {
    constexpr float least = 1e-20F;
    float* const x = in_.row(row_);
    const bool empty = in_.begin(row_) == in_.end(row_);
    for (std::size_t f = threadIdx.x; f < in_.stride; f += threads) {
      if (empty) x[f] = 0;
      shared().direction[f] = x[f];
    }
    if (empty) return;
    gather(-1, [](const kernel::als_term& term, float product) {
      return term.target - term.weight * product;
    });
    float residual[own];
    for (std::size_t n = 0, f = threadIdx.x; n < own; ++n, f += threads)
      residual[n] = f < in_.stride ? shared().image[f] : 0.0F;
    float norm = square(residual);
    turn(residual, 0);
    for (int step = 0; step < steps && norm > least; ++step) {
      gather(1, [](const kernel::als_term& term, float product) { return term.weight * product; });
      const float length = norm / curvature();
      for (std::size_t n = 0, f = threadIdx.x; n < own; ++n, f += threads) {
        if (f >= in_.stride) continue;
        x[f] += length * shared().direction[f];
        residual[n] -= length * shared().image[f];
      }
      const float before = norm;
      norm = square(residual);
      turn(residual, norm / before);
    }
  }

 private:
  static constexpr std::size_t most = warp_size * Width * Turns;
  static constexpr std::size_t own = (most + threads - 1) / threads;
  using packet = kernel::lanes::packet<float, Width>;

  struct memory {
    float direction[most];
    float image[most];
    float sums[warps];
  };

  [[nodiscard]] static __device__ memory& shared() noexcept {
    __shared__ memory block;
    return block;
  }

  /// A lane's part of a row.
  struct row_part {
    packet packets[Turns];
  };
  [[nodiscard]] __device__ std::size_t place(std::size_t turn) const noexcept {
    return (turn * warp_size + lane_) * Width;
  }

  /// image = sign (gramian + penalties) direction + the sum over the entries, with rows y, of
  /// factor(term, y direction) y.
  template <class Factor>
  __device__ void gather(float sign, const Factor& factor) noexcept {
    row_part sums{};
    __syncthreads();
    for (std::size_t n = in_.begin(row_) + warp_; n < in_.end(row_); n += warps) {
      const float* const other = in_.other(n);
      const row_part y = load(other);
      add(factor(in_.term(n, other), warp_sum(product(y))), y, sums);
    }
    if (in_.gramian != nullptr)
      for (std::size_t g = warp_; g < in_.width; g += warps)
        add(sign * in_.terms.unobserved_weight * shared().direction[g],
            load(in_.gramian + g * in_.stride), sums);
    merge(sign, sums);
  }

  [[nodiscard]] __device__ row_part load(const float* row) const noexcept {
    row_part part{};
    for (std::size_t t = 0; t < Turns; ++t)
      if (place(t) < in_.stride) {
        part.packets[t] = *reinterpret_cast<const packet*>(row + place(t));
        for (std::size_t n = 0; n < Width; ++n)
          if (place(t) + n == in_.bias) part.packets[t].numbers[n] = 1;
      }
    return part;
  }

  /// The lane's share of the product with the direction.
  [[nodiscard]] __device__ float product(const row_part& y) const noexcept {
    float sum = 0;
    for (std::size_t t = 0; t < Turns; ++t)
      if (place(t) < in_.stride)
        for (std::size_t n = 0; n < Width; ++n)
          sum += y.packets[t].numbers[n] * shared().direction[place(t) + n];
    return sum;
  }

  static __device__ void add(float factor, const row_part& y, row_part& sums) noexcept {
    for (std::size_t t = 0; t < Turns; ++t)
      for (std::size_t n = 0; n < Width; ++n)
        sums.packets[t].numbers[n] += factor * y.packets[t].numbers[n];
  }

  /// The warps' sums one after the other, so that the bits are always the same.
  __device__ void merge(float sign, const row_part& sums) noexcept {
    memory& block = shared();
    for (std::size_t w = 0; w < warps; ++w) {
      if (warp_ == w)
        for (std::size_t t = 0; t < Turns; ++t)
          for (std::size_t n = 0, f = place(t); n < Width && f < in_.stride; ++n, ++f)
            block.image[f] =
                (w == 0 ? sign * in_.penalty(row_, f) * block.direction[f] : block.image[f]) +
                sums.packets[t].numbers[n];
      __syncthreads();
    }
  }

  /// direction = residual + share direction.
  __device__ void turn(const float (&residual)[own], float share) noexcept {
    float* const direction = shared().direction;
    for (std::size_t n = 0, f = threadIdx.x; n < own; ++n, f += threads)
      if (f < in_.stride) direction[f] = residual[n] + share * direction[f];
  }

  [[nodiscard]] __device__ float square(const float (&residual)[own]) const noexcept {
    float sum = 0;
    for (std::size_t n = 0; n < own; ++n) sum += residual[n] * residual[n];
    return block_sum(sum);
  }
  /// The product of the direction with its image.
  [[nodiscard]] __device__ float curvature() const noexcept {
    float sum = 0;
    for (std::size_t f = threadIdx.x; f < in_.stride; f += threads)
      sum += shared().direction[f] * shared().image[f];
    return block_sum(sum);
  }
  [[nodiscard]] __device__ float block_sum(float x) const noexcept {
    memory& block = shared();
    x = warp_sum(x);
    if (lane_ == 0) block.sums[warp_] = x;
    __syncthreads();
    float sum = 0;
    for (std::size_t w = 0; w < warps; ++w) sum += block.sums[w];
    __syncthreads();
    return sum;
  }

  const als_view& in_;
  index row_;
  std::size_t lane_;
  std::size_t warp_;
};

/// A thread block takes the row order[b].
template <std::size_t Width, std::size_t Turns>
__global__ void __launch_bounds__((als_descent<Width, Turns>::threads))
    descend_rows(als_view in, const index* order, int steps) {
  als_descent<Width, Turns>(in, order[blockIdx.x]).run(steps);
}

using descend_rows_kernel = void (*)(als_view, const index*, int);

/// For rows `stride` apart, as shape_of_als_rows has them, up to 4224.
[[nodiscard]] inline descend_rows_kernel select_descend_rows(std::size_t stride) noexcept {
  if (stride == warp_size) return &descend_rows<1, 1>;
  if (stride == 2 * warp_size) return &descend_rows<2, 1>;
  if (stride == 3 * warp_size) return &descend_rows<1, 3>;
  const std::size_t turns = stride / (4 * warp_size);
  if (turns <= 1) return &descend_rows<4, 1>;
  if (turns <= 2) return &descend_rows<4, 2>;
  return turns <= 8 ? &descend_rows<4, 8> : &descend_rows<4, 33>;
}

/// errors[u] is what the entries of user u add up to, by a warp each, which is a thread block;
/// takes the users from `first` on.
__global__ void add_als_errors(als_view in, std::size_t first, double* errors) {
  const auto user = static_cast<index>(first + blockIdx.x);
  const float* const x = in.row(user);
  const float bias = in.bias < in.stride ? x[in.bias] : 0.0F;
  double total = 0;
  for (std::size_t n = in.begin(user); n < in.end(user); ++n) {
    const float* const y = in.other(n);
    float product = 0;
    for (std::size_t f = threadIdx.x; f < in.stride; f += warp_size)
      product += f == in.bias ? y[f] : x[f] * y[f];
    total += in.terms.error(in.value(n), warp_sum(product) + bias);
  }
  if (threadIdx.x == 0) errors[user] = total;
}

}  // namespace kindred::gpu
