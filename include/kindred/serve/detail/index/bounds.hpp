#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

// What an index knows of scores before it computes them, and of their errors after, by the
// inequality of Cauchy and Schwarz. A query q and a row v are stored as q' and v':
//   |dot(q, v) - dot(q', v')| <= |q - q'| |v| + |q'| |v - v'|.

namespace kindred::detail {

/// Not below `x`, with room for the rounding of some operations on it.
[[nodiscard]] inline float round_up(double x) noexcept {
  return static_cast<float>(x * (1 + 0x1p-20)) + std::numeric_limits<float>::min();
}

[[nodiscard]] inline double length_of(std::span<const float> row) noexcept {
  double square = 0;
  for (const float x : row) square += static_cast<double>(x) * static_cast<double>(x);
  return std::sqrt(square);
}

/// Of the items of a strip, at most.
struct strip_bounds {
  float radius = 0;  ///< length of (row, bias), of the row as it is and as it is stored
  float error = 0;   ///< |v - v'|

  void cover(std::span<const float> row, float bias, double stored_length, double row_error) {
    const double length = std::max(length_of(row), stored_length);
    radius = std::max(radius, round_up(std::hypot(length, static_cast<double>(bias))));
    error = std::max(error, round_up(row_error));
  }
};

/// Lets no radius exceed one before it.
inline void let_descend(std::span<strip_bounds> bounds) noexcept {
  for (std::size_t s = bounds.size(); s-- > 1;)
    bounds[s - 1].radius = std::max(bounds[s - 1].radius, bounds[s].radius);
}

/// Of a query.
struct query_bounds {
  float radius = 0;     ///< times a strip's radius: what a score may be
  float own_error = 0;  ///< times a strip's radius: what its own rounding does to a score
  float row_error = 0;  ///< times a strip's error: what the rounding of rows does

  /// No score of the strip is higher.
  [[nodiscard]] float reach(const strip_bounds& strip) const noexcept {
    return radius * strip.radius;
  }
  /// No score of the strip is farther from the exact one.
  [[nodiscard]] float slack(const strip_bounds& strip) const noexcept {
    return own_error * strip.radius + row_error * strip.error;
  }
};

/// `stored` is the length of q', `error` that of q - q'; `exact` says that slack shall cover the
/// difference from the score in floats, else there is none.
[[nodiscard]] inline query_bounds bounds_of_query(double length, double stored, double error,
                                                  std::size_t factors, bool exact) noexcept {
  const double radius = std::hypot(std::fmax(length, stored), 1.0);
  if (!exact) return {round_up(radius * (1 + static_cast<double>(factors) * 0x1p-23)), 0, 0};
  // Two sums of products, and some operations on each.
  const double rounding = (static_cast<double>(factors) + 16) * 0x1p-23 * radius;
  return {round_up(radius + rounding), round_up(error + rounding), round_up(stored)};
}

}  // namespace kindred::detail
