#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/option_fields.hpp>

#include <cstdint>

namespace kindred {

/// Options of `svdpp`. The defaults suit star ratings.
struct svdpp_options {
  int factors = 32;  ///< length of the latent vectors, in [1, 4096]
  int epochs = 30;   ///< passes over the ratings, >= 0
  double learning_rate = 0.01;
  /// The rate of epoch e is learning_rate / (1 + learning_rate_decay (e - 1)); >= 0.
  double learning_rate_decay = 0.05;
  double bias_regularization = 0.02;      ///< on the square of each bias, for each rating, >= 0
  double factor_regularization = 0.08;    ///< on those of p_u and q_i, >= 0
  double implicit_regularization = 0.08;  ///< on that of y_i, >= 0
  /// Users whose ratings are learnt from at the same time, >= 1: as many as give all threads work,
  /// and so few that the steps that they ask of an item, taken at once, are not too long.
  int batch = 32;
  bool clip = true;         ///< holds `predict` to the range of the training ratings
  double init_scale = 0.1;  ///< standard deviation of the initial factors, >= 0
  std::uint64_t seed = 42;

  friend bool operator==(const svdpp_options&, const svdpp_options&) = default;
};

template <maybe_const<svdpp_options> Options, class Field>
void for_each_option(Options& o, const Field& field) {
  field("factors", o.factors);
  field("epochs", o.epochs);
  field("learning_rate", o.learning_rate);
  field("learning_rate_decay", o.learning_rate_decay);
  field("bias_regularization", o.bias_regularization);
  field("factor_regularization", o.factor_regularization);
  field("implicit_regularization", o.implicit_regularization);
  field("batch", o.batch);
  field("clip", o.clip);
  field("init_scale", o.init_scale);
  field("seed", o.seed);
}

/// Throws option_error for the first option outside its range.
inline void check_options(const svdpp_options& o) {
  const auto require_penalty = [](std::string_view name, double value) {
    require_option(value >= 0 && value < 1e6, name, value, "[0, 1e6)");
  };
  require_option(o.factors >= 1 && o.factors <= 4096, "factors", o.factors, "[1, 4096]");
  require_option(o.epochs >= 0, "epochs", o.epochs, "[0, 2147483647]");
  require_option(o.learning_rate > 0 && o.learning_rate < 1e6, "learning_rate", o.learning_rate,
                 "(0, 1e6)");
  require_penalty("learning_rate_decay", o.learning_rate_decay);
  require_penalty("bias_regularization", o.bias_regularization);
  require_penalty("factor_regularization", o.factor_regularization);
  require_penalty("implicit_regularization", o.implicit_regularization);
  require_option(o.batch >= 1 && o.batch <= 1 << 20, "batch", o.batch, "[1, 1048576]");
  require_option(o.init_scale >= 0 && o.init_scale < 1e3, "init_scale", o.init_scale, "[0, 1e3)");
}

}  // namespace kindred
