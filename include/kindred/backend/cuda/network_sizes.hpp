#pragma once

#include <kindred/backend/cuda/layer_bodies.hpp>
#include <kindred/backend/cuda/step_bodies.hpp>
#include <kindred/backend/network_kernels.hpp>
#include <kindred/core/types.hpp>
#include <kindred/kernel/step_rule.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace kindred::gpu {

/// Reads of a row of the embedding table that one thread adds up.
inline constexpr std::size_t reads_of_part = 64;

[[nodiscard]] constexpr std::size_t parts_of(std::size_t count, std::size_t each) noexcept {
  return (count + each - 1) / each;
}

/// The arrays of a network in training, for the largest batch.
struct network_sizes {
  std::size_t rows = 0;      ///< of the embedding table that a batch reads
  std::size_t parts = 0;     ///< of their gradients
  std::size_t widest = 0;    ///< of the matrices
  std::size_t matrices = 0;  ///< numbers in all of them
  std::size_t table = 0;     ///< numbers in it
  std::size_t state = 0;     ///< arrays that the optimizer keeps beside each other array
  std::size_t squares = 0;   ///< parts of the squared norm
  std::size_t block = 0;     ///< bytes of what is streamed for a batch

  explicit network_sizes(const network_problem& problem)
      : rows(std::min(problem.reads, problem.slots)),
        parts(rows + problem.reads / reads_of_part),
        table(problem.slots * problem.plan.row_stride),
        state(kernel::state_arrays(problem.rule)) {
    for (const std::size_t stride : problem.plan.strides) {
      widest = std::max(widest, stride);
      matrices += problem.samples * stride;
    }
    squares = parts_of(problem.plan.parameters, squares_of_part) +
              parts_of(rows * problem.plan.row_stride, squares_of_part);
    constexpr std::size_t arrays = 9;
    block = 2 * problem.reads * sizeof(embedding_read) +
            problem.samples * (sizeof(std::uint32_t) + 2 * sizeof(float)) +
            rows * (sizeof(index) + sizeof(std::uint32_t)) + parts * sizeof(std::uint32_t) +
            arrays * block_alignment;
  }

  static constexpr std::size_t block_alignment = 16;

  /// Bytes on the device, two blocks included.
  [[nodiscard]] std::size_t bytes(const network_problem& problem) const noexcept {
    const std::size_t floats = (2 + state) * problem.plan.parameters + (1 + state) * table +
                               2 * matrices + parts_of(problem.samples, rows_of_part) * widest +
                               (rows + parts) * problem.plan.row_stride +
                               problem.plan.input_column.size() + 1;  // what bounds a norm
    return floats * sizeof(float) + squares * sizeof(double) + problem.plan.is_weight.size() +
           parts_of(problem.samples, samples_of_part) * sizeof(network_sums) + 2 * block;
  }
};

}  // namespace kindred::gpu
