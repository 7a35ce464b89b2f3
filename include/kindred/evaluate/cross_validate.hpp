#pragma once

#include <kindred/core/error.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/data/split.hpp>
#include <kindred/evaluate/evaluate_ratings.hpp>
#include <kindred/evaluate/rating_metrics.hpp>
#include <kindred/model/concepts.hpp>
#include <kindred/train/fit_options.hpp>

#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace kindred {

/// A rating_model that learns from a dataset.
template <class Model>
concept fittable_rating_model = rating_model<Model> &&
    requires(Model& model, const dataset& train, const fit_options& fit) {
  model.fit(train, fit);
};

/// What cross-validation takes a new model from: a model, which it copies, or a function without
/// arguments that returns one.
template <class Source>
concept rating_model_source =
    (fittable_rating_model<Source> && std::copyable<Source>) ||
    (std::invocable<const Source&> &&
     fittable_rating_model<std::remove_cvref_t<std::invoke_result_t<const Source&>>>);

/// One number over the folds.
struct fold_statistics {
  double mean = 0;
  /// Sample standard deviation: sqrt(sum of (x - mean)^2 / (folds - 1)); NaN for a single fold.
  /// Training parts overlap, so that it understates the spread over independent data.
  double standard_deviation = 0;
};

/// What cross-validation came to.
struct cross_validation {
  std::vector<rating_metrics> folds;  ///< of each test part, in the order of the folds
  fold_statistics rmse;               ///< each fold counts alike
  fold_statistics mae;
};

namespace detail {

template <rating_model_source Source>
[[nodiscard]] rating_metrics judge_fold(const Source& source, const split& fold,
                                        const fit_options& fit) {
  auto model = [&] {
    if constexpr (fittable_rating_model<Source>)
      return source;
    else
      return source();
  }();
  model.fit(fold.train, fit);
  return evaluate_ratings(std::as_const(model), fold.test);
}

/// Precondition: there are folds.
[[nodiscard]] inline fold_statistics statistics_of(std::span<const rating_metrics> folds,
                                                   double rating_metrics::*metric) {
  const auto n = static_cast<double>(folds.size());
  fold_statistics result;
  for (const rating_metrics& fold : folds) result.mean += fold.*metric / n;
  double squared = 0;
  for (const rating_metrics& fold : folds) squared += std::pow(fold.*metric - result.mean, 2);
  result.standard_deviation =
      n > 1 ? std::sqrt(squared / (n - 1)) : std::numeric_limits<double>::quiet_NaN();
  return result;
}

[[nodiscard]] inline cross_validation summarize_folds(std::vector<rating_metrics> folds) {
  const fold_statistics rmse = statistics_of(folds, &rating_metrics::rmse);
  const fold_statistics mae = statistics_of(folds, &rating_metrics::mae);
  return {std::move(folds), rmse, mae};
}

}  // namespace detail

/// Fits a new model on the training part of each of the k folds of `data`, judges it by the test
/// part, and gives the mean and the spread:
///
///   const auto result = kindred::cross_validate(kindred::matrix_factorization<>{{.factors = 64}},
///                                               ratings, {.folds = 5});
///   std::cout << result.rmse.mean << " +- " << result.rmse.standard_deviation << '\n';
///
/// Folds run one after another, each in parallel, with one of them in memory at a time. `fit` goes
/// to every fold as it is: its observer sees all of them, and its validation set should share no
/// rating with `data`, lest a test part steer early stopping.
/// Throws what k_fold, the model's fit and evaluate_ratings throw.
template <rating_model_source Source>
[[nodiscard]] cross_validation cross_validate(const Source& model, const dataset& data,
                                              const k_fold_options& options = {},
                                              const fit_options& fit = {}) {
  std::vector<rating_metrics> folds;
  int fold = 0;
  do {  // at least once, so that split_fold refuses a bad number of folds
    folds.push_back(detail::judge_fold(model, split_fold(data, fold, options), fit));
  } while (++fold < options.folds);
  return detail::summarize_folds(std::move(folds));
}

/// The same over splits that are given, such as those that come with a published data set.
/// Throws data_error if there are none.
template <rating_model_source Source>
[[nodiscard]] cross_validation cross_validate(const Source& model, std::span<const split> splits,
                                              const fit_options& fit = {}) {
  if (splits.empty()) throw data_error("cross_validate: no splits");
  std::vector<rating_metrics> folds;
  for (const split& fold : splits) folds.push_back(detail::judge_fold(model, fold, fit));
  return detail::summarize_folds(std::move(folds));
}

}  // namespace kindred
