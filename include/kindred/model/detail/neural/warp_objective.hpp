#pragma once

#include <kindred/data/dataset.hpp>
#include <kindred/model/detail/neural/negative_sampler.hpp>
#include <kindred/model/detail/neural/negative_samples.hpp>
#include <kindred/model/detail/neural/objective.hpp>
#include <kindred/model/detail/neural/training_events.hpp>
#include <kindred/model/detail/ranking/rank_weights.hpp>
#include <kindred/nn/matrix.hpp>
#include <kindred/nn/ranking_loss.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace kindred::detail {

/// That no item drawn for a user comes close to an event's output, and the less the fewer had to be
/// drawn. For networks of one output.
class warp_objective final : public objective {
 public:
  /// `events` and `known` must outlive it.
  warp_objective(const training_events& events, const dataset& known, const nn::warp& loss,
                 std::uint64_t seed)
      : events_(events),
        sampler_(known, seed),
        loss_(loss),
        trials_(static_cast<std::size_t>(loss.trials)),
        rank_weights_(make_rank_weights(sampler_.size(), trials_)) {}

  [[nodiscard]] std::size_t num_events() const noexcept override { return events_.size(); }
  [[nodiscard]] std::size_t most_samples(std::size_t events) const noexcept override {
    return events * (1 + trials_);
  }

  void choose(const event_batch& batch, std::vector<nn::sample>& samples) const override {
    choose_with_negatives(events_, batch, sampler_, trials_, samples);
  }

  objective_sums judge(const event_batch& batch, nn::const_matrix outputs,
                       nn::matrix d_outputs) override {
    nn::clear(d_outputs);
    objective_sums sums{.squared_error = std::numeric_limits<double>::quiet_NaN()};
    const auto events = static_cast<float>(batch.events.size());
    for (std::size_t e = 0; e < batch.events.size(); ++e) {
      const float weight = events_.weight(static_cast<std::size_t>(batch.events[e]));
      sums.weight += static_cast<double>(weight);
      const std::size_t positive = e * (1 + trials_);
      for (std::size_t drawn = 1; drawn <= trials_; ++drawn) {
        const float higher = outputs.row(positive)[0] - outputs.row(positive + drawn)[0];
        if (higher >= 1) continue;
        const float scale = weight * rank_weights_[drawn - 1];
        const float slope = scale / events * loss_.derivative(higher);
        sums.loss += static_cast<double>(scale * loss_.value(higher));
        d_outputs.row(positive)[0] = slope;
        d_outputs.row(positive + drawn)[0] = -slope;
        break;
      }
    }
    return sums;
  }

 private:
  const training_events& events_;
  negative_sampler sampler_;
  nn::warp loss_;
  std::size_t trials_;
  std::vector<float> rank_weights_;
};

}  // namespace kindred::detail
