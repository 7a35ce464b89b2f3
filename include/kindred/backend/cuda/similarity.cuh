#pragma once

#include <kindred/backend/cuda/key_list.cuh>
#include <kindred/backend/cuda/plan.hpp>
#include <kindred/core/types.hpp>
#include <kindred/kernel/labelled_value.hpp>
#include <kindred/kernel/neighbor_key.hpp>
#include <kindred/kernel/similarity_measures.hpp>

#include <cfloat>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace kindred::gpu {

/// A similarity_problem in device memory.
struct similarity_view {
  const index* rows;
  std::size_t num_rows;
  const index* offsets;
  const index* columns;
  const float* values;
  const index* column_offsets;
  const kernel::labelled_value* entries;
  kernel::pair_confidence confidence;
  std::size_t most;
  float least;
  bool negative;

  /// The first entry of a column whose label is no less.
  [[nodiscard]] __device__ const kernel::labelled_value* from_label(
      index column, std::size_t label) const noexcept {
    const kernel::labelled_value* first = entries + column_offsets[column] + column;
    for (index count = column_offsets[column + 1] - column_offsets[column]; count > 0;) {
      const index half = count / 2;
      const bool before = first[half].label < label;
      first = before ? first + half + 1 : first;
      count = before ? count - half - 1 : half;
    }
    return first;
  }
  [[nodiscard]] __device__ bool wants(float similarity) const noexcept {
    const float near = negative ? std::fabs(similarity) : similarity;
    return near >= least && near <= FLT_MAX;
  }
};

/// Compares one row with windows of rows, by a warp: what it has in common with a window is added
/// up in shared memory, column by column, so that no two lanes meet and sums come in the order of
/// the processor. Of a window only the nearest leave.
template <class Measure>
class row_window {
 public:
  using sums = typename Measure::sums;
  /// Rows of a window.
  static constexpr std::size_t size = 8192 / sizeof(sums) / warp_size * warp_size;

  __device__ row_window(const similarity_view& in, const Measure& measure, std::size_t label,
                        kernel::neighbor_key* list) noexcept
      : in_(in), measure_(measure), label_(label), list_(list), lane_(threadIdx.x) {}

  /// With rows of labels from `first` on.
  __device__ void compare(std::size_t first) noexcept {
    const std::size_t count = in_.num_rows - first < size ? in_.num_rows - first : size;
    for (std::size_t n = lane_; n < count; n += warp_size) window()[n] = sums{};
    __syncwarp();
    const auto row = static_cast<std::size_t>(in_.rows[label_]);
    const auto end = static_cast<std::size_t>(in_.offsets[row + 1]);
    for (auto k = static_cast<std::size_t>(in_.offsets[row]); k < end; k += warp_size)
      add_columns(k, end, first);
    select(first, count);
    __syncwarp();
  }

 private:
  [[nodiscard]] static __device__ sums* window() noexcept {
    // Their constructors must not run, so bytes.
    alignas(8) __shared__ unsigned char bytes[size * sizeof(sums)];
    return reinterpret_cast<sums*>(bytes);
  }

  /// The columns of a warp's ratings: each lane looks up where one enters the window, and then all
  /// go through one after the other.
  __device__ void add_columns(std::size_t k, std::size_t end, std::size_t first) noexcept {
    const std::size_t mine = k + lane_;
    const kernel::labelled_value* begin = in_.entries;
    const kernel::labelled_value* stop = begin;
    float value = 0;
    if (mine < end) {
      begin = in_.from_label(in_.columns[mine], first);
      stop = in_.from_label(in_.columns[mine], first + size);
      value = in_.values[mine];
    }
    const auto from = static_cast<std::uint64_t>(begin - in_.entries);
    const auto to = static_cast<std::uint64_t>(stop - in_.entries);
    for (int c = 0; c < static_cast<int>(warp_size) && k + static_cast<std::size_t>(c) < end; ++c) {
      const float own = __shfl_sync(0xffffffffU, value, c);
      const std::uint64_t last = __shfl_sync(0xffffffffU, to, c);
      for (std::uint64_t e = __shfl_sync(0xffffffffU, from, c) + lane_; e < last; e += warp_size)
        window()[in_.entries[e].label - first].add(own, in_.entries[e].value);
      __syncwarp();
    }
  }

  __device__ void select(std::size_t first, std::size_t count) noexcept {
    for (std::size_t begin = 0; begin < count; begin += warp_size) {
      const std::size_t n = begin + lane_;
      const std::size_t other = first + n;
      kernel::neighbor_key key = 0;
      if (n < count && other != label_) {
        const float similarity = measure_(window()[n], label_, other) *
                                 kernel::confidence_in(in_.confidence, window()[n]);
        if (in_.wants(similarity)) key = kernel::to_neighbor_key(similarity, in_.rows[other]);
      }
      insert_keys(list_, in_.most, key, lane_);
    }
  }

  const similarity_view& in_;
  const Measure& measure_;
  std::size_t label_;
  kernel::neighbor_key* list_;
  std::size_t lane_;
};

/// Thread block (n, r), a warp, compares the row of label first + n with every gridDim.y-th window;
/// lists[n][r] has the nearest there, zeros before.
template <class Measure>
__global__ void __launch_bounds__(warp_size)
    compare_rows(similarity_view in, Measure measure, std::size_t first,
                 kernel::neighbor_key* lists) {
  constexpr std::size_t size = row_window<Measure>::size;
  row_window<Measure> row(in, measure, first + blockIdx.x,
                          lists + (blockIdx.x * gridDim.y + blockIdx.y) * in.most);
  for (std::size_t begin = blockIdx.y * size; begin < in.num_rows; begin += gridDim.y * size)
    row.compare(begin);
}

}  // namespace kindred::gpu
