#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/data/feature_encoder.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/detail/neural/epoch_batches.hpp>
#include <kindred/model/detail/neural/gradient_rows.hpp>
#include <kindred/model/detail/neural/network_state.hpp>
#include <kindred/model/detail/neural/network_training.hpp>
#include <kindred/model/detail/neural/objective.hpp>
#include <kindred/nn/matrix.hpp>
#include <kindred/nn/network.hpp>
#include <kindred/nn/optimizer_step.hpp>
#include <kindred/nn/training_options.hpp>
#include <kindred/train/training_loop.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <stop_token>
#include <utility>
#include <vector>

namespace kindred::detail {

/// Trains a network by mini-batches. A batch is cut into shards by its size alone; sums over
/// samples are made shard by shard in order, so that all bits are the same on any number of
/// threads. After the first batch of an epoch nothing is allocated.
class neural_trainer final : public network_training {
 public:
  /// All arguments must outlive it, but for the state.
  neural_trainer(const nn::network& recipe, const feature_encoder& features,
                 const nn::training_options& options, objective& goal, network_state state,
                 const host_loop& loop, const std::stop_token& stop)
      : recipe_(recipe),
        features_(features),
        options_(options),
        goal_(goal),
        state_(std::move(state)),
        loop_(loop),
        stop_(stop),
        step_(kernel::select_gradient_step(nn::rule_of(options.optimizer))),
        batches_(features, options, goal),
        rows_(recipe.input, features, batches_.most_samples()) {
    allocate(batches_.most_samples());
    cut_parameters();
  }

  epoch_result run_epoch(int epoch) override {
    batches_.begin(epoch);
    objective_sums sums;
    double rate = 0;
    for (std::size_t n = 0; n < batches_.size(); ++n) {
      if (stop_.stop_requested() || !std::isfinite(sums.loss)) break;
      rate = batches_.rate_factor(state_.steps);
      sums += step(batches_[n], rate);
    }
    state_.epochs = epoch;
    return sums.result(batches_.num_events(), rate * nn::learning_rate_of(options_.optimizer));
  }

  [[nodiscard]] nn::network_view view() const noexcept {
    return {recipe_, features_, state_.parameters.data(), state_.table.data()};
  }
  const network_state& numbers() override { return state_; }
  const network_state& state() override { return state_; }
  [[nodiscard]] network_state take() { return std::move(state_); }

  void keep() override { kept_ = state_; }
  void restore() override { state_ = kept_; }

 private:
  /// Samples of a shard: a batch has at most 16, and they are not too small.
  [[nodiscard]] static std::size_t shard_rows(std::size_t samples) noexcept {
    constexpr std::size_t most = 16;
    constexpr std::size_t least = 64;
    return std::max(least, (samples + most - 1) / most);
  }

  struct shard {
    aligned_vector<float> gradients;
    aligned_vector<float> state;
  };

  /// Some parameters of one block, which are stepped together.
  struct piece {
    std::size_t offset;
    std::size_t size;
    nn::parameter_role role;
  };

  void allocate(std::size_t samples) {
    const std::size_t columns = recipe_.input.columns();
    const std::size_t outputs = nn::padded(recipe_.head->outputs());
    samples_.reserve(samples);
    in_.resize(samples * columns);
    d_in_.resize(samples * columns);
    out_.resize(samples * outputs);
    d_out_.resize(samples * outputs);
    derived_.resize(recipe_.layout.derived_size());
    const std::size_t rows = shard_rows(samples);
    shards_.resize((samples + rows - 1) / rows);
    for (shard& one : shards_) {
      one.gradients.resize(recipe_.layout.size());
      one.state.resize(recipe_.head->state_size(rows, true));
    }
  }

  void cut_parameters() {
    constexpr std::size_t most = 4096;
    for (const nn::parameter_block& block : recipe_.layout.blocks())
      for (std::size_t begin = 0; begin < block.size(); begin += most)
        pieces_.push_back({block.offset + begin, std::min(most, block.size() - begin), block.role});
  }

  objective_sums step(const event_batch& batch, double rate) {
    batches_.choose(batch, samples_);
    const std::size_t rows = shard_rows(samples_.size());
    const std::size_t shards = (samples_.size() + rows - 1) / rows;
    recipe_.head->derive(state_.parameters.data(), derived_.data());
    // What the samples read is noted beside the first shards.
    for_each_of(shards + 1, [&](std::size_t n) {
      n == shards ? rows_.note(samples_) : forward(batch, n, rows);
    });
    const objective_sums sums =
        goal_.judge(batch, rows_of(out_, 0, samples_.size()), rows_of(d_out_, 0, samples_.size()));
    for_each_of(shards, [&](std::size_t n) { backward(batch, n, rows); });
    update(shards, rate);
    return sums;
  }

  /// On all threads, if a batch is worth waking them: that takes longer than some have work for.
  template <class Function>
  void for_each_of(std::size_t count, const Function& f) const {
    constexpr std::size_t worth_sharing = std::size_t{1} << 21;  // products in a layer: 100 us
    const auto some = [&](std::size_t begin, std::size_t end) {
      for (std::size_t n = begin; n < end; ++n) f(n);
    };
    if (samples_.size() * recipe_.layout.size() < worth_sharing)
      some(0, count);
    else
      loop_(count, some);
  }

