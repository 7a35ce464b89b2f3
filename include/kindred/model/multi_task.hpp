#pragma once

#include <kindred/core/error.hpp>
#include <kindred/data/feature_encoder.hpp>
#include <kindred/data/features.hpp>
#include <kindred/model/detail/neural/network_options.hpp>
#include <kindred/model/detail/neural/network_parts.hpp>
#include <kindred/model/neural_rating_model.hpp>
#include <kindred/model/rating_task.hpp>
#include <kindred/nn/branches.hpp>
#include <kindred/nn/layer.hpp>
#include <kindred/nn/network.hpp>
#include <kindred/nn/option_fields.hpp>
#include <kindred/nn/parameters.hpp>
#include <kindred/nn/sequential.hpp>
#include <kindred/nn/tower.hpp>
#include <kindred/nn/training_options.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kindred {

struct multi_task_options {
  static constexpr std::string_view kind = "multi_task";

  /// What is learnt; the first is what the model predicts and ranks by.
  std::vector<rating_task> tasks{{.name = "rating"}};
  int dimensions = 32;                      ///< of each embedding, in [1, 1024]
  nn::tower_options tower{.hidden = {64}};  ///< dense layers that all tasks share; may be none
  nn::tower_options head{.hidden = {32}};   ///< dense layers of each task and, after them, 1
  bool biases = true;  ///< adds a number for each user, item and feature to each task
  int negatives = 0;   ///< items that a user has no event with, for each event; see rating_task
  bool clip = true;    ///< holds predictions to the range of the task's targets
  nn::training_options training{};
  feature_set features{};
};

inline void check_options(const multi_task_options& o) {
  check_options(o.tasks);
  detail::check_network_options(o);
  nn::check_option(o.head);
}

template <maybe_const<multi_task_options> Options, class Field>
void for_each_option(Options& o, const Field& field) {
  field("tasks", o.tasks);
  detail::for_each_network_option(o, field);
  field("head", o.head);
}

/// The embeddings of all fields through dense layers, from where each task has layers of its own.
[[nodiscard]] inline nn::network make_network(const multi_task_options& o,
                                              const feature_encoder& features) {
  detail::network_parts parts(features);
  const auto dimensions = static_cast<std::size_t>(o.dimensions);
  const std::size_t first = parts.embed_side_by_side(dimensions);
  parts.add(first, "deep", [&](nn::parameter_layout& layout) {
    std::size_t width = parts.fields() * dimensions;
    std::vector<nn::layer_ptr> layers;
    if (!o.tower.hidden.empty()) {
      layers.push_back(nn::make_tower(layout, width, o.tower));
      width = layers[0]->outputs();
    }
    std::vector<nn::branch> heads;
    for (std::size_t t = 0; t < o.tasks.size(); ++t)
      heads.push_back({0, layout.within("head" + std::to_string(t), [&] {
                         return nn::make_tower(layout, width, o.head, 1, t + 1);
                       })});
    layers.push_back(detail::network_parts::beside(width, std::move(heads)));
    return std::make_unique<nn::sequential>(std::move(layers));
  });
  if (o.biases) parts.add_linear(o.tasks.size());
  return parts.finish();
}

/// One network that learns several things at once, such as a rating and a click, over layers that
/// they share (Caruana, "Multitask learning", Machine Learning 28, 1997). The loss of an
/// event is the sum of those of the tasks that it has a target of, by their weights.
///
///   kindred::multi_task model{{.tasks = {{.name = "rating"},
///                                        {.name = "liked", .loss = kindred::nn::cross_entropy{},
///                                         .weight = 0.5, .at_least = 4.0F}}}};
///   model.fit(train);
///   float probability = model.predict_task(model.task("liked"), user, item);
///
/// A validation set is of the first task's ratings.
using multi_task = neural_rating_model<multi_task_options>;

}  // namespace kindred
