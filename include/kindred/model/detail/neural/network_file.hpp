#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/kernel/gradient_step.hpp>
#include <kindred/model/detail/neural/network_state.hpp>
#include <kindred/nn/matrix.hpp>
#include <kindred/nn/network.hpp>
#include <kindred/nn/optimizer_step.hpp>
#include <kindred/nn/training_options.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace kindred::detail {

// The numbers of a network to and from a model file, without their padding. What is read is there
// before room is made for it: a file cannot ask for more memory than a few times its own size.

[[nodiscard]] inline shared_array<float> unpadded(nn::const_matrix from) {
  aligned_vector<float> all;
  all.reserve(from.rows * from.columns);
  for (std::size_t r = 0; r < from.rows; ++r)
    all.insert(all.end(), from.row(r).begin(), from.row(r).end());
  return all;
}
inline void pad(const shared_array<float>& from, nn::matrix to) {
  for (std::size_t r = 0; r < to.rows; ++r)
    std::copy_n(from.data() + r * to.columns, to.columns, to.row(r).data());
}

/// The rows of an embedding table.
template <class Float>
[[nodiscard]] nn::matrix_view<Float> table_rows(const nn::network& recipe, Float* table,
                                                std::size_t slots) {
  return {table, slots, recipe.input.row_size(), recipe.input.stride()};
}

/// Dense parameters, or what an optimizer keeps beside them, block by block.
template <class Writer>
void write_parameters(Writer& out, const nn::network& recipe, const float* arena) {
  for (const nn::parameter_block& block : recipe.layout.blocks())
    out.add(block.name, unpadded(block.in(arena)), {block.rows, block.columns});
}
template <class Reader>
[[nodiscard]] aligned_vector<float> read_parameters(const Reader& in, const nn::network& recipe) {
  std::vector<shared_array<float>> found;
  for (const nn::parameter_block& block : recipe.layout.blocks())
    found.push_back(in.template array<float>(block.name, {block.rows, block.columns}));
  aligned_vector<float> arena(recipe.layout.size(), 0.0F);
  for (std::size_t b = 0; b < found.size(); ++b)
    pad(found[b], recipe.layout.blocks()[b].in(arena.data()));
  return arena;
}

/// An embedding table, or what an optimizer keeps beside it.
template <class Writer>
void write_table(Writer& out, const nn::network& recipe, const float* table, std::size_t slots) {
  out.add("embeddings", unpadded(table_rows(recipe, table, slots)),
          {slots, recipe.input.row_size()});
}
template <class Reader>
[[nodiscard]] aligned_vector<float> read_table(const Reader& in, const nn::network& recipe,
                                               std::size_t slots) {
  const auto found = in.template array<float>("embeddings", {slots, recipe.input.row_size()});
  aligned_vector<float> table(slots * recipe.input.stride(), 0.0F);
  pad(found, table_rows(recipe, table.data(), slots));
  return table;
}

/// What training goes on from, beside the parameters and the table.
template <class Writer>
void write_state(Writer& out, const nn::network& recipe, const network_state& state,
                 std::size_t slots) {
  out.set("steps", state.steps);
  const auto add = [&](const char* name, const auto& parameters, const auto& table) {
    if (parameters.empty() && table.empty()) return;
    auto nested = out.nested(name);
    write_parameters(nested, recipe, parameters.data());
    write_table(nested, recipe, table.data(), slots);
  };
  add("first", state.parameters_a, state.table_a);
  add("second", state.parameters_b, state.table_b);
}
/// `state` has parameters, table and epochs. Throws data_error for a number of steps out of range.
template <class Reader>
void read_state(const Reader& in, const nn::network& recipe, const nn::training_options& options,
                std::size_t slots, network_state& state) {
  state.steps = in.template get<std::uint64_t>("steps");
  if (state.steps > std::numeric_limits<std::uint64_t>::max() / 2)
    throw data_error("more steps than there can be");
  const std::size_t arrays = kernel::state_arrays(nn::rule_of(options.optimizer));
  const auto take = [&](const char* name, auto& parameters, auto& table) {
    const auto nested = in.nested(name);
    parameters = read_parameters(nested, recipe);
    table = read_table(nested, recipe, slots);
  };
  if (arrays > 0) take("first", state.parameters_a, state.table_a);
  if (arrays > 1) take("second", state.parameters_b, state.table_b);
}

}  // namespace kindred::detail
