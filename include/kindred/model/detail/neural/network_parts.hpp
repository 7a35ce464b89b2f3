#pragma once

#include <kindred/core/error.hpp>
#include <kindred/data/feature_encoder.hpp>
#include <kindred/nn/branches.hpp>
#include <kindred/nn/dense.hpp>
#include <kindred/nn/embedding.hpp>
#include <kindred/nn/interaction.hpp>
#include <kindred/nn/layer.hpp>
#include <kindred/nn/network.hpp>
#include <kindred/nn/parameters.hpp>
#include <kindred/nn/sequential.hpp>

#include <cmath>
#include <cstddef>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace kindred::detail {

/// Puts a network together whose output is the sum of its branches.
class network_parts {
 public:
  explicit network_parts(const feature_encoder& features)
      : users_(features.user_fields().size()),
        items_(features.item_fields().size()),
        fields_(users_ + items_ + features.context_fields().size()),
        input_(fields_) {}

  /// Fields of users, items and contexts together.
  [[nodiscard]] std::size_t fields() const noexcept { return fields_; }

  /// An embedding for each field, side by side. Returns the first column of the input, as all that
  /// follow.
  std::size_t embed_side_by_side(std::size_t dimensions) {
    std::vector<std::size_t> blocks(fields_);
    std::iota(blocks.begin(), blocks.end(), std::size_t{0});
    return embed(dimensions, std::move(blocks));
  }
  /// The sum of the embeddings of a user's fields, then that of an item's.
  std::size_t embed_by_side(std::size_t dimensions) {
    std::vector<std::size_t> blocks(fields_, nn::no_block);
    for (std::size_t f = 0; f < users_ + items_; ++f) blocks[f] = f < users_ ? 0 : 1;
    return embed(dimensions, std::move(blocks));
  }

  /// Columns of the input so far.
  [[nodiscard]] std::size_t columns() const noexcept { return input_.columns(); }

  /// A branch that sees the columns from `first` on. `build(layout)` makes its layer.
  template <class Build>
  void add(std::size_t first, const std::string& name, const Build& build) {
    branches_.push_back(make(first, name, build));
  }
  /// One for add_joined().
  template <class Build>
  [[nodiscard]] nn::branch make(std::size_t first, const std::string& name, const Build& build) {
    return {first, layout_.within(name, [&] { return build(layout_); })};
  }

  /// A branch that is `sides` beside each other, and a linear layer of all that they put out.
  void add_joined(std::vector<nn::branch> sides) {
    add(0, "joined", [&](nn::parameter_layout& layout) {
      std::vector<nn::layer_ptr> layers;
      layers.push_back(beside(columns(), std::move(sides)));
      layers.push_back(std::make_unique<nn::dense>(layout, layers[0]->outputs(),
                                                   nn::dense_options{.outputs = 1}));
      return std::make_unique<nn::sequential>(std::move(layers));
    });
  }

  /// For each output the sum of one number for each entry, and a bias.
  void add_linear(std::size_t outputs = 1) {
    const std::size_t first = columns();
    std::vector<nn::branch> sums;
    for (std::size_t k = 0; k < outputs; ++k) {
      const std::size_t column =
          input_.add({.width = 1, .block_of_field = std::vector<std::size_t>(fields_, 0)});
      sums.push_back(make(
          column - first, "linear" + (k == 0 ? std::string() : to_text(k)),
          [](nn::parameter_layout& layout) { return std::make_unique<nn::total>(layout, 1); }));
    }
    branches_.push_back({first, outputs == 1 ? std::move(sums[0].body)
                                             : beside(columns() - first, std::move(sums))});
  }

  /// Branches whose outputs follow each other.
  [[nodiscard]] static nn::layer_ptr beside(std::size_t inputs, std::vector<nn::branch> sides) {
    return std::make_unique<nn::branches>(inputs, std::move(sides), nn::joining::concatenate);
  }

  /// The sum of the branches.
  [[nodiscard]] nn::network finish() {
    auto head =
        std::make_unique<nn::branches>(input_.columns(), std::move(branches_), nn::joining::add);
    return {std::move(layout_), std::move(input_), std::move(head)};
  }

 private:
  std::size_t embed(std::size_t dimensions, std::vector<std::size_t> blocks) {
    constexpr float spread = 0.05F;  // as Keras
    return input_.add({.width = dimensions, .block_of_field = std::move(blocks), .spread = spread});
  }

  std::size_t users_;
  std::size_t items_;
  std::size_t fields_;
  nn::parameter_layout layout_;
  nn::embedding_layout input_;
  std::vector<nn::branch> branches_;
};

}  // namespace kindred::detail
