#pragma once

#include <kindred/kernel/ranking_sgd.hpp>
#include <kindred/model/interaction_value.hpp>
#include <kindred/model/ranking_mf.hpp>
#include <kindred/train/learning_rate.hpp>

#include <cstdint>
#include <string_view>

namespace kindred {

/// Options of `warp`; those without a word are as in bpr_options.
struct warp_options {
  static constexpr std::string_view kind = "warp";
  static constexpr kernel::pair_loss loss = kernel::pair_loss::hinge;

  int factors = 64;
  int epochs = 20;
  /// Items drawn at most for each interaction to find one that comes close, in [1, 65536]: the
  /// more, the more is learnt of what ranks high already, and the slower.
  int trials = 32;
  double popularity_power = 0;
  interaction_value values = interaction_value::one;
  learning_rate_schedule schedule = learning_rate_schedule::adagrad;
  double learning_rate = 0.05;
  double learning_rate_decay = 0.1;
  double regularization = 0.5;
  double bias_regularization = 0.01;
  bool biases = true;
  double init_scale = 0.1;
  std::uint64_t seed = 42;
  int blocks = 0;

  friend bool operator==(const warp_options&, const warp_options&) = default;
};

/// Weighted approximate-rank pairwise loss: draws items until one scores less than 1 below what was
/// chosen, and steps down the hinge loss of the two, times 1 + 1/2 + ... + 1/r, where the number of
/// draws estimates the rank r of what was chosen: a loss of precision at the top (Weston, Bengio,
/// Usunier, "WSABIE: scaling up to large vocabulary image annotation", IJCAI 2011; with AdaGrad, as
/// Kula, "Metadata embeddings for user and item cold-start recommendations", CBRecSys 2015). For
/// sums of embeddings of features see two_tower and nn::warp.
using warp = ranking_mf<warp_options>;

}  // namespace kindred
