#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/option_files.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/model/blend_options.hpp>
#include <kindred/model/concepts.hpp>
#include <kindred/model/detail/hybrid/fit_with_weights.hpp>
#include <kindred/model/detail/hybrid/parts.hpp>
#include <kindred/model/detail/hybrid/relevance_regression.hpp>
#include <kindred/model/detail/hybrid/standard_scores.hpp>
#include <kindred/train/fit_options.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace kindred {

/// Ranks by the weighted sum of the scores of several models, each brought to mean 0 and standard
/// deviation 1 over the items of a user, since scores of different models have no common scale. For
/// models that predict ratings there is `weighted_hybrid`, too.
///
///   kindred::weighted_ranking model{kindred::matrix_factorization<>{},
///   kindred::popularity_model{}}; model.fit(train);
///
/// At first all weights are equal. Models that are fitted already need but `fit_weights`.
template <ranking_model... Models>
requires(sizeof...(Models) >= 2) class weighted_ranking {
 public:
  static constexpr std::string_view kind = "weighted_ranking";
  using model_weights = std::array<double, sizeof...(Models)>;

  /// Throws option_error for an option outside its range, data_error if the models differ in size,
  /// as a fitted and an unfitted one do.
  explicit weighted_ranking(Models... models)
      : weighted_ranking(blend_options{}, std::move(models)...) {}
  explicit weighted_ranking(const blend_options& options, Models... models)
      : options_(options), models_(kind, std::move(models)...) {
    check_options(options_);
    weights_.fill(1.0 / static_cast<double>(sizeof...(Models)));
  }

  /// Fits the models and the weights, as `weighted_hybrid::fit` does.
  void fit(const dataset& train,
           const fit_options& fit = {}) requires(detail::trainable<Models>&&...) {
    weighted_ranking next = *this;
    detail::fit_with_weights(next.models_, train, fit, options_,
                             [&](const dataset& fitted, const dataset& validation) {
                               next.fit_weights(fitted, validation);
                             });
    *this = std::move(next);
  }

  /// Fits the weights alone, for models that were fitted on `train`: the least squares of relevance
  /// on scores over all items but those that the user has in `train`; relevance is 1 where the user
  /// has the item in `validation`, else 0. That is Fisher's linear discriminant of the two. The
  /// penalty of the options draws to zero, then weights are scaled to absolute values that sum to
  /// one; they stay as they were if they come to nothing. The same bits on any number of threads.
  /// O(users * (cost of the scores + items * models^2)). Throws not_fitted_error, data_error if
  /// there are no ratings or the sizes differ.
  void fit_weights(const dataset& train, const dataset& validation);

  [[nodiscard]] const model_weights& weights() const noexcept { return weights_; }
  /// Throws option_error unless they are finite.
  void set_weights(const model_weights& weights) {
    for (const double w : weights)
      require_option(std::isfinite(w), "weight", w, "the finite numbers");
    weights_ = weights;
  }

  /// The weighted sum of standardised scores; minus infinity where a score is not finite.
  /// `scores` has num_items() elements, and as many are allocated meanwhile: where there is no
  /// memory for them the program ends, since a ranking cannot fail.
  void score(index user, std::span<float> scores) const noexcept;

  [[nodiscard]] index num_users() const noexcept { return models_.num_users(); }
  [[nodiscard]] index num_items() const noexcept { return models_.num_items(); }
  /// The model at position `Part`, from 0.
  template <std::size_t Part>
  [[nodiscard]] const auto& part() const noexcept {
    return models_.template get<Part>();
  }
  [[nodiscard]] const blend_options& options() const noexcept { return options_; }

  /// Saves to, and loads from, a model file (io/save.hpp), if the models do.
  template <class Writer>
  void write(Writer& out) const {
    write_options(out, options_);
    models_.write(out);
    out.add("weights", shared_array<double>({weights_.begin(), weights_.end()}), {weights_.size()});
  }
  template <class Reader>
  [[nodiscard]] static weighted_ranking read(const Reader& in) {
    weighted_ranking model(read_options<blend_options>(in),
                           detail::parts<Models...>::read(kind, in));
    const auto weights = in.template array<double>("weights", {sizeof...(Models)});
    std::copy(weights.begin(), weights.end(), model.weights_.begin());
    return model;
  }

 private:
  weighted_ranking(const blend_options& options, detail::parts<Models...> models)
      : options_(options), models_(std::move(models)) {
    check_options(options_);
  }

  blend_options options_;
  detail::parts<Models...> models_;
  model_weights weights_{};
};

template <ranking_model... Models>
requires(sizeof...(Models) >=
         2) void weighted_ranking<Models...>::score(index user,
                                                    std::span<float> scores) const noexcept {
  std::vector<float> part(scores.size());
  std::fill(scores.begin(), scores.end(), 0.0F);
  const double* weight = weights_.data();
  models_.for_each([&](const auto& model) {
    const double w = *weight++;
    if (w == 0) return;
    model.score(user, std::span<float>(part));
    detail::standardize(part);
    for (std::size_t i = 0; i < scores.size(); ++i)
      scores[i] = std::isfinite(part[i])
                      ? static_cast<float>(scores[i] + w * static_cast<double>(part[i]))
                      : -std::numeric_limits<float>::infinity();
  });
}

template <ranking_model... Models>
requires(sizeof...(Models) >=
         2) void weighted_ranking<Models...>::fit_weights(const dataset& train,
                                                          const dataset& validation) {
  if (num_items() == 0) throw not_fitted_error("a model of weighted_ranking");
  if (validation.empty()) throw data_error("weighted_ranking: no ratings to fit weights on");
  models_.require_size_of(kind, train);
  models_.require_size_of(kind, validation);

  const auto sums = detail::regress_relevance(models_, train, validation);
  typename std::remove_const_t<decltype(sums)>::vector penalty;
  penalty.fill(options_.regularization);
  penalty[0] = 0;
  const auto fitted = sums.solve(penalty, {});
  double size = 0;
  for (std::size_t m = 0; m < weights_.size(); ++m) size += std::abs(fitted[m + 1]);
  if (!(size > 0)) return;
  for (std::size_t m = 0; m < weights_.size(); ++m) weights_[m] = fitted[m + 1] / size;
}

}  // namespace kindred
