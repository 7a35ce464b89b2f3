#pragma once

#include <kindred/backend/cuda/rows_view.hpp>
#include <kindred/backend/network_kernels.hpp>
#include <kindred/core/host_device.hpp>
#include <kindred/core/types.hpp>

#include <cstddef>
#include <cstdint>

// What a thread of a GPU does with an embedding table: thread n calls body(n), and none needs
// another. Sums are taken in a fixed order.
namespace kindred::gpu {

/// An embedding table, and where its numbers go in the input.
struct table_view {
  float* numbers = nullptr;
  std::size_t stride = 0;
  const std::int32_t* input_column = nullptr;  ///< see network_plan
  const index* slots = nullptr;                ///< of the rows that a batch reads

  [[nodiscard]] KINDRED_HOST_DEVICE std::size_t row(std::size_t place) const noexcept {
    return static_cast<std::size_t>(slots[place]) * stride;
  }
};

/// Number k of what sample s reads, for n = s * stride + k: added to the input, which is zeros.
struct gather_inputs {
  table_view table;
  const embedding_read* reads;
  const std::uint32_t* ends;
  rows_view inputs;

  KINDRED_HOST_DEVICE void operator()(std::size_t n) const noexcept {
    const std::size_t sample = n / table.stride;
    const std::size_t k = n % table.stride;
    for (std::size_t r = sample == 0 ? 0 : ends[sample - 1]; r < ends[sample]; ++r) {
      const std::int32_t column = table.input_column[reads[r].field * table.stride + k];
      if (column >= 0)
        inputs.at(sample, static_cast<std::size_t>(column)) +=
            reads[r].value * table.numbers[table.row(reads[r].place) + k];
    }
  }
};

/// Number k of a part of the gradient of a row, for n = part * stride + k: over some of its reads.
struct scatter_parts {
  table_view table;
  const embedding_read* reads;
  const std::uint32_t* begins;  ///< of the reads of each part, and the end
  rows_view d_inputs;
  float* parts;

  KINDRED_HOST_DEVICE void operator()(std::size_t n) const noexcept {
    const std::size_t part = n / table.stride;
    const std::size_t k = n % table.stride;
    float sum = 0;
    for (std::size_t r = begins[part]; r < begins[part + 1]; ++r) {
      const std::int32_t column = table.input_column[reads[r].field * table.stride + k];
      if (column >= 0)
        sum += reads[r].value * d_inputs.at(reads[r].sample, static_cast<std::size_t>(column));
    }
    parts[n] = sum;
  }
};

/// Adds up the parts of rows: number k of row p, for n = p * stride + k.
struct add_up_rows {
  const float* parts;
  const std::uint32_t* first_part;  ///< of each row, and the end
  std::size_t stride;
  float* sums;

  KINDRED_HOST_DEVICE void operator()(std::size_t n) const noexcept {
    const std::size_t row = n / stride;
    float sum = 0;
    for (std::size_t part = first_part[row]; part < first_part[row + 1]; ++part)
      sum += parts[part * stride + n % stride];
    sums[n] = sum;
  }
};

}  // namespace kindred::gpu
