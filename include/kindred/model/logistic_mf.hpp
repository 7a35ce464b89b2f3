#pragma once

#include <kindred/kernel/ranking_sgd.hpp>
#include <kindred/model/interaction_value.hpp>
#include <kindred/model/ranking_mf.hpp>
#include <kindred/train/learning_rate.hpp>

#include <cstdint>
#include <string_view>

namespace kindred {

/// Options of `logistic_mf`; those without a word are as in bpr_options.
struct logistic_mf_options {
  static constexpr std::string_view kind = "logistic_mf";
  static constexpr kernel::pair_loss loss = kernel::pair_loss::pointwise;

  int factors = 64;
  int epochs = 25;
  int negatives = 4;  ///< drawn for each interaction, each of weight 1
  double popularity_power = 0.5;
  double alpha = 1;  ///< what an interaction weighs, > 0
  interaction_value values = interaction_value::one;
  learning_rate_schedule schedule = learning_rate_schedule::adagrad;
  double learning_rate = 0.1;
  double learning_rate_decay = 0.1;
  double regularization = 0.04;
  double bias_regularization = 0.01;
  bool biases = true;
  double init_scale = 0.1;
  std::uint64_t seed = 42;
  int blocks = 0;

  friend bool operator==(const logistic_mf_options&, const logistic_mf_options&) = default;
};

/// Logistic matrix factorization: the probability that a user chooses an item is sigmoid of
/// b_u + b_i + p_u.q_i (Johnson, "Logistic matrix factorization for implicit feedback data", NIPS
/// 2014 workshop), in which items that are drawn stand for all that were not chosen. Scores leave
/// b_u out, which moves all items alike.
using logistic_mf = ranking_mf<logistic_mf_options>;

}  // namespace kindred
