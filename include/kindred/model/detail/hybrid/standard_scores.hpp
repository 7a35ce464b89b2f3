#pragma once

#include <cmath>
#include <cstddef>
#include <span>

namespace kindred::detail {

/// Brings the finite scores to mean 0 and standard deviation 1, or all to 0 if they are alike.
inline void standardize(std::span<float> scores) noexcept {
  const auto sum_of = [&](const auto& term) {
    double sum = 0;
    for (const float score : scores)
      if (std::isfinite(score)) sum += term(static_cast<double>(score));
    return sum;
  };
  const double count = sum_of([](double) { return 1.0; });
  if (count == 0) return;
  const double mean = sum_of([](double s) { return s; }) / count;
  const double variance = sum_of([&](double s) { return (s - mean) * (s - mean); }) / count;
  const double scale = variance > 0 ? 1 / std::sqrt(variance) : 0;
  for (float& score : scores)
    if (std::isfinite(score))
      score = static_cast<float>((static_cast<double>(score) - mean) * scale);
}

}  // namespace kindred::detail
