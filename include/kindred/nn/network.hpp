#pragma once

#include <kindred/backend/network_plan.hpp>
#include <kindred/core/error.hpp>
#include <kindred/data/encoded_rows.hpp>
#include <kindred/data/feature_encoder.hpp>
#include <kindred/nn/embedding.hpp>
#include <kindred/nn/layer.hpp>
#include <kindred/nn/matrix.hpp>
#include <kindred/nn/parameters.hpp>
#include <kindred/nn/sample.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace kindred::nn {

/// A network without its numbers: what it reads of the embedding table, and what it makes of it.
struct network {
  parameter_layout layout;
  embedding_layout input;
  layer_ptr head;
};

/// The same as plain data. Throws option_error for a layer that no plan has, or for more than one
/// output.
[[nodiscard]] inline network_plan plan_of(const network& recipe) {
  require_option(recipe.head->outputs() == 1, "outputs", recipe.head->outputs(),
                 "{1} on this backend");
  static_assert(padded(1) == plan_multiple);
  network_plan plan;
  const plan_view input = plan.add_matrix(recipe.input.columns(), recipe.input.columns());
  plan.result = plan.add_matrix(1, padded(1));
  recipe.head->plan(plan, input, plan.result);
  plan.parameters = recipe.layout.size();
  for (const parameter_block& block : recipe.layout.blocks())
    plan.is_weight.insert(plan.is_weight.end(), block.size() / plan_multiple,
                          block.role == parameter_role::weight ? 1 : 0);
  plan.row_stride = recipe.input.stride();
  plan.input_column = recipe.input.input_columns();
  return plan;
}

/// A network with its numbers and with the encoder that it was trained with; it owns none of them.
/// Evaluation works on the stack.
class network_view {
 public:
  network_view(const network& recipe, const feature_encoder& features, const float* parameters,
               const float* table) noexcept
      : recipe_(&recipe),
        features_(&features),
        users_(&features.users()),
        items_(&features.items()),
        parameters_(parameters),
        table_(table) {}

  /// The same network, whose samples are of other users, or items, that the encoder encoded.
  [[nodiscard]] network_view with_users(const encoded_rows& users) const noexcept {
    network_view view = *this;
    view.users_ = &users;
    return view;
  }
  [[nodiscard]] network_view with_items(const encoded_rows& items) const noexcept {
    network_view view = *this;
    view.items_ = &items;
    return view;
  }

  /// The most floats that evaluation puts on the stack.
  static constexpr std::size_t stack_floats = std::size_t{1} << 16;

  /// How many samples are evaluated at once: as many as the stack holds.
  [[nodiscard]] static std::size_t rows_at_once(const network& recipe) noexcept {
    for (std::size_t rows = 64; rows > 0; rows /= 2)
      if (room(recipe, rows) <= stack_floats) return rows;
    return 0;
  }

  /// Throws option_error for a network of which not one sample can be evaluated on the stack.
  static void require_room(const network& recipe) {
    require_option(rows_at_once(recipe) > 0, "network", room(recipe, 1),
                   "at most 65536 numbers a sample: fewer dimensions, features or hidden outputs");
  }

  /// The input of a sample; `to` has padded(columns) floats.
  void gather(const sample& of, float* to) const noexcept {
    std::fill_n(to, recipe_->input.columns(), 0.0F);
    for_each_field(*features_, *users_, *items_, of,
                   [&](std::size_t field, const encoded_entries& entries) {
                     recipe_->input.gather(table_, field, entries, to);
                   });
  }

  /// Calls `use(n, outputs)` with the outputs of the n-th of `count` samples, which `sample_of(n)`
  /// names.
  template <class SampleOf, class Use>
  void evaluate(std::size_t count, const SampleOf& sample_of, const Use& use) const noexcept {
    alignas(64) std::array<float, stack_floats> stack;  // on purpose not filled
    const std::size_t at_once = rows_at_once(*recipe_);
    const std::size_t columns = recipe_->input.columns();
    const std::size_t outputs = recipe_->head->outputs();
    for (std::size_t first = 0; first < count; first += at_once) {
      const std::size_t rows = std::min(at_once, count - first);
      const matrix in{stack.data(), rows, columns, columns};
      const matrix out{in.data + rows * columns, rows, outputs, padded(outputs)};
      for (std::size_t r = 0; r < rows; ++r) gather(sample_of(first + r), in.data + r * in.stride);
      recipe_->head->forward({.parameters = parameters_}, in, out, out.data + rows * out.stride);
      for (std::size_t r = 0; r < rows; ++r) use(first + r, out.row(r));
    }
  }

 private:
  [[nodiscard]] static std::size_t room(const network& recipe, std::size_t rows) noexcept {
    return rows * (recipe.input.columns() + padded(recipe.head->outputs())) +
           recipe.head->state_size(rows, false);
  }

  const network* recipe_;
  const feature_encoder* features_;
  const encoded_rows* users_;
  const encoded_rows* items_;
  const float* parameters_;
  const float* table_;
};

}  // namespace kindred::nn
