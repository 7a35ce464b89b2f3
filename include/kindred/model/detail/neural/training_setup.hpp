#pragma once

#include <kindred/data/feature_encoder.hpp>
#include <kindred/model/detail/neural/network_state.hpp>
#include <kindred/model/detail/neural/network_training.hpp>
#include <kindred/model/detail/neural/rating_objective.hpp>
#include <kindred/nn/network.hpp>
#include <kindred/nn/training_options.hpp>

#include <functional>
#include <memory>
#include <stop_token>

namespace kindred::detail {

/// What a fit trains; all of it outlives the training.
struct training_setup {
  const nn::network& recipe;
  const feature_encoder& features;
  const nn::training_options& options;
  const task_loss& task;  ///< the first
  rating_objective& goal;
  const std::stop_token& stop;
};

/// Begins a training on some backend.
using training_maker =
    std::function<std::unique_ptr<network_training>(const training_setup&, network_state)>;

}  // namespace kindred::detail
