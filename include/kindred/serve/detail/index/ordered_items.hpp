#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/kernel/half.hpp>
#include <kindred/kernel/scores.hpp>
#include <kindred/serve/detail/index/bounds.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <string>
#include <vector>

namespace kindred::detail {

/// Vectors that are longer could take products out of the range of floats.
inline constexpr float longest_row = 1e18F;

/// The rows of an index and the order in which it keeps them: by descending length, with bias.
struct ordered_items {
  const float* rows = nullptr;  ///< in their own order
  std::size_t factors = 0;
  std::vector<index> names;      ///< the number of the row at each place
  aligned_vector<float> biases;  ///< one a place, and zeros to fill any strip

  [[nodiscard]] std::size_t size() const noexcept { return names.size(); }
  [[nodiscard]] std::span<const float> operator[](std::size_t place) const noexcept {
    return {rows + static_cast<std::size_t>(names[place]) * factors, factors};
  }
};

inline void require_sizes(std::size_t numbers, std::size_t factors, std::size_t biases) {
  if (numbers % factors != 0)
    throw data_error("item_index: " + to_text(numbers) + " numbers are no rows of " +
                     to_text(factors));
  if (biases != 0 && biases != numbers / factors)
    throw data_error("item_index: " + to_text(biases) + " biases for " +
                     to_text(numbers / factors) + " rows");
}

/// Throws data_error if a row or a bias is not finite or too large.
[[nodiscard]] inline ordered_items order_items(std::span<const float> rows, std::size_t factors,
                                               std::span<const float> biases, float largest) {
  require_sizes(rows.size(), factors, biases.size());
  const std::size_t count = rows.size() / factors;
  std::vector<double> lengths(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto row = rows.subspan(i * factors, factors);
    const float bias = biases.empty() ? 0 : biases[i];
    lengths[i] = std::hypot(length_of(row), static_cast<double>(bias));
    if (!(lengths[i] < longest_row) ||
        std::ranges::any_of(row, [&](float x) { return std::abs(x) > largest; }))
      throw data_error("item_index: row " + to_text(i) + " is not finite or too large");
  }
  ordered_items items{rows.data(), factors, std::vector<index>(count), {}};
  std::iota(items.names.begin(), items.names.end(), 0);
  std::ranges::stable_sort(items.names, [&](index a, index b) {
    return lengths[static_cast<std::size_t>(a)] > lengths[static_cast<std::size_t>(b)];
  });
  items.biases.assign(count + kernel::detail::widest_strip<float>, 0.0F);
  for (std::size_t place = 0; place < count && !biases.empty(); ++place)
    items.biases[place] = biases[static_cast<std::size_t>(items.names[place])];
  return items;
}

}  // namespace kindred::detail
