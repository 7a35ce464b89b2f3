#pragma once

#include <kindred/backend/concepts.hpp>
#include <kindred/backend/network_plan.hpp>
#include <kindred/core/types.hpp>
#include <kindred/kernel/pointwise_loss.hpp>
#include <kindred/kernel/step_rule.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>

namespace kindred {

/// A network to be trained by mini-batches, and the most that a batch has.
struct network_problem {
  network_plan plan;
  std::size_t slots = 0;  ///< rows of the embedding table
  kernel::step_rule rule = kernel::step_rule::sgd;
  kernel::pointwise_loss loss;
  float center = 0;        ///< what the output is taken from
  std::uint64_t seed = 0;  ///< of dropout
  std::size_t samples = 0;
  std::size_t reads = 0;
};

/// The numbers of a network: its arena, its embedding table, and what the optimizer keeps beside
/// them. Empty are those that there are none of, or that are not asked for.
template <class Number>
struct network_numbers {
  std::span<Number> parameters{};
  std::span<Number> parameters_a{};
  std::span<Number> parameters_b{};
  std::span<Number> table{};
  std::span<Number> table_a{};
  std::span<Number> table_b{};
};

/// That a sample read a row of the embedding table.
struct embedding_read {
  std::uint32_t place;  ///< of the row among those that the batch read
  std::uint32_t sample;
  std::uint32_t field;
  float value;
};

/// The samples of a batch, and what they are to be.
struct network_batch {
  std::span<const embedding_read> reads;         ///< sample by sample
  std::span<const std::uint32_t> ends;           ///< of the reads of each sample
  std::span<const embedding_read> reads_of_row;  ///< the same, row by row
  std::span<const std::uint32_t> row_ends;       ///< of the reads of each row
  std::span<const index> slots;                  ///< of each row
  std::span<const float> targets;                ///< of each sample; NaN for none
  std::span<const float> weights;                ///< of each sample; empty: all 1
  std::uint64_t first_sample = 0;                ///< as nn::pass
};

/// One step of the optimizer.
struct network_step {
  kernel::gradient_step parameters;
  kernel::gradient_step rows;
  double max_norm = std::numeric_limits<double>::infinity();  ///< of all gradients together
};

/// Sums over the samples of some batches.
struct network_sums {
  double loss = 0;
  double weight = 0;  ///< that the loss is divided by
  double squared_error = 0;
  double count = 0;  ///< that the squared error is divided by
};

/// Training of a network on a backend with memory of its own; specialised for each, and then what
/// `trainable_network` says. A host backend needs none: it runs the layers themselves.
template <class Backend>
class network_kernels;

/// A backend that networks which rate are trained on.
template <class Backend>
concept trainable_network = host_backend<Backend> ||
    (execution_backend<Backend>&& requires(network_kernels<Backend>& kernels,
                                           const Backend& backend, const network_problem& problem,
                                           const network_batch& batch, const network_step& step,
                                           network_numbers<float> numbers) {
      network_kernels<Backend>(backend, problem);
      kernels.write(network_numbers<const float>{});
      std::as_const(kernels).read(numbers);
      /// Asks for a step, and does not wait for it.
      kernels.step(batch, step);
      /// Waits for all that was asked for, and tells the sums since the last call.
      { kernels.finish() } -> std::same_as<network_sums>;
    });

}  // namespace kindred
