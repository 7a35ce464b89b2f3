#pragma once

#include <kindred/data/dataset.hpp>
#include <kindred/model/detail/neural/negative_sampler.hpp>
#include <kindred/model/detail/neural/negative_samples.hpp>
#include <kindred/model/detail/neural/objective.hpp>
#include <kindred/model/detail/neural/training_events.hpp>
#include <kindred/nn/matrix.hpp>
#include <kindred/nn/ranking_loss.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace kindred::detail {

/// How much higher the output is for an event than for items drawn for its user. For networks of
/// one output.
class bpr_objective final : public objective {
 public:
  /// `events` and `known` must outlive it.
  bpr_objective(const training_events& events, const dataset& known, const nn::bpr& loss,
                std::uint64_t seed)
      : events_(events),
        sampler_(known, seed),
        loss_(loss),
        negatives_(static_cast<std::size_t>(loss.negatives)) {}

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
    objective_sums sums{.squared_error = std::numeric_limits<double>::quiet_NaN()};
    const std::size_t each = 1 + negatives_;
    const auto pairs = static_cast<float>(batch.events.size() * negatives_);
    for (std::size_t e = 0; e < batch.events.size(); ++e) {
      const float weight = events_.weight(static_cast<std::size_t>(batch.events[e]));
      const std::size_t positive = e * each;
      double loss = 0;
      for (std::size_t row = positive + 1; row < positive + each; ++row) {
        const float higher = outputs.row(positive)[0] - outputs.row(row)[0];
        const float slope = weight / pairs * loss_.derivative(higher);
        loss += static_cast<double>(loss_.value(higher));
        d_outputs.row(positive)[0] += slope;
        d_outputs.row(row)[0] = -slope;
      }
      sums.loss += static_cast<double>(weight) * loss / static_cast<double>(negatives_);
      sums.weight += static_cast<double>(weight);
    }
    return sums;
  }

 private:
  const training_events& events_;
  negative_sampler sampler_;
  nn::bpr loss_;
  std::size_t negatives_;
};

}  // namespace kindred::detail
