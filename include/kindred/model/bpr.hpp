#pragma once

#include <kindred/kernel/ranking_sgd.hpp>
#include <kindred/model/interaction_value.hpp>
#include <kindred/model/ranking_mf.hpp>
#include <kindred/train/learning_rate.hpp>

#include <cstdint>
#include <string_view>

namespace kindred {

/// Options of `bpr`.
struct bpr_options {
  static constexpr std::string_view kind = "bpr";
  static constexpr kernel::pair_loss loss = kernel::pair_loss::logistic;

  int factors = 64;   ///< length of the latent vectors, in [1, 4096]
  int epochs = 40;    ///< passes over the interactions, >= 1
  int negatives = 4;  ///< drawn for each interaction in an epoch, in [1, 1024]
  /// Negatives are drawn in proportion to their number of ratings to this power, in [0, 2]: 0 is
  /// uniformly, and 1 as often as the positives of others in a batch come.
  double popularity_power = 0.5;
  interaction_value values = interaction_value::one;  ///< what weighs an interaction
  learning_rate_schedule schedule = learning_rate_schedule::adagrad;
  double learning_rate = 0.1;        ///< step size, > 0
  double learning_rate_decay = 0.1;  ///< of the inverse_time schedule, >= 0
  /// L2 penalties, for each interaction, on the factors and the biases of its user and items, >= 0.
  double regularization = 0.01;
  double bias_regularization = 0.01;
  bool biases = true;       ///< adds a number for each item to its scores
  double init_scale = 0.1;  ///< standard deviation of the initial factors, > 0
  std::uint64_t seed = 42;
  /// Blocks a side of the grid of tiles, even, in [0, 1024]; 0 chooses by the size of the data.
  /// Results depend on it, never on the number of threads, of which it can feed half as many.
  int blocks = 0;

  friend bool operator==(const bpr_options&, const bpr_options&) = default;
};

/// Bayesian personalized ranking: the log-likelihood that a user prefers what was chosen to what
/// was not, log sigmoid(x - y) of their scores (Rendle, Freudenthaler, Gantner, Schmidt-Thieme,
/// "BPR: Bayesian personalized ranking from implicit feedback", UAI 2009).
using bpr = ranking_mf<bpr_options>;

}  // namespace kindred
