#pragma once

#include <kindred/backend/network_kernels.hpp>
#include <kindred/core/error.hpp>
#include <kindred/model/detail/neural/epoch_batches.hpp>
#include <kindred/model/detail/neural/network_state.hpp>
#include <kindred/model/detail/neural/network_training.hpp>
#include <kindred/model/detail/neural/objective.hpp>
#include <kindred/model/detail/neural/table_reads.hpp>
#include <kindred/model/detail/neural/training_setup.hpp>
#include <kindred/nn/network.hpp>
#include <kindred/nn/optimizer_step.hpp>
#include <kindred/nn/rating_loss.hpp>
#include <kindred/nn/sample.hpp>
#include <kindred/nn/training_options.hpp>
#include <kindred/train/training_loop.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <memory>
#include <stop_token>
#include <utility>
#include <vector>

namespace kindred::detail {

/// Trains a network on a backend with memory of its own. The host draws the batches that it would
/// draw for itself, while the backend works on those before. Numbers come back when they are asked
/// for. That the loss is no number is seen at the end of an epoch.
template <class Backend>
class device_training final : public network_training {
 public:
  /// Throws option_error for a network that the backend does not train, and what it throws.
  device_training(const Backend& backend, const training_setup& setup, network_state state)
      : options_(setup.options),
        goal_(setup.goal),
        stop_(setup.stop),
        state_(std::move(state)),
        batches_(setup.features, setup.options, setup.goal),
        reads_(setup.features, batches_.most_samples()),
        kernels_(backend, problem_of(setup)) {
    write();
  }

  epoch_result run_epoch(int epoch) override {
    has_numbers_ = has_state_ = false;
    batches_.begin(epoch);
    double rate = 0;
    for (std::size_t n = 0; n < batches_.size() && !stop_.stop_requested(); ++n) {
      rate = batches_.rate_factor(state_.steps);
      step(batches_[n], rate);
    }
    state_.epochs = epoch;
    const network_sums sums = kernels_.finish();
    return objective_sums{are_numbers() ? sums.loss : std::numeric_limits<double>::quiet_NaN(),
                          sums.weight, sums.squared_error, sums.count}
        .result(batches_.num_events(), rate * nn::learning_rate_of(options_.optimizer));
  }

  const network_state& numbers() override {
    if (!has_numbers_) kernels_.read({.parameters = state_.parameters, .table = state_.table});
    has_numbers_ = true;
    return state_;
  }
  const network_state& state() override {
    static_cast<void>(numbers());
    if (!has_state_)
      kernels_.read({.parameters_a = state_.parameters_a,
                     .parameters_b = state_.parameters_b,
                     .table_a = state_.table_a,
                     .table_b = state_.table_b});
    has_state_ = true;
    return state_;
  }

  void keep() override { kept_ = state(); }
  void restore() override {
    state_ = kept_;
    write();
  }

 private:
  /// Whether all parameters are. A rectifier may hide from the loss that its input is none, but not
  /// from the weights before it.
  [[nodiscard]] bool are_numbers() {
    kernels_.read({.parameters = state_.parameters});
    return std::all_of(state_.parameters.begin(), state_.parameters.end(),
                       [](float x) { return std::isfinite(x); });
  }

  [[nodiscard]] network_problem problem_of(const training_setup& setup) const {
    require_option(setup.task.weight == 1, "weight", setup.task.weight, "{1} on this backend");
    return {.plan = nn::plan_of(setup.recipe),
            .slots = static_cast<std::size_t>(setup.features.slots()),
            .rule = nn::rule_of(options_.optimizer),
            .loss = nn::arithmetic_of(setup.task.loss),
            .center = static_cast<float>(setup.task.center),
            .seed = options_.seed,
            .samples = batches_.most_samples(),
            .reads = reads_.most()};
  }

  void write() {
    kernels_.write({.parameters = state_.parameters,
                    .parameters_a = state_.parameters_a,
                    .parameters_b = state_.parameters_b,
                    .table = state_.table,
                    .table_a = state_.table_a,
                    .table_b = state_.table_b});
    has_numbers_ = has_state_ = true;
  }

  void step(const event_batch& batch, double rate) {
    batches_.choose(batch, samples_);
    reads_.note(samples_);
    goal_.tell(batch, samples_.size(), targets_, weights_);
    const batch_steps steps = steps_of(options_, ++state_.steps, rate);
    kernels_.step({.reads = reads_.reads(),
                   .ends = reads_.ends(),
                   .reads_of_row = reads_.reads_of_row(),
                   .row_ends = reads_.row_ends(),
                   .slots = reads_.slots(),
                   .targets = targets_,
                   .weights = weights_,
                   .first_sample = batches_.first_sample(batch)},
                  {steps.parameters, steps.rows, options_.clipping.max_norm});
  }

  const nn::training_options& options_;
  const rating_objective& goal_;
  const std::stop_token& stop_;
  network_state state_;
  network_state kept_;
  epoch_batches batches_;
  table_reads reads_;
  network_kernels<Backend> kernels_;
  std::vector<nn::sample> samples_;
  std::vector<float> targets_;
  std::vector<float> weights_;
  bool has_numbers_ = true;  ///< the present ones are in state_
  bool has_state_ = true;    ///< and what the optimizer keeps
};

/// `backend` must outlive what this returns.
template <class Backend>
[[nodiscard]] training_maker train_on(const Backend& backend) {
  return [&backend](const training_setup& setup, network_state state) {
    return std::make_unique<device_training<Backend>>(backend, setup, std::move(state));
  };
}

}  // namespace kindred::detail
