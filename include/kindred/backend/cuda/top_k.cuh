#pragma once

#include <kindred/backend/cuda/key_list.cuh>
#include <kindred/backend/cuda/plan.hpp>
#include <kindred/backend/cuda/ranked_key.hpp>
#include <kindred/core/types.hpp>

#include <cstddef>

namespace kindred::gpu {

/// Queries and items in device memory, rows of `factors` numbers.
struct search_view {
  const float* queries;
  std::size_t num_queries;
  const float* items;
  const float* biases;  ///< or null
  std::size_t num_items;
  std::size_t factors;
  const index* excluded_offsets;  ///< or null
  const index* excluded_items;

  [[nodiscard]] __device__ bool excludes(std::size_t query, index item) const noexcept {
    if (excluded_offsets == nullptr) return false;
    index first = excluded_offsets[query];
    const index end = excluded_offsets[query + 1];
    for (index count = end - first; count > 0;) {
      const index half = count / 2;
      const bool before = excluded_items[first + half] < item;
      first = before ? first + half + 1 : first;
      count = before ? count - half - 1 : half;
    }
    return first < end && excluded_items[first] == item;
  }
};

/// A group of queries by a few items: products are made in tiles that stay in shared memory, and
/// each warp takes what is good enough for the lists of its queries before the next tile comes.
class search_block {
 public:
  static constexpr std::size_t threads = 256;

  __device__ search_block(const search_view& in, std::size_t k, ranked_key* lists) noexcept
      : in_(in), k_(k), lists_(lists), first_query_(blockIdx.x * queries_per_group) {}

  __device__ void search(std::size_t first, std::size_t end) noexcept {
    for (; first < end; first += items_per_step) {
      multiply(first);
      __syncthreads();
      for (std::size_t q = threadIdx.x / warp_size; q < queries_per_group; q += threads / warp_size)
        if (first_query_ + q < in_.num_queries) select(q, first, end);
      __syncthreads();
    }
  }

 private:
  static constexpr std::size_t depth = 32;  // factors of a tile
  static constexpr std::size_t side = 16;   // of the square of threads
  static constexpr std::size_t each = 4;    // queries, and items, of a thread
  static_assert(side * side == threads && side * each == queries_per_group &&
                side * each == items_per_step);

  using tile = float[queries_per_group][depth + 1];  // no two rows in one bank
  struct memory {
    tile queries;
    tile items;
    float scores[queries_per_group][items_per_step + 1];
  };

  [[nodiscard]] static __device__ memory& shared() noexcept {
    __shared__ memory block;
    return block;
  }

  /// Some factors of some rows, zeros beyond either end.
  __device__ void fetch(tile& to, const float* rows, std::size_t first, std::size_t count,
                        std::size_t factor) const noexcept {
    for (std::size_t n = threadIdx.x; n < queries_per_group * depth; n += threads) {
      const std::size_t row = first + n / depth;
      const std::size_t f = factor + n % depth;
      to[n / depth][n % depth] =
          row < count && f < in_.factors ? rows[row * in_.factors + f] : 0.0F;
    }
  }

  /// The scores of the group's queries for the items from `first` on.
  __device__ void multiply(std::size_t first) noexcept {
    memory& block = shared();
    const std::size_t q = threadIdx.x / side;
    const std::size_t i = threadIdx.x % side;
    float sums[each][each] = {};
    for (std::size_t factor = 0; factor < in_.factors; factor += depth) {
      fetch(block.queries, in_.queries, first_query_, in_.num_queries, factor);
      fetch(block.items, in_.items, first, in_.num_items, factor);
      __syncthreads();
      for (std::size_t f = 0; f < depth; ++f)
        for (std::size_t a = 0; a < each; ++a)
          for (std::size_t b = 0; b < each; ++b)
            sums[a][b] += block.queries[q + a * side][f] * block.items[i + b * side][f];
      __syncthreads();
    }
    for (std::size_t b = 0; b < each; ++b) {
      const std::size_t item = first + i + b * side;
      const float bias = in_.biases != nullptr && item < in_.num_items ? in_.biases[item] : 0.0F;
      for (std::size_t a = 0; a < each; ++a)
        block.scores[q + a * side][i + b * side] = sums[a][b] + bias;
    }
  }

  /// Takes a query's share of the scores into its list.
  __device__ void select(std::size_t q, std::size_t first, std::size_t end) noexcept {
    const std::size_t lane = threadIdx.x % warp_size;
    const std::size_t query = first_query_ + q;
    ranked_key* const list = lists_ + query * gridDim.y * k_ + blockIdx.y * k_;
    for (std::size_t n = lane; n < items_per_step; n += warp_size) {
      const std::size_t item = first + n;
      const float score = shared().scores[q][n];
      ranked_key key = item < end && score == score ? to_key(score, static_cast<index>(item)) : 0;
      if (key <= list[k_ - 1] || in_.excludes(query, static_cast<index>(item))) key = 0;
      insert_keys(list, k_, key, lane);
    }
  }

  const search_view& in_;
  std::size_t k_;
  ranked_key* lists_;
  std::size_t first_query_;
};

/// Searches `per_run` items for a group of queries; lists[query][run][k], zeros before.
__global__ void __launch_bounds__(search_block::threads)
    search_items(search_view in, std::size_t k, std::size_t per_run, ranked_key* lists) {
  const std::size_t first = blockIdx.y * per_run;
  const std::size_t end = first + per_run < in.num_items ? first + per_run : in.num_items;
  search_block(in, k, lists).search(first, end);
}

}  // namespace kindred::gpu
