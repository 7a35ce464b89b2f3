#pragma once

#include <kindred/core/error.hpp>
#include <kindred/kernel/dot.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>

namespace kindred::nn {

/// Bounds on the gradient of the loss, before penalties are added to it; infinity is none. Both may
/// be set: the norm is bounded first.
struct gradient_clipping {
  /// Of all parameters' gradients taken together; a longer one is shortened to this Euclidean norm
  /// (Pascanu, Mikolov, Bengio, "On the difficulty of training recurrent neural networks", ICML
  /// 2013, algorithm 1). > 0
  double max_norm = std::numeric_limits<double>::infinity();
  /// Of each parameter's gradient; > 0.
  double max_value = std::numeric_limits<double>::infinity();

  friend bool operator==(const gradient_clipping&, const gradient_clipping&) = default;
};

/// Throws option_error for the first field outside its range.
inline void check_option(const gradient_clipping& o) {
  require_option(o.max_norm > 0, "clipping.max_norm", o.max_norm, "(0, inf]");
  require_option(o.max_value > 0, "clipping.max_value", o.max_value, "(0, inf]");
}

/// What gradients of norm `norm` are multiplied by.
[[nodiscard]] inline double scale_to(double max_norm, double norm) noexcept {
  return norm > max_norm ? max_norm / norm : 1;
}

/// The sum of the squares, added up in blocks of double precision. It is not finite when a gradient
/// is not, or has no square in float.
[[nodiscard]] inline double squared_norm(std::span<const float> gradients) noexcept {
  constexpr std::size_t block = 4096;
  double sum = 0;
  for (std::size_t begin = 0; begin < gradients.size(); begin += block) {
    const auto part = gradients.subspan(begin, std::min(block, gradients.size() - begin));
    sum += static_cast<double>(kernel::dot(part.data(), part.data(), part.size()));
  }
  return sum;
}

}  // namespace kindred::nn
