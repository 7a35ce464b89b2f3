#pragma once

#include <kindred/backend/mf_kernels.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/kernel/sgd.hpp>
#include <kindred/model/matrix_factorization_options.hpp>
#include <kindred/train/learning_rate.hpp>
#include <kindred/train/training_loop.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <stop_token>

namespace kindred::detail {

/// Drives the factorization kernels of a backend through the epochs of a fit.
template <class Backend, class Scalar>
requires trainable_mf<Backend, Scalar>
class mf_trainer {
 public:
  /// `train` and `stop` must outlive it.
  mf_trainer(const Backend& backend, const dataset& train,
             const matrix_factorization_options& options, const std::stop_token& stop)
      : options_(options), train_(train), stop_(stop), kernels_(backend, train, setup(options)) {}

  epoch_result run_epoch(int epoch) {
    const double rate = scheduled_learning_rate(options_.schedule, options_.learning_rate,
                                                options_.learning_rate_decay, epoch);
    const kernel::sgd_step<Scalar> step{
        .mean = static_cast<Scalar>(options_.biases ? train_.mean() : 0),
        .learning_rate = static_cast<Scalar>(rate),
        .bias_learning_rate = static_cast<Scalar>(options_.biases ? rate : 0),
        .regularization = static_cast<Scalar>(options_.regularization),
        .bias_regularization = static_cast<Scalar>(options_.bias_regularization),
        .per_factor = options_.factors > 0 ? Scalar{1} / static_cast<Scalar>(options_.factors) : 0,
        .adagrad = options_.schedule == learning_rate_schedule::adagrad,
        .nonnegative = options_.nonnegative};
    return {kernels_.epoch(step, epoch, stop_), rate};
  }

  [[nodiscard]] double validation_rmse(const dataset& validation) const {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const double low = options_.clip ? static_cast<double>(train_.min_value()) : -infinity;
    const double high = options_.clip ? static_cast<double>(train_.max_value()) : infinity;
    return std::sqrt(kernels_.squared_error(validation, low, high) /
                     static_cast<double>(validation.size()));
  }

  void keep() { kernels_.keep(); }
  void restore() { kernels_.restore(); }

  [[nodiscard]] mf_parameters<Scalar> parameters() { return kernels_.parameters(); }

 private:
  static mf_setup setup(const matrix_factorization_options& options) {
    return {.factors = static_cast<std::size_t>(options.factors),
            .biases = options.biases,
            .nonnegative = options.nonnegative,
            .init_scale = options.init_scale,
            .frequency_exponent = options.frequency_exponent,
            .blocks = static_cast<std::size_t>(options.blocks),
            .seed = options.seed};
  }

  matrix_factorization_options options_;
  const dataset& train_;
  const std::stop_token& stop_;
  mf_kernels<Backend, Scalar> kernels_;
};

}  // namespace kindred::detail
