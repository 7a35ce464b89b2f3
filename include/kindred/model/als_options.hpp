#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/option_fields.hpp>
#include <kindred/model/als_solver.hpp>

#include <cstdint>

namespace kindred {

/// Options of `als`. The defaults suit star ratings.
struct als_options {
  int factors = 64;  ///< length of the latent vectors, in [1, 4096]
  int epochs = 8;    ///< passes over users and items, >= 1
  /// L2 penalty on the factors of a row with n ratings, > 0, times n^frequency_exponent.
  double regularization = 1.3;
  /// L2 penalty on its bias, > 0, likewise.
  double bias_regularization = 0.5;
  /// In [0, 1]: 0 penalises each row alike, 1 each rating (ALS-WR).
  double frequency_exponent = 0.5;
  /// r = mean + b_u + b_i + p_u.q_i with biases, r = p_u.q_i without.
  bool biases = true;
  /// Holds `predict` to the range of the training ratings. `score` is never held.
  bool clip = true;
  als_solver solver = conjugate_gradient{};
  /// Standard deviation of the initial length of an item's vector, > 0.
  double init_scale = 0.1;
  std::uint64_t seed = 42;

  friend bool operator==(const als_options&, const als_options&) = default;
};

template <maybe_const<als_options> Options, class Field>
void for_each_option(Options& o, const Field& field) {
  field("factors", o.factors);
  field("epochs", o.epochs);
  field("regularization", o.regularization);
  field("bias_regularization", o.bias_regularization);
  field("frequency_exponent", o.frequency_exponent);
  field("biases", o.biases);
  field("clip", o.clip);
  field("solver", o.solver);
  field("init_scale", o.init_scale);
  field("seed", o.seed);
}

/// Throws option_error for the first option outside its range.
inline void check_options(const als_options& o) {
  require_option(o.factors >= 1 && o.factors <= 4096, "factors", o.factors, "[1, 4096]");
  require_option(o.epochs >= 1, "epochs", o.epochs, "[1, 2147483647]");
  require_option(o.regularization > 0 && o.regularization < 1e6, "regularization", o.regularization,
                 "(0, 1e6)");
  require_option(o.bias_regularization > 0 && o.bias_regularization < 1e6, "bias_regularization",
                 o.bias_regularization, "(0, 1e6)");
  require_option(o.frequency_exponent >= 0 && o.frequency_exponent <= 1, "frequency_exponent",
                 o.frequency_exponent, "[0, 1]");
  check_option(o.solver);
  require_option(o.init_scale > 0 && o.init_scale < 1e3, "init_scale", o.init_scale, "(0, 1e3)");
}

}  // namespace kindred
