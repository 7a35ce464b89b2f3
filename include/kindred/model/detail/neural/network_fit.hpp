#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/data/feature_encoder.hpp>
#include <kindred/data/feature_field.hpp>
#include <kindred/data/features.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/detail/neural/clear_unread.hpp>
#include <kindred/model/detail/neural/network_training.hpp>
#include <kindred/model/detail/neural/neural_trainer.hpp>
#include <kindred/model/detail/neural/rating_network.hpp>
#include <kindred/model/detail/neural/rating_objective.hpp>
#include <kindred/model/detail/neural/task_events.hpp>
#include <kindred/model/detail/neural/training_events.hpp>
#include <kindred/model/detail/neural/training_setup.hpp>
#include <kindred/model/rating_task.hpp>
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
  std::vector<rating_task> tasks;
  feature_set features;
  std::size_t negatives = 0;
  bool clip = true;
};

/// The tasks of a model: one, if its options do not list them.
template <class Options>
[[nodiscard]] std::vector<rating_task> tasks_of(const Options& options) {
  if constexpr (requires { options.tasks; })
    return options.tasks;
  else
    return {{.name = "rating", .loss = options.loss, .negatives = true}};
}

/// Where a fit goes on from.
struct resume_point {
  const network_state& state;
  const feature_encoder& features;
};

/// Throws data_error unless users, items and contexts are encoded as before.
inline void require_same_fields(std::string_view model, const feature_encoder& now,
                                const feature_encoder& before) {
  const auto describe = [](const feature_encoder& encoder) {
    std::string text;
    for (const auto fields :
         {encoder.user_fields(), encoder.item_fields(), encoder.context_fields()})
      for (const feature_field& f : fields)
        text += (text.empty() ? "" : ", ") + f.name + " of " + to_text(f.slots);
    return text;
  };
  const std::string of_now = describe(now);
  const std::string of_before = describe(before);
  if (of_now != of_before)
    throw data_error(std::string(model) + ": resumed with other features or ratings: " + of_now +
                     ", before " + of_before);
}

/// A fit of a network that rates, from its options to its parameters.
class network_fit {
 public:
  /// All but `plan` and `make` must outlive it. With `from`, goes on from there. `make` begins the
  /// training; without it, that is on the processor.
  network_fit(std::string_view model, const nn::training_options& options, rating_plan plan,
              const dataset& train, const fit_options& fit, const host_loop& loop,
              const resume_point* from, const training_maker& make = nullptr)
      : model_(model),
        options_(options),
        plan_(std::move(plan)),
        fit_(fit),
        loop_(loop),
        sources_(plan_.tasks, required(model, train)),
        pairs_(sources_.pairs()),
        features_(plan_.features, pairs_),
        recipe_(make_recipe()),
        events_(sources_.all(features_, plan_.features.context)),
        tasks_(losses_of(plan_.tasks, events_, plan_.negatives, plan_.clip)),
        objective_(events_, tasks_, pairs_, plan_.negatives, options.seed),
        training_(make ? make(setup(), begin(from)) : on_processor(begin(from))) {
    first_epoch_ = from == nullptr ? 1 : from->state.epochs + 1;
  }

  /// Calls `after_epoch()` after each.
  template <class AfterEpoch>
  fit_history run(const AfterEpoch& after_epoch) {
    const training_events validation = validation_events();
    rating_trainer trainer(*training_, *recipe_, features_, tasks_[0], validation, loop_);
    fit_options fit = fit_;
    fit.observer = [&](const epoch_report& report) {
      after_epoch();
      return fit_.observer ? fit_.observer(report) : training::proceed;
    };
    const training_plan plan{.model = model_,
                             .epochs = options_.epochs,
                             .ratings = events_.size(),
                             .first_epoch = first_epoch_,
                             .began = began_};
    return train_epochs(trainer, plan, fit);
  }

  [[nodiscard]] const network_state& state() { return training_->state(); }

  [[nodiscard]] rating_network finish(const network_state& state) const {
    return {recipe_, features_, tasks_, state.parameters, state.table};
  }

 private:
  [[nodiscard]] training_setup setup() {
    return {*recipe_, features_, options_, tasks_[0], objective_, fit_.stop};
  }
  [[nodiscard]] std::unique_ptr<network_training> on_processor(network_state state) {
    return std::make_unique<neural_trainer>(*recipe_, features_, options_, objective_,
                                            std::move(state), loop_, fit_.stop);
  }

  [[nodiscard]] static const dataset& required(std::string_view model, const dataset& train) {
    if (train.empty()) throw data_error(std::string(model) + ": no ratings to fit");
    return train;
  }

  [[nodiscard]] std::shared_ptr<const nn::network> make_recipe() const {
    if (features_.slots() == 0)
      throw data_error(std::string(model_) + ": no ids and no features to learn from");
    auto recipe = std::make_shared<const nn::network>(plan_.make_network(features_));
    rating_network::require_room(*recipe, features_);
    return recipe;
  }

  /// What the first task is judged on.
  [[nodiscard]] training_events validation_events() const {
    if (!fit_.validation) return {};
    const auto& contexts = plan_.features.context;
    training_events events = events_of(
        *fit_.validation, features_.context_slots(contexts, *fit_.validation), contexts.size());
    try {
      events.targets = targets_of(plan_.tasks[0], *fit_.validation);
    } catch (const data_error& error) {
      throw data_error("validation: " + std::string(error.what()));
    }
    return events;
  }

  [[nodiscard]] network_state begin(const resume_point* from) const {
    if (from != nullptr) {
      require_same_fields(model_, features_, from->features);
      return from->state;
    }
    network_state state =
        network_state::start(*recipe_, static_cast<std::size_t>(features_.slots()), options_);
    clear_unread(*recipe_, features_, events_, state.table);
    return state;
  }

  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::string_view model_;
  const nn::training_options& options_;
  rating_plan plan_;
  const fit_options& fit_;
  const host_loop& loop_;
  task_events sources_;
  dataset pairs_;
  feature_encoder features_;
  std::shared_ptr<const nn::network> recipe_;
  training_events events_;
  std::vector<task_loss> tasks_;
  rating_objective objective_;
  std::unique_ptr<network_training> training_;
  int first_epoch_ = 1;
};

}  // namespace kindred::detail
