#pragma once

#include <kindred/core/error.hpp>
#include <kindred/data/feature_encoder.hpp>
#include <kindred/data/features.hpp>
#include <kindred/model/detail/neural/network_options.hpp>
#include <kindred/model/detail/neural/network_parts.hpp>
#include <kindred/model/neural_rating_model.hpp>
#include <kindred/nn/branches.hpp>
#include <kindred/nn/cross.hpp>
#include <kindred/nn/layer.hpp>
#include <kindred/nn/network.hpp>
#include <kindred/nn/option_fields.hpp>
#include <kindred/nn/parameters.hpp>
#include <kindred/nn/rating_loss.hpp>
#include <kindred/nn/sequential.hpp>
#include <kindred/nn/tower.hpp>
#include <kindred/nn/training_options.hpp>

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace kindred {

/// How crosses and dense layers stand to each other.
enum class dcn_structure {
  stacked,  ///< the dense layers see what the crosses make
  parallel  ///< both see the embeddings, and a linear layer joins them
};

struct dcn_options {
  static constexpr std::string_view kind = "dcn";

  int dimensions = 32;   ///< of each embedding, in [1, 1024]
  int cross_layers = 2;  ///< in [1, 16]
  dcn_structure structure = dcn_structure::stacked;
  nn::tower_options tower{};  ///< dense layers 64, 32; at least one beside parallel crosses
  bool biases = true;         ///< adds a number for each user, item and feature; the paper has none
  nn::rating_loss loss = nn::squared_error{};
  int negatives = 0;  ///< items that a user has not rated, with target 0, for each rating
  bool clip = true;   ///< holds predictions to the range of the training ratings
  nn::training_options training{};
  feature_set features{};
};

inline void check_options(const dcn_options& o) {
  detail::check_network_options(o);
  require_option(o.cross_layers >= 1 && o.cross_layers <= 16, "cross_layers", o.cross_layers,
                 "[1, 16]");
  const int structure = static_cast<int>(o.structure);
  require_option(structure == 0 || structure == 1, "structure", structure, "{stacked, parallel}");
  require_option(o.structure == dcn_structure::stacked || !o.tower.hidden.empty(), "hidden",
                 o.tower.hidden.size(), "at least one layer");
}

template <maybe_const<dcn_options> Options, class Field>
void for_each_option(Options& o, const Field& field) {
  detail::for_each_network_option(o, field);
  field("cross_layers", o.cross_layers);
  field("structure", o.structure);
}

/// Crosses of the embeddings of all fields, with dense layers after or beside them.
[[nodiscard]] inline nn::network make_network(const dcn_options& o,
                                              const feature_encoder& features) {
  detail::network_parts parts(features);
  const auto dimensions = static_cast<std::size_t>(o.dimensions);
  const std::size_t first = parts.embed_side_by_side(dimensions);
  const std::size_t width = parts.fields() * dimensions;
  const auto crosses = [&](nn::parameter_layout& layout) {
    return std::make_unique<nn::cross>(layout, width, static_cast<std::size_t>(o.cross_layers));
  };
  if (o.structure == dcn_structure::parallel) {
    std::vector<nn::branch> sides;
    sides.push_back(parts.make(first, "cross", crosses));
    sides.push_back(parts.make(first, "deep", [&](nn::parameter_layout& layout) {
      return nn::make_tower(layout, width, o.tower);
    }));
    parts.add_joined(std::move(sides));
  } else {
    parts.add(first, "deep", [&](nn::parameter_layout& layout) {
      std::vector<nn::layer_ptr> layers;
      layers.push_back(layout.within("cross", [&] { return crosses(layout); }));
      layers.push_back(nn::make_tower(layout, width, o.tower, 1));
      return std::make_unique<nn::sequential>(std::move(layers));
    });
  }
  if (o.biases) parts.add_linear();
  return parts.finish();
}

/// Explicit crosses of features and a multi-layer perceptron (Wang, Shivanna, Cheng, Jain, Lin,
/// Hong, Chi, "DCN V2: improved deep & cross network", WWW 2021).
using dcn = neural_rating_model<dcn_options>;

}  // namespace kindred
