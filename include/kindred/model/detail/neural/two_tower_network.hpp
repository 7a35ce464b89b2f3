#pragma once

#include <kindred/core/error.hpp>
#include <kindred/data/feature_encoder.hpp>
#include <kindred/model/two_tower_options.hpp>
#include <kindred/nn/activation.hpp>
#include <kindred/nn/branches.hpp>
#include <kindred/nn/dense.hpp>
#include <kindred/nn/embedding.hpp>
#include <kindred/nn/interaction.hpp>
#include <kindred/nn/layer.hpp>
#include <kindred/nn/matrix.hpp>
#include <kindred/nn/network.hpp>
#include <kindred/nn/parameters.hpp>
#include <kindred/nn/sequential.hpp>
#include <kindred/nn/tower.hpp>
#include <kindred/nn/unit_length.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace kindred::detail {

/// What a network of two towers gives. All have the same input and the same parameters.
enum class tower_output {
  user_vector,
  item_vector,
  vectors,  ///< the user's and, from a multiple of padded(1) on, the item's
  score     ///< their inner product
};

/// The towers' parts of the input.
class tower_input {
 public:
  tower_input(const two_tower_options& o, const feature_encoder& features)
      : dimensions_(static_cast<std::size_t>(o.dimensions)) {
    const std::size_t users = features.user_fields().size();
    const std::size_t items = features.item_fields().size();
    const std::size_t contexts = features.context_fields().size();
    user_blocks_ = blocks_of("users", o.user_tower, users + contexts);
    item_blocks_ = blocks_of("items", o.item_tower, items);
    first_item_block_ = user_blocks_;
    while (first_item_block_ * dimensions_ % nn::padded(1) != 0) ++first_item_block_;
    for (std::size_t f = 0; f < users; ++f) block_of_field_.push_back(f % user_blocks_);
    for (std::size_t f = 0; f < items; ++f)
      block_of_field_.push_back(first_item_block_ + f % item_blocks_);
    for (std::size_t c = 0; c < contexts; ++c)
      block_of_field_.push_back((users + c) % user_blocks_);
  }

  [[nodiscard]] nn::embedding_layout layout() const {
    constexpr float spread = 0.05F;  // as Keras
    nn::embedding_layout input(block_of_field_.size());
    input.add({.width = dimensions_, .block_of_field = block_of_field_, .spread = spread});
    return input;
  }
  /// Columns of each tower, and where those of items begin.
  [[nodiscard]] std::size_t user_columns() const noexcept { return user_blocks_ * dimensions_; }
  [[nodiscard]] std::size_t item_columns() const noexcept { return item_blocks_ * dimensions_; }
  [[nodiscard]] std::size_t first_item_column() const noexcept {
    return first_item_block_ * dimensions_;
  }

 private:
  [[nodiscard]] static std::size_t blocks_of(const std::string& side,
                                             const nn::tower_options& tower, std::size_t fields) {
    if (fields == 0)
      throw data_error("two_tower: nothing is known of " + side + ": no ids and no features");
    return tower.hidden.empty() ? 1 : fields;
  }

  std::size_t dimensions_;
  std::size_t user_blocks_ = 0;
  std::size_t item_blocks_ = 0;
  std::size_t first_item_block_ = 0;
  std::vector<std::size_t> block_of_field_;
};

/// From the embeddings of one side to its vector.
[[nodiscard]] inline nn::layer_ptr make_vector_tower(nn::parameter_layout& layout,
                                                     std::size_t inputs,
                                                     const nn::tower_options& tower,
                                                     const two_tower_options& o,
                                                     std::uint64_t stream) {
  std::vector<nn::layer_ptr> layers;
  if (!tower.hidden.empty())
    layers.push_back(nn::make_tower(layout, inputs, tower, o.factors(), stream));
  if (o.unit_length) layers.push_back(std::make_unique<nn::unit_length>(o.factors()));
  if (layers.empty())
    layers.push_back(std::make_unique<nn::activated>(inputs, nn::activation::linear));
  return std::make_unique<nn::sequential>(std::move(layers));
}

[[nodiscard]] inline nn::network make_network(const two_tower_options& o,
                                              const feature_encoder& features,
                                              tower_output output) {
  const tower_input sides(o, features);
  nn::network result;
  result.input = sides.layout();
  nn::layer_ptr users = result.layout.within("users", [&] {
    return make_vector_tower(result.layout, sides.user_columns(), o.user_tower, o, 0);
  });
  nn::layer_ptr items = result.layout.within("items", [&] {
    return make_vector_tower(result.layout, sides.item_columns(), o.item_tower, o, 1);
  });
  std::vector<nn::branch> towers;
  if (output != tower_output::item_vector) towers.push_back({0, std::move(users)});
  if (output != tower_output::user_vector)
    towers.push_back({sides.first_item_column(), std::move(items)});
  const bool alone = towers.size() == 1;
  result.head =
      std::make_unique<nn::branches>(result.input.columns(), std::move(towers),
                                     alone ? nn::joining::concatenate : nn::joining::align);
  if (output != tower_output::score) return result;
  std::vector<nn::layer_ptr> layers;
  layers.push_back(std::move(result.head));
  layers.push_back(std::make_unique<nn::inner_product>(nn::padded(o.factors())));
  result.head = std::make_unique<nn::sequential>(std::move(layers));
  return result;
}

}  // namespace kindred::detail
