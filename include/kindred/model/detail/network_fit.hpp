#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/data/feature_encoder.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/detail/neural_trainer.hpp>
#include <kindred/model/detail/rating_network.hpp>
#include <kindred/model/detail/rating_objective.hpp>
#include <kindred/model/detail/training_events.hpp>
#include <kindred/nn/network.hpp>
#include <kindred/nn/training_options.hpp>
#include <kindred/train/fit_options.hpp>
#include <kindred/train/training_loop.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kindred::detail {

/// What the options of a model ask for.
struct rating_plan {
  std::function<nn::network(const feature_encoder&)> make_network;
  std::vector<task_loss> tasks;
  feature_set features;
  std::size_t negatives = 0;
  bool clip = true;
  /// Sets the targets of the tasks, if they are not the ratings themselves.
  std::function<void(training_events&)> set_targets{};
};

/// One task, with the loss of the options.
template <class Options>
[[nodiscard]] std::vector<task_loss> tasks_of(const Options& options) {
  return {{.loss = options.loss}};
}

/// Zeroes the rows of a table that no event reads, such as those of what is out of vocabulary: the
/// unknown then adds nothing, and not noise.
inline void clear_unread(const nn::network& recipe, const feature_encoder& features,
                         const training_events& events, aligned_vector<float>& table) {
  std::vector<bool> read(static_cast<std::size_t>(features.slots()), false);
  for (std::size_t e = 0; e < events.size(); ++e)
    nn::for_each_field(features, events.sample(e),
                       [&](std::size_t, const encoded_entries& entries) {
                         for (const index slot : entries.slots)
                           read[static_cast<std::size_t>(slot)] = true;
                       });
  const std::size_t stride = recipe.input.stride();
  for (std::size_t slot = 0; slot < read.size(); ++slot)
    if (!read[slot]) std::fill_n(table.data() + slot * stride, stride, 0.0F);
}

/// A fit of a network that rates, from its options to its parameters.
class network_fit {
 public:
  /// All but `plan` must outlive it. With `from`, goes on from there.
  network_fit(std::string_view model, const nn::training_options& options, rating_plan plan,
              const dataset& train, const fit_options& fit, const host_loop& loop,
              const network_state* from)
      : model_(model),
        options_(options),
        plan_(std::move(plan)),
        fit_(fit),
        loop_(loop),
        features_(plan_.features, required(model, train)),
        recipe_(std::make_shared<const nn::network>(plan_.make_network(features_))),
        events_(events_of(train, features_.context_slots(plan_.features.context, train),
                          plan_.features.context.size())),
        tasks_(plan_.tasks),
        objective_(prepared(), tasks_, train, plan_.negatives, options.seed),
        trainer_(*recipe_, features_, options_, objective_, begin(from), loop_, fit_.stop) {
    first_epoch_ = from == nullptr ? 1 : from->epochs + 1;
    if (plan_.clip && !std::holds_alternative<nn::cross_entropy>(tasks_[0].loss))
      range_ = {train.min_value(), train.max_value()};
  }

  /// Calls `after_epoch(state)` after each.
  template <class AfterEpoch>
  fit_history run(const AfterEpoch& after_epoch) {
    aligned_vector<index> contexts;
    if (fit_.validation)
      contexts = features_.context_slots(plan_.features.context, *fit_.validation);
    rating_trainer trainer(trainer_, tasks_, range_, contexts, plan_.features.context.size(),
                           loop_);
    fit_options fit = fit_;
    fit.observer = [&](const epoch_report& report) {
      after_epoch(trainer_.state());
      return fit_.observer ? fit_.observer(report) : training::proceed;
    };
    const training_plan plan{.model = model_,
                             .epochs = options_.epochs,
                             .ratings = events_.size(),
                             .first_epoch = first_epoch_,
                             .began = began_};
    fit_history history = train_epochs(trainer, plan, fit);
    return history;
  }

  [[nodiscard]] const network_state& state() const noexcept { return trainer_.state(); }

  [[nodiscard]] rating_network finish(const network_state& state) const {
    return {recipe_, features_, tasks_, state.parameters, state.table, range_};
  }

 private:
  [[nodiscard]] static const dataset& required(std::string_view model, const dataset& train) {
    if (train.empty()) throw data_error(std::string(model) + ": no ratings to fit");
    return train;
  }

  /// The events with the targets and centres of their tasks.
  [[nodiscard]] const training_events& prepared() {
    nn::network_view::require_room(*recipe_);
    if (plan_.set_targets) plan_.set_targets(events_);
    for (std::size_t t = 0; t < tasks_.size(); ++t) {
      const auto targets = std::span<const float>(events_.targets).subspan(t);
      if (tasks_.size() == 1) nn::check_targets(tasks_[0].loss, events_.targets);
      tasks_[t].center = center_of(tasks_[t].loss, targets, tasks_.size(), plan_.negatives);
    }
    return events_;
  }

  [[nodiscard]] network_state begin(const network_state* from) const {
    const auto slots = static_cast<std::size_t>(features_.slots());
    if (from == nullptr) {
      network_state state = network_state::start(*recipe_, slots, options_);
      clear_unread(*recipe_, features_, events_, state.table);
      return state;
    }
    if (from->parameters.size() != recipe_->layout.size() ||
        from->table.size() != slots * recipe_->input.stride())
      throw data_error(std::string(model_) + ": resumed with data of another size");
    return *from;
  }

  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::string_view model_;
  const nn::training_options& options_;
  rating_plan plan_;
  const fit_options& fit_;
  const host_loop& loop_;
  feature_encoder features_;
  std::shared_ptr<const nn::network> recipe_;
  training_events events_;
  std::vector<task_loss> tasks_;
  rating_objective objective_;
  neural_trainer trainer_;
  rating_range range_;
  int first_epoch_ = 1;
};

}  // namespace kindred::detail
