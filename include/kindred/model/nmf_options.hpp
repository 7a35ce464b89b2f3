#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/option_fields.hpp>

#include <cstdint>
#include <string_view>

namespace kindred {

/// Options of `nmf`. The defaults suit star ratings.
struct nmf_options {
  int factors = 16;  ///< length of the latent vectors, in [1, 1024]
  int epochs = 20;   ///< passes over users and items, >= 0
  /// L2 penalty on the factors of a row with n ratings, > 0, times n^frequency_exponent.
  double regularization = 0.4;
  double bias_regularization = 0.1;  ///< on its bias, > 0, likewise
  /// In [0, 1]: 0 penalises each row alike, 1 each rating.
  double frequency_exponent = 0.7;
  /// r = mean + b_u + b_i + p_u.q_i with biases, r = p_u.q_i without.
  bool biases = true;
  /// Steps along each factor of a row before the next row's turn, in [1, 1000].
  int sweeps = 4;
  bool clip = true;  ///< holds `predict` to the range of the training ratings
  /// Mean of the initial factors, > 0; without biases it is the root of mean / factors.
  double init_scale = 0.1;
  std::uint64_t seed = 42;

  friend bool operator==(const nmf_options&, const nmf_options&) = default;
};

template <maybe_const<nmf_options> Options, class Field>
void for_each_option(Options& o, const Field& field) {
  field("factors", o.factors);
  field("epochs", o.epochs);
  field("regularization", o.regularization);
  field("bias_regularization", o.bias_regularization);
  field("frequency_exponent", o.frequency_exponent);
  field("biases", o.biases);
  field("sweeps", o.sweeps);
  field("clip", o.clip);
  field("init_scale", o.init_scale);
  field("seed", o.seed);
}

/// Throws option_error for the first option outside its range.
inline void check_options(const nmf_options& o) {
  const auto require_penalty = [](std::string_view name, double value) {
    require_option(value > 0 && value < 1e6, name, value, "(0, 1e6)");
  };
  require_option(o.factors >= 1 && o.factors <= 1024, "factors", o.factors, "[1, 1024]");
  require_option(o.epochs >= 0, "epochs", o.epochs, "[0, 2147483647]");
  require_penalty("regularization", o.regularization);
  require_penalty("bias_regularization", o.bias_regularization);
  require_option(o.frequency_exponent >= 0 && o.frequency_exponent <= 1, "frequency_exponent",
                 o.frequency_exponent, "[0, 1]");
  require_option(o.sweeps >= 1 && o.sweeps <= 1000, "sweeps", o.sweeps, "[1, 1000]");
  require_option(o.init_scale > 0 && o.init_scale < 1e3, "init_scale", o.init_scale, "(0, 1e3)");
}

}  // namespace kindred
