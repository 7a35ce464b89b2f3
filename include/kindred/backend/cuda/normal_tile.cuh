#pragma once

#include <kindred/kernel/als_terms.hpp>

#include <cstddef>

namespace kindred::gpu {

/// A square part of the sum of weight y y' over many rows y, and that of target y, by a thread
/// block: rows come into shared memory some at a time, and sums stay in registers.
class normal_tile {
 public:
  static constexpr std::size_t side = 32;
  static constexpr std::size_t threads = 64;

  /// Rows and columns of the matrix that it begins at.
  __device__ normal_tile(std::size_t first_row, std::size_t first_column) noexcept
      : first_row_(first_row), first_column_(first_column) {}

  /// Adds the entries begin .. end - 1: `from.other(n)` is a row y, `from.element(y, f)` a number
  /// of it, and `from.term(n, y)` its weight and target.
  template <class Source>
  __device__ void add(const Source& from, std::size_t begin, std::size_t end) noexcept {
    memory& block = shared();
    for (; begin < end; begin += depth) {
      if (threadIdx.x < depth) describe(from, begin + threadIdx.x, end);
      __syncthreads();
      for (std::size_t m = threadIdx.x; m < depth * side; m += threads) {
        const std::size_t n = m / side;
        const std::size_t f = m % side;
        const float* const y = block.rows[n];
        block.left[n][f] = y == nullptr ? 0 : from.element(y, first_row_ + f);
        block.right[n][f] =
            y == nullptr ? 0 : block.weights[n] * from.element(y, first_column_ + f);
      }
      __syncthreads();
      multiply();
      __syncthreads();
    }
  }

  /// Calls `f(row, column, sum)` for the numbers of this thread.
  template <class Function>
  __device__ void for_each(const Function& f) const noexcept {
    for (std::size_t a = 0; a < each; ++a)
      for (std::size_t b = 0; b < each; ++b)
        f(first_row_ + threadIdx.x / across + a * across,
          first_column_ + threadIdx.x % across + b * across, sums_[a][b]);
  }
  /// The same of target y, `f(row, sum)`.
  template <class Function>
  __device__ void for_each_target(const Function& f) const noexcept {
    if (threadIdx.x < side) f(first_row_ + threadIdx.x, target_);
  }

 private:
  static constexpr std::size_t depth = 32;
  static constexpr std::size_t across = 8;  // threads
  static constexpr std::size_t each = side / across;
  static_assert(across * across == threads);

  struct memory {
    float left[depth][side];
    float right[depth][side];
    const float* rows[depth];
    float weights[depth];
    float targets[depth];
  };

  [[nodiscard]] static __device__ memory& shared() noexcept {
    __shared__ memory block;
    return block;
  }

  template <class Source>
  __device__ void describe(const Source& from, std::size_t n, std::size_t end) const noexcept {
    memory& block = shared();
    const float* const y = n < end ? from.other(n) : nullptr;
    block.rows[threadIdx.x] = y;
    const kernel::als_term term = y == nullptr ? kernel::als_term() : from.term(n, y);
    block.weights[threadIdx.x] = term.weight;
    block.targets[threadIdx.x] = term.target;
  }

  __device__ void multiply() noexcept {
    const memory& block = shared();
    const std::size_t row = threadIdx.x / across;
    const std::size_t column = threadIdx.x % across;
    for (std::size_t n = 0; n < depth; ++n) {
      for (std::size_t a = 0; a < each; ++a)
        for (std::size_t b = 0; b < each; ++b)
          sums_[a][b] += block.left[n][row + a * across] * block.right[n][column + b * across];
      if (threadIdx.x < side) target_ += block.left[n][threadIdx.x] * block.targets[n];
    }
  }

  std::size_t first_row_;
  std::size_t first_column_;
  float sums_[each][each] = {};
  float target_ = 0;
};

}  // namespace kindred::gpu
