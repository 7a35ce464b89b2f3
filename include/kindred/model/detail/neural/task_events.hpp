#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/build.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/data/feature_encoder.hpp>
#include <kindred/data/features.hpp>
#include <kindred/model/detail/neural/rating_objective.hpp>
#include <kindred/model/detail/neural/training_events.hpp>
#include <kindred/model/rating_task.hpp>
#include <kindred/nn/rating_loss.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace kindred::detail {

/// What a task makes of ratings. Throws data_error for what its loss cannot be taken of.
[[nodiscard]] inline aligned_vector<float> targets_of(const rating_task& task,
                                                      const dataset& ratings) {
  const auto values = ratings.row_values();
  aligned_vector<float> targets(values.begin(), values.end());
  if (task.at_least)
    for (float& target : targets) target = target >= *task.at_least ? 1.0F : 0.0F;
  nn::check_targets(task.loss, targets);
  return targets;
}

/// What several tasks learn from: the training ratings, and the events that tasks have of their
/// own.
class task_events {
 public:
  /// All must outlive it. Throws data_error if events of a task are none, or of other users and
  /// items than the training ratings.
  task_events(const std::vector<rating_task>& tasks, const dataset& train)
      : tasks_(tasks), train_(train) {
    for (const rating_task& task : tasks)
      if (task.ratings) require_fit(task);
  }

  /// Whom somebody has an event with, in any task; values mean nothing.
  [[nodiscard]] dataset pairs() const {
    if (!has_own()) return train_;
    rating_columns columns;
    for_each_source([&](const dataset& source, const auto&) {
      const training_events events = events_of(source);
      columns.users.insert(columns.users.end(), events.users.begin(), events.users.end());
      columns.items.insert(columns.items.end(), events.items.begin(), events.items.end());
      columns.values.insert(columns.values.end(), events.targets.begin(), events.targets.end());
    });
    return make_dataset(train_.users(), train_.items(), std::move(columns));
  }

  /// The events with their targets, NaN where a task has none.
  [[nodiscard]] training_events all(const feature_encoder& features,
                                    const std::vector<context_feature>& contexts) const {
    training_events all;
    all.tasks = tasks_.size();
    all.contexts_each = contexts.size();
    const bool weighted = has_weights();
    for_each_source([&](const dataset& source, const auto& learns) {
      training_events some = events_of(source, features.context_slots(contexts, source));
      if (weighted && some.weights.empty()) some.weights.assign(some.size(), 1.0F);
      some.targets = targets_of(source, learns);
      append(some.users, all.users);
      append(some.items, all.items);
      append(some.targets, all.targets);
      append(some.weights, all.weights);
      append(some.contexts, all.contexts);
    });
    return all;
  }

 private:
  void require_fit(const rating_task& task) const {
    const std::string lead = "task " + quoted(task.name) + ": ";
    const dataset& own = *task.ratings;
    if (own.empty()) throw data_error(lead + "no ratings to fit");
    if (own.num_users() == train_.num_users() && own.num_items() == train_.num_items()) return;
    throw data_error(lead + "its ratings are of " + to_text(own.num_users()) + " users and " +
                     to_text(own.num_items()) + " items, those of the training of " +
                     to_text(train_.num_users()) + " and " + to_text(train_.num_items()));
  }

  [[nodiscard]] bool has_own() const {
    return std::any_of(tasks_.begin(), tasks_.end(), [](const auto& t) { return t.ratings; });
  }

  /// Calls `f(source, learns)`, where `learns(task)` says which tasks learn from the source.
  template <class Function>
  void for_each_source(const Function& f) const {
    const auto learns_ratings = [](const rating_task& task) { return !task.ratings; };
    if (std::any_of(tasks_.begin(), tasks_.end(), learns_ratings)) f(train_, learns_ratings);
    for (const rating_task& one : tasks_)
      if (one.ratings) f(*one.ratings, [&](const rating_task& task) { return &task == &one; });
  }

  [[nodiscard]] bool has_weights() const {
    bool weighted = false;
    for_each_source(
        [&](const dataset& source, const auto&) { weighted = weighted || source.has_weights(); });
    return weighted;
  }

  /// `tasks` for each row.
  template <class Learns>
  [[nodiscard]] aligned_vector<float> targets_of(const dataset& source,
                                                 const Learns& learns) const {
    aligned_vector<float> targets(source.size() * tasks_.size(),
                                  std::numeric_limits<float>::quiet_NaN());
    for (std::size_t t = 0; t < tasks_.size(); ++t) {
      if (!learns(tasks_[t])) continue;
      const auto of_task = detail::targets_of(tasks_[t], source);
      for (std::size_t row = 0; row < of_task.size(); ++row)
        targets[row * tasks_.size() + t] = of_task[row];
    }
    return targets;
  }

  template <class T>
  static void append(aligned_vector<T>& some, aligned_vector<T>& all) {
    if (all.empty())
      all = std::move(some);
    else
      all.insert(all.end(), some.begin(), some.end());
  }

  const std::vector<rating_task>& tasks_;
  const dataset& train_;
};

/// How each task is trained and read: its output is taken from the mean of its targets and, where
/// it learns 0 for them, of `negatives` zeros for each; held to the range of the targets with
/// `clip`.
[[nodiscard]] inline std::vector<task_loss> losses_of(const std::vector<rating_task>& tasks,
                                                      const training_events& events,
                                                      std::size_t negatives, bool clip) {
  std::vector<task_loss> losses;
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    task_loss& loss = losses.emplace_back(task_loss{
        .loss = tasks[t].loss, .weight = tasks[t].weight, .negatives = tasks[t].negatives});
    double sum = 0;
    double count = 0;
    float low = std::numeric_limits<float>::infinity();
    float high = -low;
    for (std::size_t e = 0; e < events.size(); ++e) {
      const float target = events.targets[e * tasks.size() + t];
      if (std::isnan(target)) continue;
      sum += static_cast<double>(target);
      ++count;
      low = std::min(low, target);
      high = std::max(high, target);
    }
    if (loss.negatives) count *= static_cast<double>(1 + negatives);
    loss.center = output_of(loss.loss, sum / count);
    if (!clip || std::holds_alternative<nn::cross_entropy>(loss.loss)) continue;
    loss.low = low;
    loss.high = high;
  }
  return losses;
}

}  // namespace kindred::detail
