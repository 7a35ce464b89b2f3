#pragma once

#include <kindred/core/error.hpp>
#include <kindred/data/feature_encoder.hpp>
#include <kindred/data/features.hpp>
#include <kindred/model/detail/neural/network_options.hpp>
#include <kindred/model/detail/neural/network_parts.hpp>
#include <kindred/model/neural_rating_model.hpp>
#include <kindred/nn/branches.hpp>
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
#include <utility>
#include <vector>

namespace kindred {

struct neumf_options {
  static constexpr std::string_view kind = "neumf";

  int dimensions = 32;  ///< of each embedding, in [1, 1024]; each of the two parts has its own
  nn::tower_options tower{};  ///< dense layers, at least one: 64, 32
  bool biases = true;         ///< adds a number for each user, item and feature; the paper has none
  nn::rating_loss loss = nn::squared_error{};
  int negatives = 0;  ///< items that a user has not rated, with target 0, for each rating
  bool clip = true;   ///< holds predictions to the range of the training ratings
  nn::training_options training{};
  feature_set features{};
};

inline void check_options(const neumf_options& o) {
  detail::check_network_options(o);
  require_option(!o.tower.hidden.empty(), "hidden", o.tower.hidden.size(), "at least one layer");
}

template <maybe_const<neumf_options> Options, class Field>
void for_each_option(Options& o, const Field& field) {
  detail::for_each_network_option(o, field);
}

/// The element-wise product of a user's and an item's vector, each the sum of the embeddings of its
/// fields; beside it the embeddings of all fields, through dense layers; and a linear layer of
/// both.
[[nodiscard]] inline nn::network make_network(const neumf_options& o,
                                              const feature_encoder& features) {
  detail::network_parts parts(features);
  const auto dimensions = static_cast<std::size_t>(o.dimensions);
  const std::size_t factors = parts.embed_by_side(dimensions);
  const std::size_t deep = parts.embed_side_by_side(dimensions);
  std::vector<nn::branch> sides;
  sides.push_back(parts.make(factors, "factors", [&](nn::parameter_layout&) {
    return std::make_unique<nn::halves_product>(dimensions);
  }));
  sides.push_back(parts.make(deep, "deep", [&](nn::parameter_layout& layout) {
    return nn::make_tower(layout, parts.fields() * dimensions, o.tower);
  }));
  parts.add_joined(std::move(sides));
  if (o.biases) parts.add_linear();
  return parts.finish();
}

/// Neural matrix factorization: a generalised matrix factorization and a multi-layer perceptron,
/// each with embeddings of its own (He, Liao, Zhang, Nie, Hu, Chua, "Neural collaborative
/// filtering", WWW 2017, section 3.4). The paper trains it by cross-entropy with negatives; without
/// its pre-training.
using neumf = neural_rating_model<neumf_options>;

}  // namespace kindred
