#pragma once

#include <kindred/backend/als_kernels.hpp>
#include <kindred/core/error.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/model/als_options.hpp>
#include <kindred/model/als_solver.hpp>
#include <kindred/model/detail/als/als_side.hpp>
#include <kindred/model/detail/als/als_trainer.hpp>
#include <kindred/model/detail/als/implicit_als_trainer.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/implicit_als_options.hpp>
#include <kindred/train/training_loop.hpp>

#include <cstddef>
#include <span>
#include <stop_token>
#include <variant>

// The trainers of als and implicit_als with their half steps on a backend that has memory of its
// own. Rows come back after each epoch. A stop is heeded between half steps.
namespace kindred::detail {

/// als_problem::steps. Throws option_error for block_descent, which such a backend has not.
[[nodiscard]] inline int steps_on_device(const als_solver& solver) {
  require_option(!std::holds_alternative<block_descent>(solver), "solver", block_descent::name,
                 "{cholesky, conjugate_gradient} on this backend");
  const auto* const descent = std::get_if<conjugate_gradient>(&solver);
  return descent == nullptr ? 0 : descent->steps;
}

/// Those of all rows of a side; `penalty(count)` is that of a row with so many entries.
template <class Penalty>
[[nodiscard]] aligned_vector<float> penalties_of(const als_side& side, const Penalty& penalty) {
  aligned_vector<float> penalties(side.size());
  for (std::size_t r = 0; r < side.size(); ++r) penalties[r] = penalty(side.count(r));
  return penalties;
}

template <class Backend>
class als_trainer_on : public als_trainer {
 public:
  /// All must outlive it. Throws option_error, and what the backend throws.
  als_trainer_on(const Backend& backend, const dataset& train, const als_options& options,
                 const host_loop& loop, const std::stop_token& stop)
      : als_trainer(train, options, loop, stop),
        stop_(stop),
        user_penalties_(penalties(users())),
        item_penalties_(penalties(items())),
        kernels_(backend, problem()) {
    kernels_.write(als_axis::items, items().rows, items().width);
  }

  epoch_result run_epoch(int /*epoch*/) {
    for (const als_axis axis : {als_axis::users, als_axis::items})
      if (!stop_.stop_requested()) kernels_.solve(axis);
    read(als_axis::users, users());
    read(als_axis::items, items());
    return {.squared_error = kernels_.error(), .learning_rate = 1};
  }

 private:
  [[nodiscard]] aligned_vector<float> penalties(const rated_side& side) const {
    return penalties_of(side, [this](std::size_t count) {
      return als_penalty(options(), count, options().regularization);
    });
  }
  [[nodiscard]] static als_entries entries(const rated_side& side,
                                           std::span<const float> penalties) noexcept {
    return {side.offsets, side.others, side.values, side.weights, penalties};
  }
  [[nodiscard]] als_problem problem() {
    const als_options& o = options();
    return {.users = entries(users(), user_penalties_),
            .items = entries(items(), item_penalties_),
            .factors = factors(),
            .biases = o.biases,
            .bias_penalty = static_cast<float>(o.bias_regularization / o.regularization),
            .terms = terms(),
            .steps = steps_on_device(o.solver)};
  }

  void read(als_axis axis, rated_side& side) const {
    kernels_.read(axis, side.rows, side.width);
    if (!options().biases) return;
    for (std::size_t r = 0; r < side.size(); ++r) side.biases[r] = side.row(r)[factors()];
  }

  const std::stop_token& stop_;
  aligned_vector<float> user_penalties_;
  aligned_vector<float> item_penalties_;
  als_kernels<Backend> kernels_;
};

template <class Backend>
class implicit_als_trainer_on : public implicit_als_trainer {
 public:
  /// As that of als_trainer_on.
  implicit_als_trainer_on(const Backend& backend, const dataset& train,
                          const implicit_als_options& options, const host_loop& loop,
                          const std::stop_token& stop)
      : implicit_als_trainer(train, options, loop, stop),
        stop_(stop),
        user_penalties_(penalties(users(), items())),
        item_penalties_(penalties(items(), users())),
        kernels_(backend, problem()) {
    kernels_.write(als_axis::items, items().rows, items().width);
  }

  epoch_result run_epoch(int /*epoch*/) {
    for (const als_axis axis : {als_axis::users, als_axis::items})
      if (!stop_.stop_requested()) kernels_.solve(axis);
    read(als_axis::users, users(), user_gramian());
    read(als_axis::items, items(), item_gramian());
    return report(kernels_.error());
  }

 private:
  [[nodiscard]] aligned_vector<float> penalties(const als_side& own, const als_side& other) const {
    return penalties_of(
        own, [&](std::size_t count) { return implicit_penalty(options(), count, other.size()); });
  }
  [[nodiscard]] static als_entries entries(const als_side& side,
                                           std::span<const float> penalties) noexcept {
    return {side.offsets, side.others, side.values, {}, penalties};
  }
  [[nodiscard]] als_problem problem() {
    return {.users = entries(users(), user_penalties_),
            .items = entries(items(), item_penalties_),
            .factors = static_cast<std::size_t>(options().factors),
            .terms = implicit_terms(options()),
            .steps = steps_on_device(options().solver)};
  }

  void read(als_axis axis, als_side& side, aligned_vector<float>& gramian) const {
    kernels_.read(axis, side.rows, side.width);
    gramian.resize(side.width * side.width);
    kernels_.read_gramian(axis, gramian, side.width);
  }

  const std::stop_token& stop_;
  aligned_vector<float> user_penalties_;
  aligned_vector<float> item_penalties_;
  als_kernels<Backend> kernels_;
};

}  // namespace kindred::detail
