#pragma once

#include <kindred/core/random.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/data/feature_encoder.hpp>
#include <kindred/data/feature_field.hpp>
#include <kindred/data/features.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/detail/neural/fm_side.hpp>
#include <kindred/model/detail/neural/fm_vectors.hpp>
#include <kindred/model/detail/neural/rating_objective.hpp>
#include <kindred/model/detail/neural/training_events.hpp>
#include <kindred/model/factorization_machine_options.hpp>
#include <kindred/nn/sample.hpp>
#include <kindred/train/training_loop.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <stop_token>
#include <utility>
#include <vector>

namespace kindred::detail {

/// Coordinate descent for a factorization machine (Rendle, Gantner, Freudenthaler, Schmidt-Thieme,
/// "Fast context-aware recommendations with factorization machines", SIGIR 2011): the sum of
/// weighted squared errors and penalties is made least along one parameter after the other, which
/// it is a parabola of: w0, the weights, then factor by factor. The errors of all ratings are kept
/// up to date. The slots of a field are stepped in parallel where everybody has but one of them,
/// those of a bag in order. An epoch costs O((ratings + entries of users and items) x factors).
class fm_als {
 public:
  /// All must outlive it.
  fm_als(const feature_encoder& features, const dataset& train,
         const factorization_machine_options& options, const task_loss& task, const host_loop& loop,
         const std::stop_token& stop)
      : fm_als(features, train, options, options.als, task, loop, stop) {}
  /// With other options than those.
  fm_als(const feature_encoder& features, const dataset& train,
         const factorization_machine_options& options, const fm_als_options& als,
         const task_loss& task, const host_loop& loop, const std::stop_token& stop)
      : features_(features),
        contexts_(options.features.context),
        options_(als),
        loop_(loop),
        stop_(stop),
        events_(encode(train)),
        task_(task),
        user_offsets_(train.user_offsets()),
        item_offsets_(train.item_offsets()),
        column_users_(train.column_users()),
        rows_by_item_(train.size()),
        users_(features.users(), features.user_fields(), user_offsets_, loop),
        items_(features.items(), features.item_fields(), item_offsets_, loop),
        slots_(static_cast<std::size_t>(features.slots())),
        factors_(static_cast<std::size_t>(options.factors)),
        numbers_{0, aligned_vector<float>(slots_ * (1 + factors_), 0.0F)} {
    // Rows come by user, as do the ratings of an item: each next one goes behind the one before.
    std::vector<index> next(item_offsets_.begin(), item_offsets_.end());
    for (std::size_t row = 0; row < events_.size(); ++row) {
      const auto item = static_cast<std::size_t>(events_.items[row]);
      rows_by_item_[static_cast<std::size_t>(next[item]++)] = static_cast<index>(row);
    }
    const std::vector<double> squares = squares_by_slot();
    set_scales(squares);
    draw_factors(squares);
    errors_ = outputs_of(events_, parameters());
    for (std::size_t row = 0; row < errors_.size(); ++row)
      errors_[row] = events_.targets[row] - rating_of(task_, errors_[row]);
  }

  epoch_result run_epoch(int /*epoch*/) {
    step_bias(options_.bias_regularization);
    for (std::size_t c = 0; c <= factors_ && !stop_.stop_requested(); ++c) descend(column(c));
    return {.squared_error = squared_errors(false), .learning_rate = 1};
  }

  [[nodiscard]] double validation_rmse(const dataset& validation) const {
    return rmse_of(validation, parameters());
  }

  void keep() { kept_ = numbers_; }
  void restore() { numbers_ = kept_; }

  [[nodiscard]] fm_parameters parameters() const {
    const auto vectors_begin = numbers_.columns.begin() + static_cast<std::ptrdiff_t>(slots_);
    aligned_vector<float> weights(numbers_.columns.begin(), vectors_begin);
    aligned_vector<float> vectors(slots_ * factors_);
    for (std::size_t slot = 0; slot < slots_; ++slot)
      for (std::size_t k = 0; k < factors_; ++k)
        vectors[slot * factors_ + k] = numbers_.columns[(1 + k) * slots_ + slot];
    return {numbers_.bias, factors_, std::move(weights), std::move(vectors)};
  }

 protected:
  struct numbers {
    double bias = 0;
    aligned_vector<float> columns;  ///< of slots: the weights, then factor by factor
  };

