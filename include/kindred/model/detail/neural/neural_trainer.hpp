#pragma once

#include <kindred/core/random.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/shuffle.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/feature_encoder.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/detail/neural/gradient_rows.hpp>
#include <kindred/model/detail/neural/objective.hpp>
#include <kindred/nn/matrix.hpp>
#include <kindred/nn/network.hpp>
#include <kindred/nn/optimizer_step.hpp>
#include <kindred/nn/training_options.hpp>
#include <kindred/train/training_loop.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <stop_token>
#include <utility>
#include <vector>

namespace kindred::detail {

/// The numbers of a network in training.
struct network_state {
  aligned_vector<float> parameters;
  aligned_vector<float> table;
  // What the optimizer keeps beside them.
  aligned_vector<float> parameters_a;
  aligned_vector<float> parameters_b;
  aligned_vector<float> table_a;
  aligned_vector<float> table_b;
  std::uint64_t steps = 0;  ///< that were taken
  int epochs = 0;

  /// Where training begins.
  [[nodiscard]] static network_state start(const nn::network& recipe, std::size_t slots,
                                           const nn::training_options& options) {
    network_state state;
    state.parameters = recipe.layout.initialize(options.seed);
    state.table = recipe.input.initialize(slots, options.seed);
    const std::size_t arrays = kernel::state_arrays(nn::rule_of(options.optimizer));
    if (arrays > 0) {
      state.parameters_a.resize(state.parameters.size());
      state.table_a.resize(state.table.size());
    }
    if (arrays > 1) {
      state.parameters_b.resize(state.parameters.size());
      state.table_b.resize(state.table.size());
    }
    nn::start_state(options.optimizer, state.parameters, state.parameters_a.data(),
                    state.parameters_b.data());
    nn::start_state(options.optimizer, state.table, state.table_a.data(), state.table_b.data());
    return state;
  }
};

/// Trains a network by mini-batches. A batch is cut into shards by its size alone; sums over
/// samples are made shard by shard in order, so that all bits are the same on any number of
/// threads. After the first batch of an epoch nothing is allocated.
class neural_trainer {
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
        batch_(std::min(static_cast<std::size_t>(options.batch_size), goal.num_events())),
        order_(goal.num_events()),
        rows_(recipe.input, features, goal.most_samples(batch_)) {
    allocate(goal.most_samples(batch_));
    cut_parameters();
  }

  /// One pass over all events; ends early when the stop token asks or the loss is no number.
  epoch_result run_epoch(int epoch) {
    draw_order(static_cast<std::uint64_t>(epoch));
    objective_sums sums;
    double rate = 0;
    for (std::size_t first = 0; first < order_.size(); first += batch_) {
      if (stop_.stop_requested() || !std::isfinite(sums.loss)) break;
      const std::size_t count = std::min(batch_, order_.size() - first);
      const event_batch batch{std::span<const index>(order_).subspan(first, count),
                              static_cast<std::uint64_t>(epoch) * order_.size() + first};
      rate = learning_rate_factor();
      sums += step(batch, rate);
    }
    state_.epochs = epoch;
    return {.squared_error = sums.squared_error / sums.count * static_cast<double>(order_.size()),
            .learning_rate = rate * nn::learning_rate_of(options_.optimizer),
            .loss = sums.loss / sums.weight};
  }

  [[nodiscard]] nn::network_view view() const noexcept {
    return {recipe_, features_, state_.parameters.data(), state_.table.data()};
  }
  [[nodiscard]] const network_state& state() const noexcept { return state_; }
  [[nodiscard]] network_state take() { return std::move(state_); }

  void keep() { kept_ = state_; }
  void restore() { state_ = kept_; }

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

  void draw_order(std::uint64_t epoch) {
    std::iota(order_.begin(), order_.end(), 0);
    shuffle(std::span(order_), counter_rng(options_.seed, 0x73687566U + (epoch << 32)));
  }

  [[nodiscard]] double learning_rate_factor() const {
    const std::uint64_t each = (order_.size() + batch_ - 1) / batch_;
    return nn::rate_factor(
        options_.schedule,
        {.step = state_.steps,
         .steps = std::max<std::uint64_t>(each * static_cast<std::uint64_t>(options_.epochs),
                                          state_.steps + 1),
         .steps_per_epoch = each});
  }

  objective_sums step(const event_batch& batch, double rate) {
    goal_.choose(batch, samples_);
    hide_ids(batch);
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
            .first_sample = goal_.most_samples(batch.first_event) + first,
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

  void hide_ids(const event_batch& batch) {
    if (options_.hidden_ids == 0) return;
    const counter_rng random(options_.seed, 0x68696465U);
    const std::uint64_t first = goal_.most_samples(batch.first_event);
    for (std::size_t n = 0; n < samples_.size(); ++n) {
      samples_[n].hides_user =
          features_.has_user_ids() && random.uniform(2 * (first + n)) < options_.hidden_ids;
      samples_[n].hides_item =
          features_.has_item_ids() && random.uniform(2 * (first + n) + 1) < options_.hidden_ids;
    }
  }

  /// Adds up the gradients, and takes the step.
  void update(std::size_t shards, double rate) {
    kernel::gradient_step weights = nn::step_of(options_.optimizer, ++state_.steps, rate);
    weights.gradient_bound = static_cast<float>(options_.clipping.max_value);
    kernel::gradient_step of_rows = weights;
    weights.l1 = static_cast<float>(options_.l1);
    weights.l2 = static_cast<float>(options_.l2);
    of_rows.l2 = static_cast<float>(options_.embedding_l2);
    const bool bounded = std::isfinite(options_.clipping.max_norm);
    if (bounded) {
      for_each_of(pieces_.size() + rows_.size(), [&](std::size_t n) { add_up(n, shards); });
      const double norm = std::sqrt(rows_.squared_norm() +
                                    nn::squared_norm(std::span<const float>(shards_[0].gradients)));
      weights.gradient_scale = static_cast<float>(nn::scale_to(options_.clipping.max_norm, norm));
      of_rows.gradient_scale = weights.gradient_scale;
    }
    for_each_of(pieces_.size() + rows_.size(), [&](std::size_t n) {
      if (!bounded) add_up(n, shards);
      n < pieces_.size() ? take_step(pieces_[n], weights)
                         : take_row_step(n - pieces_.size(), of_rows);
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
  std::size_t batch_;
  std::vector<index> order_;
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
