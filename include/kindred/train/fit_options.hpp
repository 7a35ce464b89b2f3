#pragma once

#include <kindred/data/dataset.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <limits>
#include <optional>
#include <stop_token>
#include <vector>

namespace kindred {

/// What one pass over the ratings came to.
struct epoch_report {
  int epoch = 0;   ///< from 1
  int epochs = 0;  ///< how many were asked for
  /// Root mean squared error on the training ratings, each read just before its own step; NaN for
  /// what predicts no ratings.
  double train_rmse = 0;
  /// Root mean squared error on `fit_options::validation`, after the epoch; NaN without one.
  double validation_rmse = std::numeric_limits<double>::quiet_NaN();
  /// What training makes small, on average over the ratings: the squared error, where a model does
  /// not let another loss be chosen. Penalties are not in it.
  double train_loss = 0;
  double validation_loss = std::numeric_limits<double>::quiet_NaN();
  std::chrono::duration<double> elapsed{};  ///< since fit() began, preparation included
  double ratings_per_second = 0;            ///< of this epoch, validation excluded
  double learning_rate = 0;                 ///< the step size that the epoch used
};

/// What an observer wants next.
enum class training { proceed, stop };

/// Called after every epoch, on the thread that called fit().
using epoch_observer = std::function<training(const epoch_report&)>;

/// Ends training when the validation loss has not fallen by more than `min_delta` for `patience`
/// epochs in a row. Needs a validation set.
struct early_stopping_options {
  int patience = 3;          ///< >= 1
  double min_delta = 0;      ///< >= 0; of the RMSE, or of the loss where a model lets it be chosen
  bool restore_best = true;  ///< go back to the best epoch, not just stop
};

/// How to train, whatever the model.
struct fit_options {
  std::optional<dataset> validation{};  ///< judged after every epoch
  epoch_observer observer{};            ///< may be empty
  std::optional<early_stopping_options> early_stopping{};
  /// When asked, fit() throws `cancelled` within an epoch and the model stays as it was.
  std::stop_token stop{};
};

/// Why training ended.
enum class stop_reason { finished, early_stopping, observer };

/// What training went through.
struct fit_history {
  std::vector<epoch_report> epochs;
  stop_reason reason = stop_reason::finished;
  int best_epoch = 0;  ///< from 1; the epoch whose parameters the model now has
};

}  // namespace kindred
