#pragma once

#include <kindred/core/parallel.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/kernel/dot.hpp>
#include <kindred/kernel/top_k.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

namespace kindred::detail {

/// Cosine of the angle between a row of length `norm` and another; NaN for a row of zeros, which
/// points nowhere.
template <class Scalar>
[[nodiscard]] float cosine_of(const Scalar* row, double norm, const Scalar* other,
                              std::size_t factors,
                              kernel::simd_level level = kernel::best_simd_level()) noexcept {
  const auto square = static_cast<double>(kernel::dot(other, other, factors, level));
  const auto product = static_cast<double>(kernel::dot(row, other, factors, level));
  if (!(square > 0)) return std::numeric_limits<float>::quiet_NaN();
  return static_cast<float>(std::clamp(product / (norm * std::sqrt(square)), -1.0, 1.0));
}

/// The same for each of `count` rows. In parallel; O(count x factors).
template <class Scalar>
[[nodiscard]] aligned_vector<float> cosines(const Scalar* rows, std::size_t count,
                                            std::size_t factors, const Scalar* row, double norm) {
  aligned_vector<float> cosine(count);
  const auto level = kernel::best_simd_level();
  parallel_for(count, 1024, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i)
      cosine[i] = cosine_of(row, norm, rows + i * factors, factors, level);
  });
  return cosine;
}

/// The k rows nearest to row `query` by cosine, without itself and without rows of zeros; none if
/// it is all zeros itself. Precondition: 0 <= query < count.
template <class Scalar>
[[nodiscard]] std::vector<scored_item> nearest_rows(const Scalar* rows, index count,
                                                    std::size_t factors, index query,
                                                    std::size_t k) {
  const auto size = static_cast<std::size_t>(count);
  const Scalar* const row = rows + static_cast<std::size_t>(query) * factors;
  const double norm = std::sqrt(static_cast<double>(kernel::dot(row, row, factors)));
  if (!(norm > 0)) return {};
  const auto cosine = cosines(rows, size, factors, row, norm);
  std::vector<scored_item> nearest(std::min(k, size - 1));
  top_k_selector best(nearest);
  for (index i = 0; i < count; ++i)
    if (i != query) best.push({i, cosine[static_cast<std::size_t>(i)]});
  nearest.resize(best.finish().size());
  return nearest;
}

}  // namespace kindred::detail
