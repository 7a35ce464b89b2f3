#pragma once

#include <kindred/core/random.hpp>

#include <cmath>
#include <cstdint>

namespace kindred::detail {

/// Random numbers one after the other, for draws that need an unknown number of them.
class variates {
 public:
  constexpr explicit variates(const counter_rng& random) noexcept : random_(random) {}

  [[nodiscard]] double uniform() noexcept { return random_.uniform(next_++); }
  [[nodiscard]] double normal() noexcept { return random_.normal(next_++); }

  /// Gamma with scale 1, whose mean and variance are `shape` > 0 (Marsaglia, Tsang, "A simple
  /// method for generating gamma variables", TOMS 26(3), 2000).
  [[nodiscard]] double gamma(double shape) noexcept {
    if (shape < 1) return gamma(shape + 1) * std::pow(1 - uniform(), 1 / shape);
    const double d = shape - 1.0 / 3;
    const double c = 1 / std::sqrt(9 * d);
    for (;;) {
      const double x = normal();
      const double root = 1 + c * x;
      if (root <= 0) continue;
      const double v = root * root * root;
      if (std::log(1 - uniform()) < x * x / 2 + d * (1 - v + std::log(v))) return d * v;
    }
  }

 private:
  counter_rng random_;
  std::uint64_t next_ = 0;
};

}  // namespace kindred::detail
