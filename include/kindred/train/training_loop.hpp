#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <kindred/core/error.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/train/fit_options.hpp>
#include <limits>
#include <string>
#include <string_view>

namespace kindred {

/// What one pass over the training ratings came to.
struct epoch_result {
  double squared_error = 0;  ///< summed over the ratings, each read just before its own step
  double learning_rate = 0;  ///< the step size used; a closed-form solver says 1
  /// Mean over the ratings of what was made small, if that is not the squared error.
  double loss = std::numeric_limits<double>::quiet_NaN();
};

/// The part of a model that `train_epochs` drives: parameters in training. If its loss is not the
/// squared error, `validation_loss(validation)` tells it.
template <class Trainer>
concept epoch_trainer = requires(Trainer& trainer, const dataset& validation, int epoch) {
  /// Makes one pass, numbered from 1. It may return early once the stop token asks.
  { trainer.run_epoch(epoch) } -> std::same_as<epoch_result>;
  /// Root mean squared error of the present parameters.
  { trainer.validation_rmse(validation) } -> std::convertible_to<double>;
  /// Remembers the present parameters in place of those remembered before, and goes back to them.
  trainer.keep();
  trainer.restore();
};

/// What `train_epochs` has to know of a fit.
struct training_plan {
  std::string_view model;   ///< its name, for messages
  int epochs = 0;           ///< the number of the last pass
  std::size_t ratings = 0;  ///< in one pass
  int first_epoch = 1;      ///< the number of the first pass
  std::chrono::steady_clock::time_point began = std::chrono::steady_clock::now();
};

namespace detail {

inline void check_fit_options(const fit_options& options) {
  if (options.validation && options.validation->empty())
    throw data_error("the validation set has no ratings");
  if (!options.early_stopping) return;
  require_option(options.validation.has_value(), "early_stopping", std::string_view("on"),
                 "a fit with a validation set");
  require_option(options.early_stopping->patience >= 1, "patience",
                 options.early_stopping->patience, "[1, 2147483647]");
  require_option(options.early_stopping->min_delta >= 0, "min_delta",
                 options.early_stopping->min_delta, "[0, inf]");
}

/// Watches the validation loss for early stopping.
class validation_watch {
 public:
  void see(int epoch, double error, double min_delta) {
    if (error < best_error_) {
      best_error_ = error;
      best_epoch_ = epoch;
    }
    if (error < reference_ - min_delta) {
      reference_ = error;
      reference_epoch_ = epoch;
    }
  }
  [[nodiscard]] int best_epoch() const noexcept { return best_epoch_; }
  /// The last epoch that was better by more than min_delta than such an epoch before it.
  [[nodiscard]] int reference_epoch() const noexcept { return reference_epoch_; }

 private:
  double best_error_ = std::numeric_limits<double>::infinity();
  double reference_ = std::numeric_limits<double>::infinity();
  int best_epoch_ = 0;
  int reference_epoch_ = 0;
};

template <epoch_trainer Trainer>
void judge(Trainer& trainer, const dataset& validation, epoch_report& report) {
  report.validation_rmse = trainer.validation_rmse(validation);
  if constexpr (requires { trainer.validation_loss(validation); })
    report.validation_loss = trainer.validation_loss(validation);
  else
    report.validation_loss = report.validation_rmse * report.validation_rmse;
}

/// What early stopping compares.
template <epoch_trainer Trainer>
[[nodiscard]] double watched(const epoch_report& report) {
  if constexpr (requires(Trainer & trainer, const dataset& data) { trainer.validation_loss(data); })
    return report.validation_loss;
  else
    return report.validation_rmse;
}

template <epoch_trainer Trainer>
[[nodiscard]] epoch_report train_epoch(Trainer& trainer, int epoch, const training_plan& plan,
                                       const fit_options& options) {
  using clock = std::chrono::steady_clock;
  const auto throw_if_stopped = [&] {
    if (options.stop.stop_requested()) throw cancelled("fit of " + std::string(plan.model));
  };

  throw_if_stopped();
  const auto start = clock::now();
  const epoch_result result = trainer.run_epoch(epoch);
  const std::chrono::duration<double> seconds = clock::now() - start;
  throw_if_stopped();

  const auto ratings = static_cast<double>(plan.ratings);
  epoch_report report{.epoch = epoch, .epochs = plan.epochs, .learning_rate = result.learning_rate};
  report.train_rmse = std::sqrt(result.squared_error / ratings);
  report.train_loss = std::isnan(result.loss) ? result.squared_error / ratings : result.loss;
  if (options.validation) judge(trainer, *options.validation, report);
  if (!std::isfinite(report.train_loss) ||
      (options.validation && !std::isfinite(report.validation_loss)))
    throw divergence_error(plan.model, epoch, result.learning_rate);
  report.ratings_per_second = ratings / std::max(seconds.count(), 1e-9);
  report.elapsed = clock::now() - plan.began;
  return report;
}

}  // namespace detail

/// Trains epoch by epoch, as `options` say, and leaves the trainer with the parameters of
/// `fit_history::best_epoch`: those of the last epoch or, with early stopping and `restore_best`,
/// those of the least validation error, whatever ended the training.
///
/// Throws option_error for early stopping that has no validation set or is out of range, data_error
/// for an empty validation set, divergence_error when an error ceases to be finite, `cancelled`
/// when the stop token asks, and whatever the trainer or the observer throws. The trainer may then
/// be in any state: a model trains a copy and takes it over at the end.
template <epoch_trainer Trainer>
[[nodiscard]] fit_history train_epochs(Trainer& trainer, const training_plan& plan,
                                       const fit_options& options) {
  detail::check_fit_options(options);
  const auto& stopping = options.early_stopping;
  const bool restores = stopping && stopping->restore_best;

  fit_history history;
  history.epochs.reserve(static_cast<std::size_t>(std::clamp(plan.epochs, 0, 1000)));
  detail::validation_watch watch;
  for (int epoch = plan.first_epoch; epoch <= plan.epochs; ++epoch) {
    // Only now, when they are about to be lost: the last epoch is never copied.
    if (restores && epoch > plan.first_epoch && watch.best_epoch() == epoch - 1) trainer.keep();
    history.epochs.push_back(detail::train_epoch(trainer, epoch, plan, options));
    history.best_epoch = epoch;
    const epoch_report& report = history.epochs.back();
    if (stopping) watch.see(epoch, detail::watched<Trainer>(report), stopping->min_delta);
    if (options.observer && options.observer(report) == training::stop) {
      history.reason = stop_reason::observer;
      break;
    }
    if (stopping && epoch - watch.reference_epoch() >= stopping->patience) {
      history.reason = stop_reason::early_stopping;
      break;
    }
  }
  if (restores && watch.best_epoch() != history.best_epoch) {
    trainer.restore();
    history.best_epoch = watch.best_epoch();
  }
  return history;
}

}  // namespace kindred
