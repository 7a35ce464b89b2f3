#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/data/detail/side_encoder.hpp>
#include <kindred/data/encoded_rows.hpp>
#include <kindred/data/feature_encoder.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/detail/neural/context_slots.hpp>
#include <kindred/model/detail/neural/network_file.hpp>
#include <kindred/model/detail/neural/network_state.hpp>
#include <kindred/model/detail/neural/network_training.hpp>
#include <kindred/model/detail/neural/rating_objective.hpp>
#include <kindred/model/detail/neural/training_events.hpp>
#include <kindred/model/rating_task.hpp>
#include <kindred/nn/network.hpp>
#include <kindred/nn/sample.hpp>
#include <kindred/train/training_loop.hpp>

#include <cmath>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace kindred::detail {

/// Throws data_error for rows of items that another encoder made, or for another number of
/// predictions than there are rows.
inline void require_new_items(const encoded_rows& items, const feature_encoder& features,
                              std::size_t predictions) {
  require_encoded("items", items, features.item_fields());
  if (predictions != static_cast<std::size_t>(items.size()))
    throw data_error("items: " + to_text(items.size()) + " rows for " + to_text(predictions) +
                     " predictions");
}

/// A fitted network that rates: one output a task.
class rating_network {
 public:
  rating_network() = default;
  /// Throws option_error for a network that is too wide to be evaluated on the stack, or for more
  /// contexts than there may be.
  rating_network(std::shared_ptr<const nn::network> recipe, feature_encoder features,
                 std::vector<task_loss> tasks, shared_array<float> parameters,
                 shared_array<float> table)
      : recipe_(std::move(recipe)),
        features_(std::move(features)),
        tasks_(std::move(tasks)),
        parameters_(std::move(parameters)),
        table_(std::move(table)) {
    require_room(*recipe_, features_);
  }

  static void require_room(const nn::network& recipe, const feature_encoder& features) {
    nn::network_view::require_room(recipe);
    const std::size_t contexts = features.context_fields().size();
    require_option(contexts <= context_slots::most, "contexts", contexts, "[0, 32]");
  }

  [[nodiscard]] const feature_encoder& features() const noexcept { return features_; }
  [[nodiscard]] std::size_t tasks() const noexcept { return tasks_.size(); }
  [[nodiscard]] const nn::network* recipe() const noexcept { return recipe_.get(); }

  [[nodiscard]] std::size_t slots() const noexcept {
    return static_cast<std::size_t>(features_.slots());
  }

  /// The numbers, as training goes on from them.
  [[nodiscard]] network_state state() const {
    network_state state;
    state.parameters.assign(parameters_.begin(), parameters_.end());
    state.table.assign(table_.begin(), table_.end());
    return state;
  }

  /// `contexts` are values, one for each context, or none.
  [[nodiscard]] float predict(index user, index item, std::span<const int> contexts,
                              std::size_t task = 0) const noexcept {
    if (recipe_ == nullptr) return 0;
    const context_slots slots(features_, contexts);
    const nn::sample one{.user = user, .item = item, .contexts = slots.span()};
    float result = 0;
    view().evaluate(
        1, [&](std::size_t) { return one; },
        [&](std::size_t, std::span<const float> outputs) {
          result = held_rating_of(tasks_[task], outputs[task]);
        });
    return result;
  }

  /// The output for the first task of a user with items 0, 1, ...
  void score(index user, std::span<float> scores) const noexcept {
    score_with(view(), user, scores);
  }
  /// The same for a row of users who are new.
  void score_new_user(const encoded_rows& users, index row,
                      std::span<float> scores) const noexcept {
    score_with(view().with_users(users), row, scores);
  }
  /// The ratings of items that are new, for the first task.
  void predict_new_items(index user, const encoded_rows& items,
                         std::span<float> ratings) const noexcept {
    score_with(view().with_items(items), user, ratings);
    for (float& rating : ratings) rating = held_rating_of(tasks_[0], rating);
  }

  template <class Writer>
  void write(Writer& out) const {
    out.add("features", features_);
    auto dense = out.nested("parameters");
    write_parameters(dense, *recipe_, parameters_.data());
    write_table(out, *recipe_, table_.data(), slots());
    for (std::size_t t = 0; t < tasks_.size(); ++t) {
      const task_loss& task = tasks_[t];
      out.set("center" + to_text(t), task.center);
      if (std::isinf(task.high)) continue;
      out.set("low" + to_text(t), task.low);
      out.set("high" + to_text(t), task.high);
    }
  }

