#pragma once

#include <kindred/backend/cuda/plan.hpp>
#include <kindred/core/host_device.hpp>
#include <kindred/core/types.hpp>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

namespace kindred::gpu {

/// Shape of the rows of so many unknowns: shape_of_rows, but for 64 factors and a bias, which would
/// be half zeros.
[[nodiscard]] constexpr row_shape shape_of_als_rows(std::size_t width) noexcept {
  const bool odd = width > 2 * warp_size && width <= 3 * warp_size;
  return odd ? row_shape{1, 3 * warp_size} : shape_of_rows(width);
}

/// From one row to the next of the matrix of `width` unknowns with its right side, whole cache
/// lines.
[[nodiscard]] KINDRED_HOST_DEVICE constexpr std::size_t row_of_matrix(std::size_t width) noexcept {
  return (width + warp_size) / warp_size * warp_size;
}

/// How many of them are worked on at a time: as many as a device has room to work on, but no more
/// than 256 MB.
[[nodiscard]] constexpr std::size_t matrices_at_once(std::size_t width,
                                                     std::size_t processors) noexcept {
  constexpr std::size_t most = std::size_t{1} << 26;
  constexpr std::size_t per_processor = 16;
  return std::clamp<std::size_t>(most / (width * row_of_matrix(width)), 1,
                                 per_processor * processors);
}

inline constexpr std::size_t most_gramian_parts = std::size_t{1} << 24;  ///< in numbers

/// How many rows go into a part of a Gramian, so that the parts take no more than that, or are one.
/// A function of the data alone, as the result depends on it.
[[nodiscard]] constexpr std::size_t rows_per_gramian(std::size_t rows,
                                                     std::size_t stride) noexcept {
  constexpr std::size_t least = 2048;
  const std::size_t most_parts =
      std::clamp<std::size_t>(most_gramian_parts / (stride * stride), 1, 4096);
  return std::max(least, (rows + most_parts - 1) / most_parts);
}

/// Cuts rows into runs of at most `most` entries, or of one row; where they begin, and the end.
[[nodiscard]] inline std::vector<std::size_t> runs_of_rows(std::span<const index> offsets,
                                                           std::size_t most) {
  std::vector<std::size_t> begins{0};
  for (std::size_t row = 1; row < offsets.size(); ++row) {
    const auto first = static_cast<std::size_t>(offsets[begins.back()]);
    const auto end = static_cast<std::size_t>(offsets[row]);
    if (end - first > most && row - 1 > begins.back()) begins.push_back(row - 1);
  }
  if (offsets.size() > 1) begins.push_back(offsets.size() - 1);
  return begins;
}

/// The rows of each run, those with many entries first, so that none of them is begun last.
[[nodiscard]] inline std::vector<index> order_of_rows(std::span<const index> offsets,
                                                      std::span<const std::size_t> runs) {
  std::vector<index> order(offsets.size() - 1);
  std::iota(order.begin(), order.end(), 0);
  const auto count = [&](index row) {
    return offsets[static_cast<std::size_t>(row) + 1] - offsets[static_cast<std::size_t>(row)];
  };
  for (std::size_t r = 0; r + 1 < runs.size(); ++r)
    std::stable_sort(order.begin() + static_cast<std::ptrdiff_t>(runs[r]),
                     order.begin() + static_cast<std::ptrdiff_t>(runs[r + 1]),
                     [&](index a, index b) { return count(a) > count(b); });
  return order;
}

[[nodiscard]] inline std::size_t longest_row(std::span<const index> offsets) noexcept {
  index most = 0;
  for (std::size_t row = 1; row < offsets.size(); ++row)
    most = std::max(most, offsets[row] - offsets[row - 1]);
  return static_cast<std::size_t>(most);
}

/// What alternating least squares takes of a device, in bytes; the entries of either side go to it
/// all at once, or run by run through one of two buffers.
struct als_memory {
  std::size_t fixed = 0;    ///< all but the entries
  std::size_t entries = 0;  ///< of both sides
  std::size_t of_entry = 0;
  std::size_t longest_row = 0;  ///< in entries

  [[nodiscard]] constexpr std::size_t least() const noexcept {
    return fixed + std::min(entries, 2 * longest_row * of_entry);
  }
  /// How many entries fit a buffer, and 0 if all of them stay on the device.
  [[nodiscard]] constexpr std::size_t streamed(std::size_t budget) const noexcept {
    if (fixed + entries <= budget || entries <= 2 * longest_row * of_entry) return 0;
    return std::max(longest_row, (budget - std::min(budget, fixed)) / (2 * of_entry));
  }
};

}  // namespace kindred::gpu
