#pragma once

#include <kindred/core/random.hpp>
#include <kindred/core/shuffle.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/feature_encoder.hpp>
#include <kindred/kernel/step_rule.hpp>
#include <kindred/model/detail/neural/objective.hpp>
#include <kindred/nn/optimizer_step.hpp>
#include <kindred/nn/sample.hpp>
#include <kindred/nn/training_options.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

namespace kindred::detail {

/// The mini-batches of a fit, epoch by epoch: the same on every backend.
class epoch_batches {
 public:
  /// All arguments must outlive it.
  epoch_batches(const feature_encoder& features, const nn::training_options& options,
                const objective& goal)
      : features_(features),
        options_(options),
        goal_(goal),
        most_(std::min(static_cast<std::size_t>(options.batch_size), goal.num_events())),
        order_(goal.num_events()) {}

  [[nodiscard]] std::size_t num_events() const noexcept { return order_.size(); }
  [[nodiscard]] std::size_t most_samples() const noexcept { return goal_.most_samples(most_); }
  /// Batches in an epoch.
  [[nodiscard]] std::size_t size() const noexcept { return (order_.size() + most_ - 1) / most_; }

  /// Shuffles the events.
  void begin(int epoch) {
    epoch_ = static_cast<std::uint64_t>(epoch);
    std::iota(order_.begin(), order_.end(), 0);
    shuffle(std::span(order_), counter_rng(options_.seed, 0x73687566U + (epoch_ << 32)));
  }

  [[nodiscard]] event_batch operator[](std::size_t n) const noexcept {
    const std::size_t first = n * most_;
    const std::size_t count = std::min(most_, order_.size() - first);
    return {std::span<const index>(order_).subspan(first, count), epoch_ * order_.size() + first};
  }

  /// Replaces `samples` by those of a batch.
  void choose(const event_batch& batch, std::vector<nn::sample>& samples) const {
    goal_.choose(batch, samples);
    if (options_.hidden_ids == 0) return;
    const counter_rng random(options_.seed, 0x68696465U);
    const std::uint64_t first = first_sample(batch);
    for (std::size_t n = 0; n < samples.size(); ++n) {
      samples[n].hides_user =
          features_.has_user_ids() && random.uniform(2 * (first + n)) < options_.hidden_ids;
      samples[n].hides_item =
          features_.has_item_ids() && random.uniform(2 * (first + n) + 1) < options_.hidden_ids;
    }
  }

  /// nn::pass::first_sample of its first.
  [[nodiscard]] std::uint64_t first_sample(const event_batch& batch) const noexcept {
    return goal_.most_samples(batch.first_event);
  }

  /// What a learning rate is multiplied by, after so many steps.
  [[nodiscard]] double rate_factor(std::uint64_t steps) const {
    const std::uint64_t each = size();
    return nn::rate_factor(options_.schedule,
                           {.step = steps,
                            .steps = std::max<std::uint64_t>(
                                each * static_cast<std::uint64_t>(options_.epochs), steps + 1),
                            .steps_per_epoch = each});
  }

 private:
  const feature_encoder& features_;
  const nn::training_options& options_;
  const objective& goal_;
  std::size_t most_;
  std::uint64_t epoch_ = 0;
  std::vector<index> order_;
};

/// The steps of parameters and of embeddings, but for what bounds the norm of the gradient.
struct batch_steps {
  kernel::gradient_step parameters;
  kernel::gradient_step rows;
};

/// In batch `t`, from 1, at a factor of the schedule.
[[nodiscard]] inline batch_steps steps_of(const nn::training_options& options, std::uint64_t t,
                                          double factor) {
  batch_steps steps;
  steps.parameters = nn::step_of(options.optimizer, t, factor);
  steps.parameters.gradient_bound = static_cast<float>(options.clipping.max_value);
  steps.rows = steps.parameters;
  steps.parameters.l1 = static_cast<float>(options.l1);
  steps.parameters.l2 = static_cast<float>(options.l2);
  steps.rows.l2 = static_cast<float>(options.embedding_l2);
  return steps;
}

}  // namespace kindred::detail