  /// `make_recipe(features)` builds the network that was written. Throws option_error, data_error
  /// for what contradicts itself.
  template <class Reader, class MakeRecipe>
  [[nodiscard]] static rating_network read(const Reader& in, const std::vector<rating_task>& tasks,
                                           const MakeRecipe& make_recipe) {
    auto features = in.template part<feature_encoder>("features");
    if (features.slots() == 0) throw data_error("features: none");
    auto recipe = std::make_shared<const nn::network>(make_recipe(features));
    auto parameters = read_parameters(in.nested("parameters"), *recipe);
    auto table = read_table(in, *recipe, static_cast<std::size_t>(features.slots()));
    std::vector<task_loss> losses;
    for (const rating_task& task : tasks) {
      const std::string number = to_text(losses.size());
      task_loss& loss = losses.emplace_back(task_loss{.loss = task.loss, .weight = task.weight});
      loss.center = in.template get<double>("center" + number);
      if (!in.contains("high" + number)) continue;
      loss.low = in.template get<float>("low" + number);
      loss.high = in.template get<float>("high" + number);
      if (loss.low > loss.high) throw data_error("low is greater than high");
    }
    return {std::move(recipe), std::move(features), std::move(losses), std::move(parameters),
            std::move(table)};
  }

 private:
  [[nodiscard]] nn::network_view view() const noexcept {
    return {*recipe_, features_, parameters_.data(), table_.data()};
  }

  static void score_with(const nn::network_view& network, index user,
                         std::span<float> scores) noexcept {
    network.evaluate(
        scores.size(),
        [&](std::size_t n) { return nn::sample{.user = user, .item = static_cast<index>(n)}; },
        [&](std::size_t n, std::span<const float> outputs) { scores[n] = outputs[0]; });
  }

  std::shared_ptr<const nn::network> recipe_;
  feature_encoder features_;
  std::vector<task_loss> tasks_;
  shared_array<float> parameters_;
  shared_array<float> table_;
};

/// The part of a fit that goes epoch by epoch.
class rating_trainer {
 public:
  /// `validation` has targets of the first task alone. All must outlive the trainer.
  rating_trainer(network_training& network, const nn::network& recipe,
                 const feature_encoder& features, const task_loss& task,
                 const training_events& validation, const host_loop& loop)
      : network_(network),
        recipe_(recipe),
        features_(features),
        task_(task),
        validation_(validation),
        loop_(loop) {}

  epoch_result run_epoch(int epoch) { return network_.run_epoch(epoch); }
  void keep() { network_.keep(); }
  void restore() { network_.restore(); }

  [[nodiscard]] double validation_rmse(const dataset&) const {
    return std::sqrt(mean_of([&](float output, float target) {
      const auto error = static_cast<double>(held_rating_of(task_, output) - target);
      return error * error;
    }));
  }
  [[nodiscard]] double validation_loss(const dataset&) const {
    return std::visit(
        [&](const auto& loss) {
          return mean_of([&](float output, float target) {
            return static_cast<double>(
                loss.value(output + static_cast<float>(task_.center), target));
          });
        },
        task_.loss);
  }

 private:
  template <class Term>
  [[nodiscard]] double mean_of(const Term& term) const {
    constexpr std::size_t block = 1024;
    const network_state& state = network_.numbers();
    const nn::network_view view(recipe_, features_, state.parameters.data(), state.table.data());
    const double total =
        sum_blocks(loop_, validation_.size(), block, [&](std::size_t first, std::size_t end) {
          double sum = 0;
          view.evaluate(
              end - first, [&](std::size_t n) { return validation_.sample(first + n); },
              [&](std::size_t n, std::span<const float> outputs) {
                sum += term(outputs[0], validation_.targets[first + n]);
              });
          return sum;
        });
    return total / static_cast<double>(validation_.size());
  }

  network_training& network_;
  const nn::network& recipe_;
  const feature_encoder& features_;
  const task_loss& task_;
  const training_events& validation_;
  const host_loop& loop_;
};

}  // namespace kindred::detail
