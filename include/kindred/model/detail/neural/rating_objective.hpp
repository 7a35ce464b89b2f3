#pragma once

#include <kindred/core/random.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/model/detail/neural/negative_sampler.hpp>
#include <kindred/model/detail/neural/negative_samples.hpp>
#include <kindred/model/detail/neural/objective.hpp>
#include <kindred/model/detail/neural/training_events.hpp>
#include <kindred/nn/rating_loss.hpp>
#include <kindred/nn/sigmoid.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <variant>
#include <vector>

namespace kindred::detail {

/// How one output of a network is trained and read.
struct task_loss {
  nn::rating_loss loss = nn::squared_error{};
  double weight = 1;      ///< of the task among others
  bool negatives = true;  ///< learns 0 for the items that are drawn
  double center = 0;      ///< what the output is taken from
  /// The range that ratings are held to.
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();
};

/// The rating that an output stands for.
[[nodiscard]] inline float rating_of(const task_loss& task, float output) noexcept {
  const float centred = output + static_cast<float>(task.center);
  return std::holds_alternative<nn::cross_entropy>(task.loss) ? nn::sigmoid(centred) : centred;
}
/// The same, held to its range.
[[nodiscard]] inline float held_rating_of(const task_loss& task, float output) noexcept {
  return std::clamp(rating_of(task, output), task.low, task.high);
}

/// The output that stands for a mean target: where training begins.
[[nodiscard]] inline double output_of(const nn::rating_loss& loss, double mean) noexcept {
  if (!std::holds_alternative<nn::cross_entropy>(loss)) return mean;
  const double held = std::clamp(mean, 1e-3, 1 - 1e-3);
  return std::log(held / (1 - held));
}

/// Each output is compared with the target of its task, where the event has one. With `negatives`,
/// as many items that the user has no event with follow each event: their target is 0, for tasks
/// that learn it and of which the event has one.
class rating_objective final : public objective {
 public:
  /// All arguments must outlive it.
  rating_objective(const training_events& events, const std::vector<task_loss>& tasks,
                   const dataset& known, std::size_t negatives, std::uint64_t seed)
      : events_(events), tasks_(tasks), sampler_(known, seed), negatives_(negatives) {}

  [[nodiscard]] std::size_t num_events() const noexcept override { return events_.size(); }
  [[nodiscard]] std::size_t most_samples(std::size_t events) const noexcept override {
    return events * (1 + negatives_);
  }

  void choose(const event_batch& batch, std::vector<nn::sample>& samples) const override {
    choose_with_negatives(events_, batch, sampler_, negatives_, samples);
  }

  objective_sums judge(const event_batch& batch, nn::const_matrix outputs,
                       nn::matrix d_outputs) override {
    nn::clear(d_outputs);
    objective_sums sums;
    for (std::size_t t = 0; t < tasks_.size(); ++t)
      std::visit([&](const auto& loss) { judge(loss, t, batch, outputs, d_outputs, sums); },
                 tasks_[t].loss);
    return sums;
  }

  /// What judge() compares the samples' outputs for the first task with, NaN for nothing, and by
  /// which weight; none if all are 1.
  void tell(const event_batch& batch, std::size_t samples, std::vector<float>& targets,
            std::vector<float>& weights) const {
    targets.clear();
    weights.clear();
    for (std::size_t row = 0; row < samples; ++row) targets.push_back(target(batch, row, 0));
    if (events_.weights.empty()) return;
    for (std::size_t row = 0; row < samples; ++row)
      weights.push_back(events_.weight(event(batch, row)));
  }

 private:
  [[nodiscard]] std::size_t event(const event_batch& batch, std::size_t row) const noexcept {
    return static_cast<std::size_t>(batch.events[row / (1 + negatives_)]);
  }
  /// NaN if the task does not learn of the sample.
  [[nodiscard]] float target(const event_batch& batch, std::size_t row,
                             std::size_t task) const noexcept {
    const bool drawn = row % (1 + negatives_) != 0;
    const float observed = events_.targets[event(batch, row) * tasks_.size() + task];
    if (!drawn || std::isnan(observed)) return observed;
    return tasks_[task].negatives ? 0.0F : std::numeric_limits<float>::quiet_NaN();
  }

  template <class Loss>
  void judge(const Loss& loss, std::size_t task, const event_batch& batch, nn::const_matrix outputs,
             nn::matrix d_outputs, objective_sums& sums) const noexcept {
    const auto of_task = static_cast<float>(tasks_[task].weight);
    const float share = of_task / static_cast<float>(outputs.rows);
    for (std::size_t row = 0; row < outputs.rows; ++row) {
      const float target = this->target(batch, row, task);
      if (std::isnan(target)) continue;
      const float output = outputs.row(row)[task] + static_cast<float>(tasks_[task].center);
      const float weight = events_.weight(event(batch, row));
      d_outputs.row(row)[task] = share * weight * loss.derivative(output, target);
      sums.loss += static_cast<double>(of_task * weight * loss.value(output, target));
      const double error =
          static_cast<double>(rating_of(tasks_[task], outputs.row(row)[task]) - target);
      if (task > 0) continue;
      sums.weight += static_cast<double>(weight);
      sums.squared_error += error * error;
      sums.count += 1;
    }
  }

  const training_events& events_;
  const std::vector<task_loss>& tasks_;
  negative_sampler sampler_;
  std::size_t negatives_;
};

}  // namespace kindred::detail
