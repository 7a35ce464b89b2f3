#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/data/feature_encoder.hpp>
#include <kindred/model/detail/neural_trainer.hpp>
#include <kindred/model/detail/rating_objective.hpp>
#include <kindred/nn/network.hpp>
#include <kindred/nn/rating_loss.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace kindred::detail {

/// The range that ratings are held to.
struct rating_range {
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();
};

/// A fitted network that rates: one output a task.
class rating_network {
 public:
  static constexpr std::size_t most_contexts = 32;

  rating_network() = default;
  rating_network(std::shared_ptr<const nn::network> recipe, feature_encoder features,
                 std::vector<task_loss> tasks, shared_array<float> parameters,
                 shared_array<float> table, rating_range range)
      : recipe_(std::move(recipe)),
        features_(std::move(features)),
        tasks_(std::move(tasks)),
        parameters_(std::move(parameters)),
        table_(std::move(table)),
        range_(range) {}

  [[nodiscard]] const feature_encoder& features() const noexcept { return features_; }
  [[nodiscard]] std::size_t tasks() const noexcept { return tasks_.size(); }
  [[nodiscard]] const nn::network* recipe() const noexcept { return recipe_.get(); }

  /// `contexts` are values, one for each context, or none.
  [[nodiscard]] float predict(index user, index item, std::span<const int> contexts,
                              std::size_t task = 0) const noexcept {
    if (recipe_ == nullptr) return 0;
    std::array<index, most_contexts> slots{};
    const std::size_t count = std::min(contexts.size(), features_.context_fields().size());
    for (std::size_t c = 0; c < count; ++c) slots[c] = features_.context_slot(c, contexts[c]);
    const nn::sample one{.user = user, .item = item, .contexts = std::span(slots).first(count)};
    float result = 0;
    view().evaluate(
        1, [&](std::size_t) { return one; },
        [&](std::size_t, std::span<const float> outputs) {
          result = rating_of(tasks_[task], outputs[task]);
        });
    return std::clamp(result, range_.low, range_.high);
  }

  void score(index user, std::span<float> scores) const noexcept {
    view().evaluate(
        scores.size(),
        [&](std::size_t n) { return nn::sample{.user = user, .item = static_cast<index>(n)}; },
        [&](std::size_t n, std::span<const float> outputs) { scores[n] = outputs[0]; });
  }

  template <class Writer>
  void write(Writer& out) const {
    out.add("features", features_);
    for (const nn::parameter_block& block : recipe_->layout.blocks()) {
      const nn::const_matrix from = block.in(parameters_.data());
      out.add(block.name, unpadded(from), {block.rows, block.columns});
    }
    const std::size_t slots = static_cast<std::size_t>(features_.slots());
    const nn::embedding_layout& input = recipe_->input;
    out.add("embeddings", unpadded({table_.data(), slots, input.row_size(), input.stride()}),
            {slots, input.row_size()});
    for (std::size_t t = 0; t < tasks_.size(); ++t)
      out.set("center" + to_text(t), tasks_[t].center);
    out.set("clips", range_.low > -std::numeric_limits<float>::infinity());
    if (range_.low <= -std::numeric_limits<float>::infinity()) return;
    out.set("low", range_.low);
    out.set("high", range_.high);
  }

  /// `make_recipe(features)` builds the network that was written. Throws data_error for what
  /// contradicts itself.
  template <class Reader, class MakeRecipe>
  [[nodiscard]] static rating_network read(const Reader& in, std::vector<task_loss> tasks,
                                           const MakeRecipe& make_recipe) {
    auto features = in.template part<feature_encoder>("features");
    auto recipe = std::make_shared<const nn::network>(make_recipe(features));
    aligned_vector<float> parameters(recipe->layout.size(), 0.0F);
    for (const nn::parameter_block& block : recipe->layout.blocks()) {
      const auto from = in.template array<float>(block.name, {block.rows, block.columns});
      pad(from, block.in(parameters.data()));
    }
    const auto slots = static_cast<std::size_t>(features.slots());
    aligned_vector<float> table(slots * recipe->input.stride(), 0.0F);
    pad(in.template array<float>("embeddings", {slots, recipe->input.row_size()}),
        {table.data(), slots, recipe->input.row_size(), recipe->input.stride()});
    for (std::size_t t = 0; t < tasks.size(); ++t)
      tasks[t].center = in.template get<double>("center" + to_text(t));
    rating_range range;
    if (in.template get<bool>("clips"))
      range = {in.template get<float>("low"), in.template get<float>("high")};
    if (range.low > range.high) throw data_error("low is greater than high");
    return {std::move(recipe),     std::move(features), std::move(tasks),
            std::move(parameters), std::move(table),    range};
  }