  void forward(const event_batch& batch, std::size_t n, std::size_t rows) {
    const std::size_t first = n * rows;
    const std::size_t count = std::min(rows, samples_.size() - first);
    const nn::matrix in = inputs_of(in_, first, count);
    const nn::network_view network = view();
    for (std::size_t r = 0; r < count; ++r)
      network.gather(samples_[first + r], in.data + r * in.stride);
    recipe_.head->forward(pass_of(batch, n, first, count), in, rows_of(out_, first, count),
                          shards_[n].state.data());
  }

  void backward(const event_batch& batch, std::size_t n, std::size_t rows) {
    const std::size_t first = n * rows;
    const std::size_t count = std::min(rows, samples_.size() - first);
    std::fill(shards_[n].gradients.begin(), shards_[n].gradients.end(), 0.0F);
    recipe_.head->backward(pass_of(batch, n, first, count), inputs_of(in_, first, count),
                           rows_of(out_, first, count), rows_of(d_out_, first, count),
                           inputs_of(d_in_, first, count), shards_[n].state.data());
  }

  [[nodiscard]] nn::pass pass_of(const event_batch& batch, std::size_t n, std::size_t first,
                                 std::size_t count) noexcept {
    return {.parameters = state_.parameters.data(),
            .derived = derived_.data(),
            .gradients = shards_[n].gradients.data(),
            .training = true,
            .seed = options_.seed,
            .first_sample = batches_.first_sample(batch) + first,
            .share = static_cast<float>(count) / static_cast<float>(samples_.size())};
  }

  [[nodiscard]] nn::matrix inputs_of(aligned_vector<float>& all, std::size_t first,
                                     std::size_t count) const noexcept {
    const std::size_t columns = recipe_.input.columns();
    return {all.data() + first * columns, count, columns, columns};
  }
  [[nodiscard]] nn::matrix rows_of(aligned_vector<float>& all, std::size_t first,
                                   std::size_t count) const noexcept {
    const std::size_t outputs = recipe_.head->outputs();
    return {all.data() + first * nn::padded(outputs), count, outputs, nn::padded(outputs)};
  }

  /// Adds up the gradients, and takes the step.
  void update(std::size_t shards, double rate) {
    batch_steps steps = steps_of(options_, ++state_.steps, rate);
    const bool bounded = std::isfinite(options_.clipping.max_norm);
    if (bounded) {
      for_each_of(pieces_.size() + rows_.size(), [&](std::size_t n) { add_up(n, shards); });
      const double norm = std::sqrt(rows_.squared_norm() +
                                    nn::squared_norm(std::span<const float>(shards_[0].gradients)));
      steps.parameters.gradient_scale = steps.rows.gradient_scale =
          static_cast<float>(nn::scale_to(options_.clipping.max_norm, norm));
    }
    for_each_of(pieces_.size() + rows_.size(), [&](std::size_t n) {
      if (!bounded) add_up(n, shards);
      n < pieces_.size() ? take_step(pieces_[n], steps.parameters)
                         : take_row_step(n - pieces_.size(), steps.rows);
    });
  }

  /// The gradients of a piece, those of the shards into that of the first, or of a row.
  void add_up(std::size_t n, std::size_t shards) {
    if (n >= pieces_.size()) return rows_.add_up(n - pieces_.size(), d_in_.data());
    const piece& p = pieces_[n];
    float* const sum = shards_[0].gradients.data() + p.offset;
    for (std::size_t k = 1; k < shards; ++k)
      kernel::axpy(1.0F, shards_[k].gradients.data() + p.offset, p.size, sum);
  }

  void take_step(const piece& p, const kernel::gradient_step& weights) {
    constexpr float momentum = 0.1F;
    const float* const gradient = shards_[0].gradients.data() + p.offset;
    float* const parameters = state_.parameters.data() + p.offset;
    if (p.role == nn::parameter_role::average) {
      for (std::size_t k = 0; k < p.size; ++k)
        parameters[k] += momentum * (gradient[k] - parameters[k]);
      return;
    }
    step_(p.role == nn::parameter_role::weight ? weights : weights.unregularized(), gradient,
          p.size, parameters, part_of(state_.parameters_a, p.offset),
          part_of(state_.parameters_b, p.offset));
  }

  void take_row_step(std::size_t place, const kernel::gradient_step& step) {
    const std::size_t stride = recipe_.input.stride();
    const std::size_t at = static_cast<std::size_t>(rows_.slot(place)) * stride;
    step_(step, rows_.gradient(place), stride, state_.table.data() + at,
          part_of(state_.table_a, at), part_of(state_.table_b, at));
  }

  [[nodiscard]] static float* part_of(aligned_vector<float>& array, std::size_t at) noexcept {
    return array.empty() ? nullptr : array.data() + at;
  }

  const nn::network& recipe_;
  const feature_encoder& features_;
  const nn::training_options& options_;
  objective& goal_;
  network_state state_;
  network_state kept_;
  const host_loop& loop_;
  const std::stop_token& stop_;
  kernel::gradient_step_kernel step_;
  epoch_batches batches_;
  gradient_rows rows_;
  std::vector<nn::sample> samples_;
  aligned_vector<float> in_;
  aligned_vector<float> d_in_;
  aligned_vector<float> out_;
  aligned_vector<float> d_out_;
  aligned_vector<float> derived_;
  std::vector<shard> shards_;
  std::vector<piece> pieces_;
};

}  // namespace kindred::detail
