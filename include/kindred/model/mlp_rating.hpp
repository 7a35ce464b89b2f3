#pragma once

#include <kindred/data/feature_encoder.hpp>
#include <kindred/data/features.hpp>
#include <kindred/model/detail/neural/network_options.hpp>
#include <kindred/model/detail/neural/network_parts.hpp>
#include <kindred/model/neural_rating_model.hpp>
#include <kindred/nn/network.hpp>
#include <kindred/nn/option_fields.hpp>
#include <kindred/nn/parameters.hpp>
#include <kindred/nn/rating_loss.hpp>
#include <kindred/nn/tower.hpp>
#include <kindred/nn/training_options.hpp>

#include <cstddef>
#include <string_view>

namespace kindred {

struct mlp_rating_options {
  static constexpr std::string_view kind = "mlp_rating";

  int dimensions = 32;        ///< of each embedding, in [1, 1024]
  nn::tower_options tower{};  ///< dense layers 64, 32 and, after them, 1
  bool biases = true;         ///< adds a number for each user, item and feature: the wide part
  nn::rating_loss loss = nn::squared_error{};
  int negatives = 0;  ///< items that a user has not rated, with target 0, for each rating
  bool clip = true;   ///< holds predictions to the range of the training ratings
  nn::training_options training{};
  feature_set features{};
};

inline void check_options(const mlp_rating_options& o) { detail::check_network_options(o); }

template <maybe_const<mlp_rating_options> Options, class Field>
void for_each_option(Options& o, const Field& field) {
  detail::for_each_network_option(o, field);
}

/// The embeddings of all fields side by side, then dense layers.
[[nodiscard]] inline nn::network make_network(const mlp_rating_options& o,
                                              const feature_encoder& features) {
  detail::network_parts parts(features);
  const auto dimensions = static_cast<std::size_t>(o.dimensions);
  const std::size_t deep = parts.embed_side_by_side(dimensions);
  parts.add(deep, "deep", [&](nn::parameter_layout& layout) {
    return nn::make_tower(layout, parts.fields() * dimensions, o.tower, 1);
  });
  if (o.biases) parts.add_linear();
  return parts.finish();
}

/// Embeddings of users, of items and of their features, concatenated and put through a multi-layer
/// perceptron: the ranking model of TensorFlow Recommenders and of many before it. With `biases` it
/// is wide and deep (Cheng et al., "Wide & deep learning for recommender systems", DLRS 2016).
using mlp_rating = neural_rating_model<mlp_rating_options>;

}  // namespace kindred
