#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/option_fields.hpp>

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

template <maybe_const<blend_options> Options, class Field>
void for_each_option(Options& o, const Field& field) {
  field("regularization", o.regularization);
  field("held_out", o.held_out);
  field("seed", o.seed);
}

/// Throws option_error for the first option outside its range.
inline void check_options(const blend_options& o) {
  require_option(o.regularization >= 0 && o.regularization < 1e12, "regularization",
                 o.regularization, "[0, 1e12)");
  require_option(o.held_out > 0 && o.held_out < 1, "held_out", o.held_out, "(0, 1)");
}

}  // namespace kindred
