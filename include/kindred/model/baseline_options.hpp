#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/option_fields.hpp>

#include <cstdint>

namespace kindred {

/// How `baseline_model` finds the biases. Penalties of the two differ in scale: that of `als` is
/// paid once for each user and item, that of `sgd` once for each rating.
enum class baseline_solver {
  als,  ///< alternating least squares; a few epochs suffice
  sgd   ///< stochastic gradient descent; Surprise takes 20 epochs
};

/// Options of `baseline_model`.
struct baseline_options {
  /// Passes over the ratings, >= 0; 0 leaves all biases at zero.
  int epochs = 10;
  baseline_solver solver = baseline_solver::als;
  /// Of als: L2 penalty on the bias of a user, >= 0: how many ratings at the mean it is worth.
  double user_regularization = 5;
  /// Likewise of an item.
  double item_regularization = 3;
  /// Of sgd: step size, > 0.
  double learning_rate = 0.005;
  /// Of sgd: L2 penalty on the biases of each rating's user and item, >= 0.
  double regularization = 0.02;
  /// Of sgd: the order of the steps.
  std::uint64_t seed = 42;
  /// Holds `predict` to the range of the training ratings. `score` is never held.
  bool clip = true;

  friend bool operator==(const baseline_options&, const baseline_options&) = default;
};

template <maybe_const<baseline_options> Options, class Field>
void for_each_option(Options& o, const Field& field) {
  field("epochs", o.epochs);
  field("solver", o.solver);
  field("user_regularization", o.user_regularization);
  field("item_regularization", o.item_regularization);
  field("learning_rate", o.learning_rate);
  field("regularization", o.regularization);
  field("seed", o.seed);
  field("clip", o.clip);
}

/// Throws option_error for the first option outside its range.
inline void check_options(const baseline_options& o) {
  require_option(o.epochs >= 0, "epochs", o.epochs, "[0, 2147483647]");
  require_option(o.solver == baseline_solver::als || o.solver == baseline_solver::sgd, "solver",
                 static_cast<int>(o.solver), "{als, sgd}");
  require_option(o.user_regularization >= 0 && o.user_regularization < 1e9, "user_regularization",
                 o.user_regularization, "[0, 1e9)");
  require_option(o.item_regularization >= 0 && o.item_regularization < 1e9, "item_regularization",
                 o.item_regularization, "[0, 1e9)");
  require_option(o.learning_rate > 0 && o.learning_rate < 1e6, "learning_rate", o.learning_rate,
                 "(0, 1e6)");
  require_option(o.regularization >= 0 && o.regularization < 1e6, "regularization",
                 o.regularization, "[0, 1e6)");
}

}  // namespace kindred