  [[nodiscard]] training_events encode(const dataset& ratings) const {
    return events_of(ratings, features_.context_slots(contexts_, ratings), contexts_.size());
  }
  /// Of the predictions of some machine.
  [[nodiscard]] double rmse_of(const dataset& ratings, const fm_parameters& machine) const {
    const training_events events = encode(ratings);
    const auto outputs = outputs_of(events, machine);
    const double squared = sum_over(loop_, events.size(), [&](std::size_t row) {
      const auto error =
          static_cast<double>(held_rating_of(task_, outputs[row]) - events.targets[row]);
      return error * error;
    });
    return std::sqrt(squared / static_cast<double>(events.size()));
  }
  [[nodiscard]] aligned_vector<float> outputs_of(const training_events& events,
                                                 const fm_parameters& machine) const {
    const fm_vectors users(features_.users(), machine);
    const fm_vectors items(features_.items(), machine);
    aligned_vector<float> outputs(events.size());
    for_each_index(loop_, events.size(), [&](std::size_t row) {
      const nn::sample one = events.sample(row);
      outputs[row] = fm_output(machine, users, one.user, items, one.item, one.contexts.size(),
                               [&](std::size_t c) { return one.contexts[c]; });
    });
    return outputs;
  }

  /// Each times its weight if `weighted`.
  [[nodiscard]] double squared_errors(bool weighted) const {
    return sum_over(loop_, events_.size(), [&](std::size_t row) {
      const auto error = static_cast<double>(errors_[row]);
      return error * error * (weighted ? weight(row) : 1);
    });
  }

  /// What the squares of a slot's values in all ratings add up to.
  [[nodiscard]] std::vector<double> squares_by_slot() const {
    std::vector<double> squares(slots_, 0.0);
    for (const index slot : events_.contexts) ++squares[static_cast<std::size_t>(slot)];
    users_.add_squares(squares);
    items_.add_squares(squares);
    return squares;
  }

  void set_scales(const std::vector<double>& squares) {
    scales_.resize(slots_);
    const auto set = [&](std::span<const feature_field> fields, bool has_ids) {
      for (std::size_t f = 0; f < fields.size(); ++f)
        for (index slot = fields[f].first_slot; slot < fields[f].end_slot(); ++slot) {
          const auto s = static_cast<std::size_t>(slot);
          scales_[s] = std::pow(squares[s], options_.frequency_exponent) *
                       (f == 0 && has_ids ? 1 : options_.feature_regularization);
        }
    };
    set(features_.user_fields(), features_.has_user_ids());
    set(features_.item_fields(), features_.has_item_ids());
    set(features_.context_fields(), false);
  }

  /// Those of slots that no rating has stay 0, so that the unknown adds nothing.
  void draw_factors(const std::vector<double>& squares) {
    const counter_rng random(options_.seed, 0x666d616cU);
    for (std::size_t slot = 0; slot < slots_; ++slot)
      for (std::size_t k = 0; squares[slot] > 0 && k < factors_; ++k)
        numbers_.columns[(1 + k) * slots_ + slot] =
            static_cast<float>(options_.init_scale * random.normal(slot * factors_ + k));
  }

  [[nodiscard]] fm_column column(std::size_t c) noexcept {
    return {.numbers = std::span(numbers_.columns).subspan(c * slots_, slots_),
            .scales = scales_,
            .penalty = c == 0 ? options_.weight_regularization : options_.factor_regularization,
            .weights = c == 0};
  }

  /// To where errors and `penalty` are least, or around there.
  void step_bias(double penalty, const fm_noise* noise = nullptr) {
    const double total =
        sum_over(loop_, events_.size(), [&](std::size_t row) { return weight(row); });
    const double slope = sum_over(loop_, events_.size(), [&](std::size_t row) {
      return weight(row) * static_cast<double>(errors_[row]);
    });
    const double before = numbers_.bias;
    numbers_.bias = (slope + total * before) / (total + penalty);
    if (noise != nullptr)
      numbers_.bias += noise->random.normal(0) / std::sqrt(noise->precision * (total + penalty));
    for_each_index(loop_, events_.size(), [&](std::size_t row) {
      errors_[row] -= static_cast<float>(numbers_.bias - before);
    });
  }

  void descend(const fm_column& column) {
    users_.begin(column);
    items_.begin(column);
    descend(
        users_, user_offsets_, [](std::size_t n) { return n; }, items_, events_.items, column);
    descend(
        items_, item_offsets_,
        [&](std::size_t n) { return static_cast<std::size_t>(rows_by_item_[n]); }, users_,
        column_users_, column);
    for (std::size_t c = 0; c < events_.contexts_each; ++c) descend(c, column);
  }

