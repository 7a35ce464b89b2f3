#pragma once

#include <kindred/core/error.hpp>

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

namespace detail {

/// To and from a model file.
template <class Writer>
void write_options(Writer& out, const baseline_options& o) {
  out.set("epochs", o.epochs);
  out.set("solver", o.solver);
  out.set("user_regularization", o.user_regularization);
  out.set("item_regularization", o.item_regularization);
  out.set("learning_rate", o.learning_rate);
  out.set("regularization", o.regularization);
  out.set("seed", o.seed);
  out.set("clip", o.clip);
}
template <class Reader>
[[nodiscard]] baseline_options read_baseline_options(const Reader& in) {
  return {.epochs = in.template get<int>("epochs"),
          .solver = in.template get<baseline_solver>("solver"),
          .user_regularization = in.template get<double>("user_regularization"),
          .item_regularization = in.template get<double>("item_regularization"),
          .learning_rate = in.template get<double>("learning_rate"),
          .regularization = in.template get<double>("regularization"),
          .seed = in.template get<std::uint64_t>("seed"),
          .clip = in.template get<bool>("clip")};
}

}  // namespace detail

}  // namespace kindred
