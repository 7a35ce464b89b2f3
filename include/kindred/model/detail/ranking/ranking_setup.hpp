#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/kernel/ranking_sgd.hpp>
#include <kindred/model/interaction_value.hpp>
#include <kindred/train/learning_rate.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace kindred::detail {

/// What training has to know of the options of bpr, warp and logistic_mf, one for all.
struct ranking_setup {
  kernel::pair_loss loss = kernel::pair_loss::logistic;
  std::size_t factors = 0;
  std::size_t negatives = 1;  ///< drawn for each interaction
  std::size_t trials = 0;     ///< to find one that comes close to the positive; 0: any will do
  double popularity_power = 0;
  double alpha = 1;  ///< multiplies the weights of interactions
  interaction_value values = interaction_value::one;
  learning_rate_schedule schedule = learning_rate_schedule::adagrad;
  double learning_rate = 0;
  double learning_rate_decay = 0;
  double regularization = 0;
  double bias_regularization = 0;
  bool biases = true;
  double init_scale = 0;
  std::uint64_t seed = 0;
};

/// Trained parameters in the order of the dataset's indices, row-major.
struct ranking_factors {
  aligned_vector<float> users;
  aligned_vector<float> items;
  aligned_vector<float> item_biases;
};

/// How many blocks a side the grid of tiles gets: an even number, since items compete in pairs of
/// blocks, and a function of the data alone. The rows of two blocks of items should stay in the
/// cache of a core, and half the blocks is what threads can share.
[[nodiscard]] inline std::size_t ranking_blocks(const dataset& ratings,
                                                std::size_t row_bytes) noexcept {
  constexpr double ratings_per_task = 4096;
  constexpr double cached_bytes = 512 * 1024;
  constexpr index rows_per_block = 16;
  const double by_cache =
      static_cast<double>(ratings.num_items()) * static_cast<double>(row_bytes) / cached_bytes;
  const double by_task =
      std::min(std::sqrt(static_cast<double>(ratings.size()) / ratings_per_task), 16.0);
  const auto wanted = static_cast<std::size_t>(std::clamp(std::max(by_cache, by_task), 1.0, 128.0));
  const index rows = std::min(ratings.num_users(), ratings.num_items());
  return 2 *
         std::clamp<std::size_t>(static_cast<std::size_t>(rows / (2 * rows_per_block)), 1, wanted);
}

}  // namespace kindred::detail
