#pragma once

#include <kindred/core/types.hpp>
#include <kindred/kernel/als_terms.hpp>

#include <cstddef>

namespace kindred::gpu {

/// One side of a problem of least squares in device memory, and what its rows are made of; see
/// als_problem.
struct als_view {
  const index* offsets;
  const index* others;   ///< of entry n at n - origin, as with the next two
  const float* values;   ///< or null
  const float* weights;  ///< or null
  std::size_t origin;
  const float* penalties;
  float* rows;
  const float* fixed;    ///< rows of the other side
  const float* gramian;  ///< of these, or null
  std::size_t stride;    ///< from row to row, of the Gramian too; zeros behind the unknowns
  std::size_t width;     ///< unknowns of a row
  std::size_t bias;      ///< which of them is the bias; `stride` if none is
  float bias_penalty;
  kernel::als_terms terms;

  [[nodiscard]] __device__ std::size_t begin(index row) const noexcept {
    return static_cast<std::size_t>(offsets[row]);
  }
  [[nodiscard]] __device__ std::size_t end(index row) const noexcept {
    return static_cast<std::size_t>(offsets[row + 1]);
  }
  [[nodiscard]] __device__ float* row(index r) const noexcept {
    return rows + static_cast<std::size_t>(r) * stride;
  }
  /// Element f of an entry's row, which multiplies unknown f.
  [[nodiscard]] __device__ float element(const float* other, std::size_t f) const noexcept {
    return f == bias ? 1.0F : other[f];
  }
  [[nodiscard]] __device__ const float* other(std::size_t entry) const noexcept {
    return fixed + static_cast<std::size_t>(others[entry - origin]) * stride;
  }
  [[nodiscard]] __device__ float value(std::size_t entry) const noexcept {
    return values == nullptr ? 1.0F : values[entry - origin];
  }
  [[nodiscard]] __device__ kernel::als_term term(std::size_t entry,
                                                 const float* other) const noexcept {
    const float weight = weights == nullptr ? 1.0F : weights[entry - origin];
    return terms(value(entry), weight, bias < stride ? other[bias] : 0.0F);
  }
  [[nodiscard]] __device__ float penalty(index row, std::size_t f) const noexcept {
    return f == bias ? bias_penalty * penalties[row] : penalties[row];
  }
};

}  // namespace kindred::gpu
