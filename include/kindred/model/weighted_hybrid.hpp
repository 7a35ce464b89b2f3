#pragma once

#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/model/blend_options.hpp>
#include <kindred/model/concepts.hpp>
#include <kindred/model/detail/hybrid/linear_blend.hpp>
#include <kindred/model/detail/hybrid/parts.hpp>
#include <kindred/train/fit_options.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

namespace kindred {

/// Predicts the weighted sum of what several models predict, w_0 + sum of w_m p_m(u, i) (Burke,
/// "Hybrid recommender systems: survey and experiments", UMUAI 12, 2002, section 3.1). The weights
/// minimise the squared error on ratings that the models were not fitted on, by ridge regression
/// (stacking: Wolpert, 1992; Breiman, "Stacked regressions", Machine Learning 24, 1996).
///
///   kindred::weighted_hybrid model{kindred::matrix_factorization<>{}, kindred::baseline_model{}};
///   model.fit(train);
///
/// Models that are fitted already need but `fit_weights(validation)`. At first all weights are
/// equal. For models that rank without predicting ratings there is `weighted_ranking`.
template <rating_model... Models>
requires(sizeof...(Models) >= 2) class weighted_hybrid {
 public:
  static constexpr std::string_view kind = "weighted_hybrid";

  /// Throws option_error for an option outside its range, data_error if the models differ in size,
  /// as a fitted and an unfitted one do.
  explicit weighted_hybrid(Models... models)
      : weighted_hybrid(blend_options{}, std::move(models)...) {}
  explicit weighted_hybrid(const blend_options& options, Models... models)
      : blend_(options, detail::parts<Models...>(kind, std::move(models)...)) {}

  /// Fits the models, each with `fit` as it is, and the weights: on `fit.validation` if there is
  /// one. Else a share of `train` is held out for the weights, and the models are fitted twice, on
  /// the rest and on the whole. On any exception the hybrid stays as it was.
  /// Throws what fitting the models and the weights throws.
  void fit(const dataset& train,
           const fit_options& fit = {}) requires(detail::trainable<Models>&&...) {
    weighted_hybrid next = *this;
    next.blend_.fit(train, fit, [&](const dataset&, const dataset& validation) {
      next.fit_weights(validation);
    });
    *this = std::move(next);
  }

  /// Fits the weights alone, to ratings that the models were not fitted on; the same bits on any
  /// number of threads. Without a penalty the error on them is at most that of the best of the
  /// models. O(ratings * (cost of the predictions + models^2)). Throws not_fitted_error, data_error
  /// if there are no ratings or a prediction is not finite.
  void fit_weights(const dataset& validation) { blend_.fit_weights(kind, validation, always); }

  /// w_0, then the weight of each model.
  [[nodiscard]] std::array<double, sizeof...(Models) + 1> weights() const noexcept {
    return blend_.weights(always({}, {}));
  }
  /// The weight of each model; w_0 becomes 0. Throws option_error unless they are finite.
  void set_weights(const std::array<double, sizeof...(Models)>& weights) {
    blend_.set_weights(weights);
  }

  /// The weighted sum, held to the range of the ratings that the weights, or all, were fitted on;
  /// each model answers unknown indices with its own fallback.
  [[nodiscard]] float predict(index user, index item) const noexcept {
    return blend_.predict(always(user, item), user, item);
  }

  /// The weighted sum of the predictions, not held to any range. Models that hold theirs (`clip`)
  /// make items tie at its ends. `scores` has num_items() elements. O(items * cost of the
  /// predictions).
  void score(index user, std::span<float> scores) const noexcept {
    for (std::size_t i = 0; i < scores.size(); ++i) {
      const auto item = static_cast<index>(i);
      scores[i] = blend_.score(always(user, item), user, item);
    }
  }

  [[nodiscard]] index num_users() const noexcept { return blend_.models.num_users(); }
  [[nodiscard]] index num_items() const noexcept { return blend_.models.num_items(); }
  /// The model at position `Part`, from 0.
  template <std::size_t Part>
  [[nodiscard]] const auto& part() const noexcept {
    return blend_.models.template get<Part>();
  }
  [[nodiscard]] const blend_options& options() const noexcept { return blend_.options; }

  /// Saves to, and loads from, a model file (io/save.hpp), if the models do.
  template <class Writer>
  void write(Writer& out) const {
    blend_.write(out);
  }
  template <class Reader>
  [[nodiscard]] static weighted_hybrid read(const Reader& in) {
    return weighted_hybrid(blend::read(kind, in));
  }

 private:
  using blend = detail::linear_blend<1, Models...>;

  explicit weighted_hybrid(blend read) : blend_(std::move(read)) {}

  /// The one feature on which the weights depend.
  static constexpr typename blend::features always(index /*user*/, index /*item*/) noexcept {
    return {1.0};
  }

  blend blend_;
};

}  // namespace kindred
