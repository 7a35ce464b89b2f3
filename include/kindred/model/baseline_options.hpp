#pragma once

#include <kindred/core/error.hpp>

namespace kindred {

/// Options of `baseline_model`.
struct baseline_options {
  /// Passes over the ratings, >= 0; 0 leaves all biases at zero.
  int epochs = 10;
  /// L2 penalty on the bias of a user, >= 0: how many ratings at the mean it is worth.
  double user_regularization = 5;
  /// Likewise of an item.
  double item_regularization = 3;
  /// Holds `predict` to the range of the training ratings. `score` is never held.
  bool clip = true;

  friend bool operator==(const baseline_options&, const baseline_options&) = default;
};

/// Throws option_error for the first option outside its range.
inline void check_options(const baseline_options& o) {
  require_option(o.epochs >= 0, "epochs", o.epochs, "[0, 2147483647]");
  require_option(o.user_regularization >= 0 && o.user_regularization < 1e9, "user_regularization",
                 o.user_regularization, "[0, 1e9)");
  require_option(o.item_regularization >= 0 && o.item_regularization < 1e9, "item_regularization",
                 o.item_regularization, "[0, 1e9)");
}

}  // namespace kindred