 private:
  [[nodiscard]] nn::network_view view() const noexcept {
    return {*recipe_, features_, parameters_.data(), table_.data()};
  }

  [[nodiscard]] static shared_array<float> unpadded(nn::const_matrix from) {
    aligned_vector<float> all;
    all.reserve(from.rows * from.columns);
    for (std::size_t r = 0; r < from.rows; ++r)
      all.insert(all.end(), from.row(r).begin(), from.row(r).end());
    return all;
  }
  static void pad(const shared_array<float>& from, nn::matrix to) {
    for (std::size_t r = 0; r < to.rows; ++r)
      std::copy_n(from.data() + r * to.columns, to.columns, to.row(r).data());
  }

  std::shared_ptr<const nn::network> recipe_;
  feature_encoder features_;
  std::vector<task_loss> tasks_;
  shared_array<float> parameters_;
  shared_array<float> table_;
  rating_range range_;
};

/// The part of a fit that goes epoch by epoch.
class rating_trainer {
 public:
  /// `network` is a network with a state to begin from; all must outlive the trainer.
  rating_trainer(neural_trainer& network, const std::vector<task_loss>& tasks, rating_range range,
                 const aligned_vector<index>& validation_contexts, std::size_t contexts_each,
                 const host_loop& loop)
      : network_(network),
        tasks_(tasks),
        range_(range),
        contexts_(validation_contexts),
        contexts_each_(contexts_each),
        loop_(loop) {}

  epoch_result run_epoch(int epoch) { return network_.run_epoch(epoch); }
  void keep() { network_.keep(); }
  void restore() { network_.restore(); }

  [[nodiscard]] double validation_rmse(const dataset& validation) const {
    return std::sqrt(mean_of(validation, [&](float output, float target) {
      const float rating = std::clamp(rating_of(tasks_[0], output), range_.low, range_.high);
      const auto error = static_cast<double>(rating - target);
      return error * error;
    }));
  }
  [[nodiscard]] double validation_loss(const dataset& validation) const {
    return mean_of(validation, [&](float output, float target) {
      const float centred = output + static_cast<float>(tasks_[0].center);
      return std::visit(
          [&](const auto& loss) { return static_cast<double>(loss.value(centred, target)); },
          tasks_[0].loss);
    });
  }

 private:
  /// Block by block, so that the order of the sum does not depend on the threads.
  template <class Term>
  [[nodiscard]] double mean_of(const dataset& validation, const Term& term) const {
    constexpr std::size_t block = 1024;
    const training_events events = events_of(validation, contexts_, contexts_each_);
    std::vector<double> sums((events.size() + block - 1) / block, 0.0);
    for_each_index(loop_, sums.size(), [&](std::size_t b) {
      const std::size_t first = b * block;
      network_.view().evaluate(
          std::min(block, events.size() - first),
          [&](std::size_t n) { return events.sample(first + n); },
          [&](std::size_t n, std::span<const float> outputs) {
            sums[b] += term(outputs[0], events.targets[first + n]);
          });
    });
    double total = 0;
    for (const double sum : sums) total += sum;
    return total / static_cast<double>(events.size());
  }

  neural_trainer& network_;
  const std::vector<task_loss>& tasks_;
  rating_range range_;
  const aligned_vector<index>& contexts_;
  std::size_t contexts_each_;
  const host_loop& loop_;
};

}  // namespace kindred::detail
