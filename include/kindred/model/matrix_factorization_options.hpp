#pragma once

#include <kindred/backend/rating_tiles.hpp>
#include <kindred/core/error.hpp>
#include <kindred/core/option_fields.hpp>
#include <kindred/train/learning_rate.hpp>

#include <cstdint>

namespace kindred {

/// Options of `matrix_factorization`. The defaults suit star ratings.
struct matrix_factorization_options {
  /// Length of the latent vectors, 0 .. 4096; 0 leaves the biases alone.
  int factors = 64;
  /// Passes over the ratings, >= 0; 0 leaves the initial values.
  int epochs = 20;
  learning_rate_schedule schedule = learning_rate_schedule::adagrad;
  /// Step size, > 0. AdaGrad wants about 0.05 .. 0.2, the other schedules 0.002 .. 0.02.
  double learning_rate = 0.05;
  /// Of the inverse_time schedule, >= 0.
  double learning_rate_decay = 0.1;
  /// L2 penalty on the factors of each rating's user and item, >= 0.
  double regularization = 0.1;
  /// L2 penalty on the biases, likewise.
  double bias_regularization = 0.02;
  /// The penalty of a row with n ratings is multiplied by (mean n / n)^frequency_exponent, in
  /// [0, 1]: 0 penalises each rating alike, 1 each row alike (Rendle, Krichene, Zhang, Koren,
  /// "Revisiting the performance of iALS on item recommendation benchmarks", RecSys 2022, eq. 4).
  double frequency_exponent = 0;
  /// r = mean + b_u + b_i + p_u.q_i with biases, r = p_u.q_i without.
  bool biases = true;
  /// Keeps all factors >= 0 by projection after each step.
  bool nonnegative = false;
  /// Holds `predict` to the range of the training ratings. `score` is never held.
  bool clip = true;
  /// Standard deviation of the initial factors, >= 0.
  double init_scale = 0.01;
  std::uint64_t seed = 42;
  /// Blocks a side of the grid of tiles, 0 .. 1024; 0 chooses by the size of the data. Results
  /// depend on it, never on the number of threads, of which it can feed as many.
  int blocks = 0;

  friend bool operator==(const matrix_factorization_options&,
                         const matrix_factorization_options&) = default;
};

template <maybe_const<matrix_factorization_options> Options, class Field>
void for_each_option(Options& o, const Field& field) {
  field("factors", o.factors);
  field("epochs", o.epochs);
  field("schedule", o.schedule);
  field("learning_rate", o.learning_rate);
  field("learning_rate_decay", o.learning_rate_decay);
  field("regularization", o.regularization);
  field("bias_regularization", o.bias_regularization);
  field("frequency_exponent", o.frequency_exponent);
  field("biases", o.biases);
  field("nonnegative", o.nonnegative);
  field("clip", o.clip);
  field("init_scale", o.init_scale);
  field("seed", o.seed);
  field("blocks", o.blocks);
}

/// Throws option_error for the first option outside its range.
inline void check_options(const matrix_factorization_options& o) {
  require_option(o.factors >= 0 && o.factors <= 4096, "factors", o.factors, "[0, 4096]");
  require_option(o.epochs >= 0, "epochs", o.epochs, "[0, 2147483647]");
  const auto schedule = static_cast<int>(o.schedule);
  constexpr auto last_schedule = static_cast<int>(learning_rate_schedule::adagrad);
  require_option(schedule >= 0 && schedule <= last_schedule, "schedule", schedule,
                 "{constant, inverse_time, adagrad}");
  require_option(o.learning_rate > 0 && o.learning_rate < 1e6, "learning_rate", o.learning_rate,
                 "(0, 1e6)");
  require_option(o.learning_rate_decay >= 0 && o.learning_rate_decay < 1e6, "learning_rate_decay",
                 o.learning_rate_decay, "[0, 1e6)");
  require_option(o.regularization >= 0 && o.regularization < 1e6, "regularization",
                 o.regularization, "[0, 1e6)");
  require_option(o.bias_regularization >= 0 && o.bias_regularization < 1e6, "bias_regularization",
                 o.bias_regularization, "[0, 1e6)");
  require_option(o.frequency_exponent >= 0 && o.frequency_exponent <= 1, "frequency_exponent",
                 o.frequency_exponent, "[0, 1]");
  require_option(o.init_scale >= 0 && o.init_scale < 1e3, "init_scale", o.init_scale, "[0, 1e3)");
  constexpr int most_blocks = static_cast<int>(rating_tiles::max_blocks);
  require_option(o.blocks >= 0 && o.blocks <= most_blocks, "blocks", o.blocks, "[0, 1024]");
}

}  // namespace kindred
