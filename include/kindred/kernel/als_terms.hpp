#pragma once

#include <kindred/core/host_device.hpp>

namespace kindred::kernel {

/// What an entry with the row y of the other side adds to what the row x is to make least:
/// weight (yx)^2 - 2 target yx.
struct als_term {
  float weight = 0;
  float target = 0;
};

/// How alternating least squares makes terms of entries.
struct als_terms {
  bool all_pairs = false;       ///< as `implicit_als` does; else as `als` does
  float mean = 0;               ///< of the ratings of `als`
  float alpha = 0;              ///< of implicit_als, as is the next
  float unobserved_weight = 0;  ///< of every pair, through a Gramian

  /// `bias` is that of the other side's row.
  [[nodiscard]] KINDRED_HOST_DEVICE als_term operator()(float value, float weight,
                                                        float bias) const noexcept {
    if (!all_pairs) return {weight, weight * (value - mean - bias)};
    const float more = alpha * value;
    return {more, value > 0 ? unobserved_weight + more : 0.0F};
  }

  /// What an entry adds to the error that reports tell, for a score with both biases in it.
  [[nodiscard]] KINDRED_HOST_DEVICE double error(float value, float score) const noexcept {
    if (!all_pairs) {
      const auto error = static_cast<double>(value - (mean + score));
      return error * error;
    }
    const als_term term = (*this)(value, 1, 0);
    return static_cast<double>(term.target - 2 * term.target * score + term.weight * score * score);
  }
};

}  // namespace kindred::kernel
