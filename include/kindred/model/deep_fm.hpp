#pragma once

#include <kindred/data/feature_encoder.hpp>
#include <kindred/data/features.hpp>
#include <kindred/model/detail/neural/network_options.hpp>
#include <kindred/model/detail/neural/network_parts.hpp>
#include <kindred/model/neural_rating_model.hpp>
#include <kindred/nn/interaction.hpp>
#include <kindred/nn/network.hpp>
#include <kindred/nn/option_fields.hpp>
#include <kindred/nn/parameters.hpp>
#include <kindred/nn/rating_loss.hpp>
#include <kindred/nn/tower.hpp>
#include <kindred/nn/training_options.hpp>

#include <cstddef>
#include <memory>
#include <string_view>

namespace kindred {

struct deep_fm_options {
  static constexpr std::string_view kind = "deep_fm";

  int dimensions = 32;        ///< of each embedding, in [1, 1024]
  nn::tower_options tower{};  ///< dense layers 64, 32 and, after them, 1
  bool biases = true;         ///< adds a number for each user, item and feature: the linear part
  nn::rating_loss loss = nn::squared_error{};
  int negatives = 0;  ///< items that a user has not rated, with target 0, for each rating
  bool clip = true;   ///< holds predictions to the range of the training ratings
  nn::training_options training{};
  feature_set features{};
};

inline void check_options(const deep_fm_options& o) { detail::check_network_options(o); }

template <maybe_const<deep_fm_options> Options, class Field>
void for_each_option(Options& o, const Field& field) {
  detail::for_each_network_option(o, field);
}

/// The inner products of all pairs of fields, and dense layers of the same embeddings.
[[nodiscard]] inline nn::network make_network(const deep_fm_options& o,
                                              const feature_encoder& features) {
  detail::network_parts parts(features);
  const auto dimensions = static_cast<std::size_t>(o.dimensions);
  const std::size_t first = parts.embed_side_by_side(dimensions);
  parts.add(first, "pairs", [&](nn::parameter_layout&) {
    return std::make_unique<nn::pairwise_products>(parts.fields(), dimensions);
  });
  parts.add(first, "deep", [&](nn::parameter_layout& layout) {
    return nn::make_tower(layout, parts.fields() * dimensions, o.tower, 1);
  });
  if (o.biases) parts.add_linear();
  return parts.finish();
}

/// A factorization machine and a multi-layer perceptron that share their embeddings (Guo, Tang, Ye,
/// Li, He, "DeepFM", IJCAI 2017).
using deep_fm = neural_rating_model<deep_fm_options>;

}  // namespace kindred
