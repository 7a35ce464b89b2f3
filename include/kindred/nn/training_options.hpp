#pragma once

#include <kindred/core/error.hpp>
#include <kindred/nn/clipping.hpp>
#include <kindred/nn/optimizer.hpp>
#include <kindred/nn/schedule.hpp>

#include <cstdint>

namespace kindred::nn {

/// How a network is trained: by mini-batches, shuffled anew in every epoch.
struct training_options {
  int epochs = 20;       ///< passes over the ratings, >= 0
  int batch_size = 128;  ///< ratings a step, in [1, 65536]; more than there are is all of them
  nn::optimizer optimizer = adam{};
  nn::schedule schedule{};
  gradient_clipping clipping{};
  double l1 = 0;            ///< adds l1 |w| to the loss for each weight, not for biases; >= 0
  double l2 = 0;            ///< likewise l2 w^2 / 2
  double embedding_l2 = 0;  ///< likewise for the embeddings that a batch reads, in each step
  /// The share of ratings, in [0, 1), for which the user, and likewise the item, is hidden: their
  /// ids count as out of vocabulary. What is learnt of that is what those who are new get, beside
  /// their features (the idea of Volkovs, Yu, Poutanen, "DropoutNet", NIPS 2017).
  double hidden_ids = 0;
  std::uint64_t seed = 42;
  bool keep_state = false;  ///< the model keeps what resume() needs: up to twice its parameters

  friend bool operator==(const training_options&, const training_options&) = default;
};

/// Throws option_error for the first field outside its range.
inline void check_option(const training_options& o) {
  require_option(o.epochs >= 0, "epochs", o.epochs, "[0, 2147483647]");
  require_option(o.batch_size >= 1 && o.batch_size <= 65536, "batch_size", o.batch_size,
                 "[1, 65536]");
  check_option(o.optimizer);
  check_option(o.schedule);
  check_option(o.clipping);
  require_option(o.l1 >= 0 && o.l1 < 1e6, "l1", o.l1, "[0, 1e6)");
  require_option(o.l2 >= 0 && o.l2 < 1e6, "l2", o.l2, "[0, 1e6)");
  require_option(o.embedding_l2 >= 0 && o.embedding_l2 < 1e6, "embedding_l2", o.embedding_l2,
                 "[0, 1e6)");
  require_option(o.hidden_ids >= 0 && o.hidden_ids < 1, "hidden_ids", o.hidden_ids, "[0, 1)");
}

}  // namespace kindred::nn
