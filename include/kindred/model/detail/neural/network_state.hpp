#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/nn/network.hpp>
#include <kindred/nn/optimizer_step.hpp>
#include <kindred/nn/training_options.hpp>

#include <cstddef>
#include <cstdint>

namespace kindred::detail {

/// The numbers of a network in training.
struct network_state {
  aligned_vector<float> parameters;
  aligned_vector<float> table;
  // What the optimizer keeps beside them.
  aligned_vector<float> parameters_a;
  aligned_vector<float> parameters_b;
  aligned_vector<float> table_a;
  aligned_vector<float> table_b;
  std::uint64_t steps = 0;  ///< that were taken
  int epochs = 0;

  /// Where training begins.
  [[nodiscard]] static network_state start(const nn::network& recipe, std::size_t slots,
                                           const nn::training_options& options) {
    network_state state;
    state.parameters = recipe.layout.initialize(options.seed);
    state.table = recipe.input.initialize(slots, options.seed);
    const std::size_t arrays = kernel::state_arrays(nn::rule_of(options.optimizer));
    if (arrays > 0) {
      state.parameters_a.resize(state.parameters.size());
      state.table_a.resize(state.table.size());
    }
    if (arrays > 1) {
      state.parameters_b.resize(state.parameters.size());
      state.table_b.resize(state.table.size());
    }
    nn::start_state(options.optimizer, state.parameters, state.parameters_a.data(),
                    state.parameters_b.data());
    nn::start_state(options.optimizer, state.table, state.table_a.data(), state.table_b.data());
    return state;
  }
};

}  // namespace kindred::detail
