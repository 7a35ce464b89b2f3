#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/option_fields.hpp>
#include <kindred/model/als_solver.hpp>
#include <kindred/model/interaction_value.hpp>

#include <cstdint>

namespace kindred {

/// Options of `implicit_als`.
struct implicit_als_options {
  int factors = 64;  ///< length of the latent vectors, in [1, 4096]
  int epochs = 16;   ///< passes over users and items, >= 1
  /// What a pair without an interaction weighs, >= 0: the one number to tune, with the
  /// regularization, from some hundredths, for many items, to 1.
  double unobserved_weight = 0.1;
  /// An interaction weighs unobserved_weight + alpha times its value; > 0.
  double alpha = 1;
  /// L2 penalty, > 0, times (n + unobserved_weight * m)^frequency_exponent for a row with n
  /// interactions out of m possible.
  double regularization = 0.003;
  /// In [0, 1]: 0 penalises each row alike, 1 in proportion to what its pairs weigh.
  double frequency_exponent = 1;
  interaction_value values = interaction_value::one;
  als_solver solver = conjugate_gradient{};
  /// Standard deviation of the initial length of an item's vector, > 0.
  double init_scale = 1;
  std::uint64_t seed = 42;

  friend bool operator==(const implicit_als_options&, const implicit_als_options&) = default;
};

template <maybe_const<implicit_als_options> Options, class Field>
void for_each_option(Options& o, const Field& field) {
  field("factors", o.factors);
  field("epochs", o.epochs);
  field("unobserved_weight", o.unobserved_weight);
  field("alpha", o.alpha);
  field("regularization", o.regularization);
  field("frequency_exponent", o.frequency_exponent);
  field("values", o.values);
  field("solver", o.solver);
  field("init_scale", o.init_scale);
  field("seed", o.seed);
}

/// Throws option_error for the first option outside its range.
inline void check_options(const implicit_als_options& o) {
  require_option(o.factors >= 1 && o.factors <= 4096, "factors", o.factors, "[1, 4096]");
  require_option(o.epochs >= 1, "epochs", o.epochs, "[1, 2147483647]");
  require_option(o.unobserved_weight >= 0 && o.unobserved_weight < 1e6, "unobserved_weight",
                 o.unobserved_weight, "[0, 1e6)");
  require_option(o.alpha > 0 && o.alpha < 1e6, "alpha", o.alpha, "(0, 1e6)");
  require_option(o.regularization > 0 && o.regularization < 1e6, "regularization", o.regularization,
                 "(0, 1e6)");
  require_option(o.frequency_exponent >= 0 && o.frequency_exponent <= 1, "frequency_exponent",
                 o.frequency_exponent, "[0, 1]");
  check_option(o.values);
  check_option(o.solver);
  require_option(o.init_scale > 0 && o.init_scale < 1e3, "init_scale", o.init_scale, "(0, 1e3)");
}

}  // namespace kindred
