#pragma once

#include <kindred/model/detail/neural/negative_sampler.hpp>
#include <kindred/model/detail/neural/objective.hpp>
#include <kindred/model/detail/neural/training_events.hpp>
#include <kindred/nn/sample.hpp>

#include <cstddef>
#include <vector>

namespace kindred::detail {

/// Replaces `samples` by the events of a batch, each followed by the same with as many items drawn
/// for its user.
inline void choose_with_negatives(const training_events& events, const event_batch& batch,
                                  const negative_sampler& sampler, std::size_t negatives,
                                  std::vector<nn::sample>& samples) {
  samples.clear();
  for (std::size_t n = 0; n < batch.events.size(); ++n) {
    nn::sample one = events.sample(static_cast<std::size_t>(batch.events[n]));
    samples.push_back(one);
    for (std::size_t k = 0; k < negatives; ++k) {
      one.item = sampler.draw(one.user, (batch.first_event + n) * negatives + k);
      samples.push_back(one);
    }
  }
}

}  // namespace kindred::detail
