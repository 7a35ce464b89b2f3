#pragma once

#include <kindred/core/types.hpp>
#include <kindred/nn/matrix.hpp>
#include <kindred/nn/sample.hpp>
#include <kindred/train/training_loop.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace kindred::detail {

/// Some events that are learnt from in one step.
struct event_batch {
  std::span<const index> events;  ///< their numbers
  std::uint64_t first_event = 0;  ///< how many events the fit has learnt from before
};

/// What a batch, or all of an epoch, came to: sums over the events.
struct objective_sums {
  double loss = 0;
  double weight = 0;         ///< that the loss is divided by
  double squared_error = 0;  ///< of the ratings that the outputs stand for; NaN where they do not
  double count = 0;          ///< that the squared error is divided by

  objective_sums& operator+=(const objective_sums& other) noexcept {
    loss += other.loss;
    weight += other.weight;
    squared_error += other.squared_error;
    count += other.count;
    return *this;
  }

  /// Of an epoch over so many events.
  [[nodiscard]] epoch_result result(std::size_t events, double learning_rate) const noexcept {
    return {.squared_error = squared_error / count * static_cast<double>(events),
            .learning_rate = learning_rate,
            .loss = loss / weight};
  }
};

/// What a network is trained for: which samples a batch of events is made of, and how far the
/// network's outputs for these are from what they should be.
class objective {
 public:
  objective() = default;
  objective(const objective&) = delete;
  objective& operator=(const objective&) = delete;
  virtual ~objective() = default;

  [[nodiscard]] virtual std::size_t num_events() const noexcept = 0;
  /// How many samples a batch of so many events has at most.
  [[nodiscard]] virtual std::size_t most_samples(std::size_t events) const noexcept = 0;
  /// Replaces `samples` by those of the batch.
  virtual void choose(const event_batch& batch, std::vector<nn::sample>& samples) const = 0;
  /// The loss of the samples' outputs; puts the gradient of its mean by them into `d_outputs`,
  /// padding included.
  virtual objective_sums judge(const event_batch& batch, nn::const_matrix outputs,
                               nn::matrix d_outputs) = 0;
};

}  // namespace kindred::detail