  /// Steps in the features of users, or of items. The ratings of one of them are `row_of(n)` for n
  /// between its offsets, and by others[n] of the other side.
  template <class RowOf>
  void descend(fm_side& side, std::span<const index> offsets, const RowOf& row_of,
               const fm_side& other, std::span<const index> others, const fm_column& column) {
    const auto for_each_rating_of = [&](std::size_t entity, const auto& f) {
      const auto end = static_cast<std::size_t>(offsets[entity + 1]);
      for (auto n = static_cast<std::size_t>(offsets[entity]); n < end; ++n) {
        const std::size_t row = row_of(n);
        f(row, column.weights ? 0 : other.sum(others[n]) + context_sum(row, column));
      }
    };
    for_each_index(loop_, side.size(), [&](std::size_t e) {
      fm_moments moments;  // in registers
      for_each_rating_of(e, [&](std::size_t row, double rest) {
        moments.add(weight(row), rest, static_cast<double>(errors_[row]));
      });
      side.moments(e) = moments;
    });
    side.descend(column);
    for_each_index(loop_, side.size(), [&](std::size_t e) {
      const fm_moments moments = side.moments(e);
      for_each_rating_of(e, [&](std::size_t row, double rest) {
        errors_[row] -= static_cast<float>(moments.growth(rest));
      });
    });
    side.end(column);
  }

  /// Steps in the slots of a context, of which each rating has one.
  void descend(std::size_t context, const fm_column& column) {
    const feature_field& field = features_.context_fields()[context];
    const auto first = static_cast<std::size_t>(field.first_slot);
    const auto slot_of = [&](std::size_t row) {
      return static_cast<std::size_t>(events_.contexts[row * contexts_.size() + context]);
    };
    const auto rest_of = [&](std::size_t row) {
      if (column.weights) return 1.0;
      return users_.sum(events_.users[row]) + items_.sum(events_.items[row]) +
             context_sum(row, column) - static_cast<double>(column.numbers[slot_of(row)]);
    };
    const auto parabolas = sum_by_slot(
        static_cast<std::size_t>(field.slots), [&](std::size_t row, fm_parabola* by_slot) {
          by_slot[slot_of(row) - first].add(weight(row), rest_of(row), errors_[row]);
        });
    std::vector<double> steps(parabolas.size());
    for (std::size_t s = 0; s < steps.size(); ++s)
      steps[s] = column.minimize(first + s, parabolas[s]);
    for_each_index(loop_, events_.size(), [&](std::size_t row) {
      errors_[row] -= static_cast<float>(steps[slot_of(row) - first] * rest_of(row));
    });
  }

  /// What `add(row, by_slot)` adds to, block by block in order.
  template <class Add>
  [[nodiscard]] std::vector<fm_parabola> sum_by_slot(std::size_t slots, const Add& add) const {
    constexpr std::size_t block = 4096;
    const std::size_t blocks = (events_.size() + block - 1) / block;
    std::vector<fm_parabola> sums(blocks * slots);
    for_each_index(loop_, blocks, [&](std::size_t b) {
      const std::size_t end = std::min(events_.size(), (b + 1) * block);
      for (std::size_t row = b * block; row < end; ++row) add(row, sums.data() + b * slots);
    });
    for (std::size_t b = 1; b < blocks; ++b)
      for (std::size_t s = 0; s < slots; ++s) sums[s] += sums[b * slots + s];
    sums.resize(slots);
    return sums;
  }

  [[nodiscard]] double context_sum(std::size_t row, const fm_column& column) const noexcept {
    if (events_.contexts_each == 0) return 0;
    double sum = 0;
    for (const index slot : events_.sample(row).contexts)
      sum += static_cast<double>(column.numbers[static_cast<std::size_t>(slot)]);
    return sum;
  }
  [[nodiscard]] double weight(std::size_t row) const noexcept {
    return static_cast<double>(events_.weight(row));
  }

  const feature_encoder& features_;
  const std::vector<context_feature>& contexts_;
  fm_als_options options_;
  const host_loop& loop_;
  const std::stop_token& stop_;
  training_events events_;
  const task_loss& task_;
  std::span<const index> user_offsets_;
  std::span<const index> item_offsets_;
  std::span<const index> column_users_;
  std::vector<index> rows_by_item_;
  fm_side users_;
  fm_side items_;
  std::size_t slots_;
  std::size_t factors_;
  std::vector<double> scales_;
  numbers numbers_;
  numbers kept_;
  aligned_vector<float> errors_;  ///< of each rating: it less what is predicted
};

}  // namespace kindred::detail
