#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/data/detail/assemble.hpp>
#include <kindred/nn/sample.hpp>

#include <cstddef>
#include <span>
#include <utility>

namespace kindred::detail {

/// What a network learns from, one event a rating.
struct training_events {
  aligned_vector<index> users;
  aligned_vector<index> items;
  aligned_vector<float> targets;   ///< `tasks` an event; NaN where a task has none
  aligned_vector<float> weights;   ///< empty: all 1
  aligned_vector<index> contexts;  ///< slots, as many an event as there are contexts
  std::size_t tasks = 1;
  std::size_t contexts_each = 0;

  [[nodiscard]] std::size_t size() const noexcept { return items.size(); }
  [[nodiscard]] float weight(std::size_t event) const noexcept {
    return weights.empty() ? 1.0F : weights[event];
  }
  [[nodiscard]] nn::sample sample(std::size_t event) const noexcept {
    const std::span<const index> all(contexts);
    return {.user = users[event],
            .item = items[event],
            .contexts = all.subspan(event * contexts_each, contexts_each)};
  }
};

/// The ratings of a dataset, in its order; each is the target of all tasks.
[[nodiscard]] inline training_events events_of(const dataset& ratings,
                                               aligned_vector<index> contexts = {},
                                               std::size_t contexts_each = 0) {
  training_events events;
  events.users.resize(ratings.size());
  for_each_row(ratings.user_offsets(), 0, ratings.size(),
               [&](index user, std::size_t row) { events.users[row] = user; });
  events.items.assign(ratings.row_items().begin(), ratings.row_items().end());
  events.targets.assign(ratings.row_values().begin(), ratings.row_values().end());
  events.weights.assign(ratings.row_weights().begin(), ratings.row_weights().end());
  events.contexts = std::move(contexts);
  events.contexts_each = contexts_each;
  return events;
}

}  // namespace kindred::detail
