#pragma once

#include <kindred/core/error.hpp>

#include <cstdint>

namespace kindred {

/// How the weights of several models are fitted, by least squares on ratings that the models were
/// not fitted on.
struct blend_options {
  /// L2 penalty on what a weight differs from equal weights, >= 0, against the sum of squared
  /// errors; it decides between models that say almost the same.
  double regularization = 1;
  /// The share of the training ratings that `fit` holds out for the weights, in (0, 1).
  double held_out = 0.1;
  std::uint64_t seed = 42;  ///< of the choice of these

  friend bool operator==(const blend_options&, const blend_options&) = default;
};

/// Throws option_error for the first option outside its range.
inline void check_options(const blend_options& o) {
  require_option(o.regularization >= 0 && o.regularization < 1e12, "regularization",
                 o.regularization, "[0, 1e12)");
  require_option(o.held_out > 0 && o.held_out < 1, "held_out", o.held_out, "(0, 1)");
}

namespace detail {

template <class Writer>
void write_blend(Writer& out, const blend_options& options) {
  out.set("regularization", options.regularization);
  out.set("held_out", options.held_out);
  out.set("seed", options.seed);
}
template <class Reader>
[[nodiscard]] blend_options read_blend(const Reader& in) {
  return {.regularization = in.template get<double>("regularization"),
          .held_out = in.template get<double>("held_out"),
          .seed = in.template get<std::uint64_t>("seed")};
}

}  // namespace detail

}  // namespace kindred
