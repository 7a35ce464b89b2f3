#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/data/feature_encoder.hpp>
#include <kindred/data/filter.hpp>
#include <kindred/kernel/dot.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/detail/neural/bpr_objective.hpp>
#include <kindred/model/detail/neural/clear_unread.hpp>
#include <kindred/model/detail/neural/negative_sampler.hpp>
#include <kindred/model/detail/neural/neural_trainer.hpp>
#include <kindred/model/detail/neural/objective.hpp>
#include <kindred/model/detail/neural/popularity_sampler.hpp>
#include <kindred/model/detail/neural/softmax_objective.hpp>
#include <kindred/model/detail/neural/training_events.hpp>
#include <kindred/model/detail/neural/two_tower_network.hpp>
#include <kindred/model/detail/neural/two_towers.hpp>
#include <kindred/model/detail/neural/warp_objective.hpp>
#include <kindred/model/two_tower_options.hpp>
#include <kindred/nn/network.hpp>
#include <kindred/nn/ranking_loss.hpp>
#include <kindred/nn/sample.hpp>
#include <kindred/nn/sigmoid.hpp>
#include <kindred/train/fit_options.hpp>
#include <kindred/train/training_loop.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace kindred::detail {

/// The ratings that count as chosen.
[[nodiscard]] inline dataset chosen_ratings(const dataset& ratings, std::optional<float> least) {
  if (!least) return ratings;
  const auto values = ratings.row_values();
  return select_rows(
      ratings, mark_rows(ratings, [&](index, std::size_t row) { return values[row] >= *least; }));
}

/// A fit of two towers, from their options to their parameters.
class two_tower_fit {
 public:
  /// All must outlive it.
  two_tower_fit(std::string_view model, const two_tower_options& options, const dataset& train,
                const fit_options& fit, const host_loop& loop)
      : model_(model),
        options_(options),
        fit_(fit),
        loop_(loop),
        chosen_(required("to fit", chosen_ratings(train, options.min_rating))),
        features_(options.features, chosen_),
        recipe_(make_recipe()),
        events_(events(chosen_)),
        objective_(make_objective()),
        trainer_(recipe_, features_, options.training, *objective_, begin(), loop_, fit_.stop) {}

  fit_history run() {
    if (fit_.validation && !fit_.validation->empty())
      validation_ = events(
          required("in the validation set", chosen_ratings(*fit_.validation, options_.min_rating)));
    const training_plan plan{.model = model_,
                             .epochs = options_.training.epochs,
                             .ratings = events_.size(),
                             .began = began_};
    return train_epochs(*this, plan, fit_);
  }
  [[nodiscard]] two_towers finish() {
    network_state state = trainer_.take();
    return {options_, features_, std::move(state.parameters), std::move(state.table)};
  }

  // What train_epochs() asks.
  epoch_result run_epoch(int epoch) { return trainer_.run_epoch(epoch); }
  void keep() { trainer_.keep(); }
  void restore() { trainer_.restore(); }
  [[nodiscard]] double validation_rmse(const dataset&) const noexcept {
    return std::numeric_limits<double>::quiet_NaN();
  }
  [[nodiscard]] double validation_loss(const dataset&) const {
    constexpr std::size_t block = 1024;
    const negative_sampler sampler(chosen_, options_.training.seed + 1);
    const float by = 1 / temperature();
    const double total =
        sum_blocks(loop_, validation_.size(), block, [&](std::size_t first, std::size_t end) {
          double sum = 0;
          float positive = 0;
          trainer_.view().evaluate(
              2 * (end - first),
              [&](std::size_t n) {
                const std::size_t event = first + n / 2;
                nn::sample one = validation_.sample(event);
                if (n % 2 == 1) one.item = sampler.draw(one.user, event);
                return one;
              },
              [&](std::size_t n, std::span<const float> outputs) {
                const float score = score_of(outputs) * by;
                if (n % 2 == 0)
                  positive = score;
                else
                  sum += static_cast<double>(nn::softplus(score - positive));
              });
          return sum;
        });
    return total / static_cast<double>(validation_.size());
  }

 private:
  [[nodiscard]] dataset required(const std::string& what, dataset ratings) const {
    if (ratings.empty())
      throw data_error(std::string(model_) + ": no ratings " + what +
                       (options_.min_rating
                            ? " of at least min_rating = " + to_text(*options_.min_rating)
                            : ""));
    return ratings;
  }

  [[nodiscard]] bool pairwise() const noexcept {
    return std::holds_alternative<nn::bpr>(options_.loss) ||
           std::holds_alternative<nn::warp>(options_.loss);
  }
  [[nodiscard]] float score_of(std::span<const float> outputs) const noexcept {
    if (pairwise()) return outputs[0];
    const std::size_t half = outputs.size() / 2;
    return kernel::dot(outputs.data(), outputs.data() + half, half);
  }
  [[nodiscard]] float temperature() const {
    return std::visit(
        [](const auto& loss) {
          if constexpr (requires { loss.temperature; })
            return static_cast<float>(loss.temperature);
          else
            return 1.0F;
        },
        options_.loss);
  }

  [[nodiscard]] training_events events(const dataset& ratings) const {
    const auto& contexts = options_.features.context;
    return events_of(ratings, features_.context_slots(contexts, ratings), contexts.size());
  }

  [[nodiscard]] nn::network make_recipe() const {
    nn::network recipe =
        make_network(options_, features_, pairwise() ? tower_output::score : tower_output::vectors);
    nn::network_view::require_room(recipe);
    return recipe;
  }

  [[nodiscard]] std::unique_ptr<objective> make_objective() const {
    const std::uint64_t seed = options_.training.seed;
    if (const auto* loss = std::get_if<nn::bpr>(&options_.loss))
      return std::make_unique<bpr_objective>(events_, chosen_, *loss, seed);
    if (const auto* loss = std::get_if<nn::warp>(&options_.loss))
      return std::make_unique<warp_objective>(events_, chosen_, *loss, seed);
    softmax_plan plan;
    double power = 1;
    if (const auto* loss = std::get_if<nn::sampled_softmax>(&options_.loss)) {
      plan = {static_cast<std::size_t>(loss->negatives), loss->temperature, loss->log_q};
      power = loss->popularity_power;
    } else if (const auto* in_batch = std::get_if<nn::in_batch_softmax>(&options_.loss)) {
      plan = {0, in_batch->temperature, in_batch->log_q};
    }
    return std::make_unique<softmax_objective>(
        events_, popularity_sampler(chosen_, power, seed), plan, options_.factors(),
        std::min(static_cast<std::size_t>(options_.training.batch_size), events_.size()), loop_);
  }

  [[nodiscard]] network_state begin() const {
    network_state state = network_state::start(recipe_, static_cast<std::size_t>(features_.slots()),
                                               options_.training);
    clear_unread(recipe_, features_, events_, state.table);
    return state;
  }

  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::string_view model_;
  const two_tower_options& options_;
  const fit_options& fit_;
  const host_loop& loop_;
  dataset chosen_;
  feature_encoder features_;
  nn::network recipe_;
  training_events events_;
  training_events validation_;
  std::unique_ptr<objective> objective_;
  neural_trainer trainer_;
};

}  // namespace kindred::detail
