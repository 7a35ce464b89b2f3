#pragma once

#include <kindred/backend/concepts.hpp>
#include <kindred/backend/mf_kernels.hpp>
#include <kindred/backend/tbb.hpp>
#include <kindred/core/error.hpp>
#include <kindred/core/option_files.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/model/baseline_options.hpp>
#include <kindred/model/detail/baseline_als.hpp>
#include <kindred/model/detail/bias.hpp>
#include <kindred/model/detail/mf_trainer.hpp>
#include <kindred/model/matrix_factorization_options.hpp>
#include <kindred/train/fit_options.hpp>
#include <kindred/train/learning_rate.hpp>
#include <kindred/train/training_loop.hpp>

#include <algorithm>
#include <limits>
#include <span>
#include <string_view>
#include <utility>

namespace kindred {

/// r = mean + b_u + b_i: what is to be expected of a user and of an item without any taste
/// (Koren, "Factor in the neighbors: scalable and accurate collaborative filtering", TKDD 4(1),
/// 2010, section 2.1). By default the biases minimise
///   sum of w (r - mean - b_u - b_i)^2 + user_regularization sum b_u^2 + item_regularization sum
///   b_i^2
/// by alternating least squares: first all item biases, then all user biases. With
/// `baseline_solver::sgd` they minimise
///   sum of (w (r - mean - b_u - b_i)^2 + regularization (b_u^2 + b_i^2))
/// by stochastic gradient descent: matrix factorization without factors. w is 1 or the weight of
/// the rating. The penalties of als by default are those that do best on validation parts of
/// MovieLens ratings; the package Surprise, whose model is the same, takes 15 and 10. The defaults
/// of sgd are those of Surprise.
///
/// Training costs O(ratings) an epoch and holds, beside the dataset, 16 bytes a user, 8 an item,
/// and with weights 4 a rating; with sgd 12 bytes a rating (16 with weights) and some 100 a user or
/// item. Fitted biases are immutable and shared by copies; all const members are safe from any
/// thread.
class baseline_model {
 public:
  static constexpr std::string_view kind = "baseline_model";

  /// Throws option_error for an option outside its range.
  explicit baseline_model(const baseline_options& options = {}) : options_(options) {
    check_options(options_);
  }

  /// Learns from `train`, from scratch; the same bits on any number of threads and on every host
  /// backend. On any exception the model stays as it was. The learning rate in reports is 1 with
  /// als. Throws data_error if there are no ratings, divergence_error, cancelled, option_error.
  template <host_backend Backend = backend::tbb>
  fit_history fit(const dataset& train, const fit_options& fit = {}, const Backend& backend = {}) {
    const training_plan plan{.model = kind, .epochs = options_.epochs, .ratings = train.size()};
    if (train.empty()) throw data_error("baseline_model: no ratings to fit");
    if (options_.solver == baseline_solver::sgd) {
      detail::mf_trainer<Backend, float> sgd(backend, train, without_factors(), fit.stop);
      fit_history history = train_epochs(sgd, plan, fit);
      mf_parameters<float> parameters = sgd.parameters();
      if (!all_finite(parameters))
        throw divergence_error(kind, history.best_epoch, options_.learning_rate);
      take(std::move(parameters.user_biases), std::move(parameters.item_biases), train);
      return history;
    }
    detail::baseline_als<Backend> als(backend, train, options_);
    fit_history history = train_epochs(als, plan, fit);
    take(als.take_user_biases(), als.take_item_biases(), train);
    return history;
  }

  /// The expected rating, held to the range of the training ratings unless `clip` is off. The bias
  /// of an unknown index is left out: both unknown, the mean.
  [[nodiscard]] float predict(index user, index item) const noexcept {
    const auto rating = static_cast<float>(
        detail::biased_mean(mean_, user_biases_.span(), item_biases_.span(), user, item));
    return options_.clip ? std::max(low_, std::min(rating, high_)) : rating;
  }

  /// The item biases: the ranking is the same for all users. `scores` has num_items() elements.
  void score(index /*user*/, std::span<float> scores) const noexcept {
    std::copy_n(item_biases_.begin(), std::min(scores.size(), item_biases_.size()), scores.begin());
  }

  [[nodiscard]] bool fitted() const noexcept { return !item_biases_.empty(); }
  [[nodiscard]] index num_users() const noexcept { return static_cast<index>(user_biases_.size()); }
  [[nodiscard]] index num_items() const noexcept { return static_cast<index>(item_biases_.size()); }
  [[nodiscard]] double mean() const noexcept { return mean_; }
  [[nodiscard]] std::span<const float> user_biases() const noexcept { return user_biases_.span(); }
  [[nodiscard]] std::span<const float> item_biases() const noexcept { return item_biases_.span(); }
  [[nodiscard]] const baseline_options& options() const noexcept { return options_; }

  /// Saves to, and loads from, a model file (io/save.hpp).
  template <class Writer>
  void write(Writer& out) const {
    if (!fitted()) throw not_fitted_error(kind);
    write_options(out, options_);
    out.set("mean", mean_);
    out.set("min_value", low_);
    out.set("max_value", high_);
    out.add("user_biases", user_biases_, {user_biases_.size()});
    out.add("item_biases", item_biases_, {item_biases_.size()});
  }
  template <class Reader>
  [[nodiscard]] static baseline_model read(const Reader& in) {
    baseline_model model(read_options<baseline_options>(in));
    model.mean_ = in.template get<double>("mean");
    model.low_ = in.template get<float>("min_value");
    model.high_ = in.template get<float>("max_value");
    model.user_biases_ = in.template array<float>("user_biases", {in.rows("user_biases")});
    model.item_biases_ = in.template array<float>("item_biases", {in.rows("item_biases")});
    return model;
  }

 private:
  [[nodiscard]] matrix_factorization_options without_factors() const {
    return {.factors = 0,
            .schedule = learning_rate_schedule::constant,
            .learning_rate = options_.learning_rate,
            .bias_regularization = options_.regularization,
            .clip = options_.clip,
            .seed = options_.seed};
  }

  void take(aligned_vector<float> user_biases, aligned_vector<float> item_biases,
            const dataset& train) {
    // Shared one by one first, since that allocates; then all at once, which does not throw.
    shared_array<float> users(std::move(user_biases));
    shared_array<float> items(std::move(item_biases));
    user_biases_ = std::move(users);
    item_biases_ = std::move(items);
    mean_ = train.mean();
    low_ = train.min_value();
    high_ = train.max_value();
  }

  baseline_options options_;
  double mean_ = 0;
  float low_ = -std::numeric_limits<float>::infinity();
  float high_ = std::numeric_limits<float>::infinity();
  shared_array<float> user_biases_;
  shared_array<float> item_biases_;
};

}  // namespace kindred
