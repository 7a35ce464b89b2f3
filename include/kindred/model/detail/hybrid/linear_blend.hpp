#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/option_files.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/model/blend_options.hpp>
#include <kindred/model/concepts.hpp>
#include <kindred/model/detail/hybrid/fit_with_weights.hpp>
#include <kindred/model/detail/hybrid/least_squares.hpp>
#include <kindred/model/detail/hybrid/parts.hpp>
#include <kindred/train/fit_options.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace kindred::detail {

/// r = w_0 + sum over models m of w_m p_m(u, i), where each weight is a linear function of `Size`
/// features of user and item, the first of which is always 1.
template <std::size_t Size, rating_model... Models>
class linear_blend {
 public:
  using features = std::array<double, Size>;
  static constexpr std::size_t terms = sizeof...(Models) + 1;
  using term_weights = std::array<double, terms>;  ///< w_0, then of each model

  /// The mean of the models. Throws option_error.
  linear_blend(const blend_options& how, parts<Models...> of)
      : options(how), models(std::move(of)) {
    check_options(options);
    std::fill(weights_.begin() + 1, weights_.begin() + terms, equal);
  }

  /// Fits the models, and by `learn(train, validation)` the weights.
  template <class Learn>
  void fit(const dataset& train, const fit_options& fit, const Learn& learn) {
    fit_with_weights(models, train, fit, options, learn);
    hold_to(train);
  }

  /// Ridge regression of the ratings on the products of features and predictions.
  template <class FeaturesOf>
  void fit_weights(std::string_view hybrid, const dataset& ratings, const FeaturesOf& features_of) {
    if (models.num_items() == 0) throw not_fitted_error("a model of " + std::string(hybrid));
    if (ratings.empty()) throw data_error(std::string(hybrid) + ": no ratings to fit weights on");
    const double center = ratings.mean();
    const auto sums = normal_equations_of(ratings, center, [&](index user, index item) {
      return products(features_of(user, item), user, item, center);
    });
    table prior{};
    std::fill(prior.begin() + 1, prior.begin() + terms, equal);
    table penalty;
    penalty.fill(options.regularization);
    penalty[0] = 0;
    table fitted = sums.solve(penalty, prior);
    if (!std::all_of(fitted.begin(), fitted.end(), [](double w) { return std::isfinite(w); }))
      throw data_error(std::string(hybrid) + ": a prediction is not finite");
    fitted[0] += center;
    for (std::size_t f = 0; f < Size; ++f)
      for (std::size_t m = 1; m < terms; ++m) fitted[f * terms] -= center * fitted[f * terms + m];
    weights_ = fitted;
    hold_to(ratings);
  }

  [[nodiscard]] term_weights weights(const features& of) const noexcept {
    term_weights sums{};
    for (std::size_t f = 0; f < Size; ++f)
      for (std::size_t m = 0; m < terms; ++m) sums[m] += of[f] * weights_[f * terms + m];
    return sums;
  }
  /// Of each model, whatever the features.
  void set_weights(std::span<const double, terms - 1> weights) {
    for (const double w : weights)
      require_option(std::isfinite(w), "weight", w, "the finite numbers");
    weights_ = {};
    std::copy(weights.begin(), weights.end(), weights_.begin() + 1);
  }

  [[nodiscard]] float score(const features& of, index user, index item) const noexcept {
    const term_weights weight = weights(of);
    const auto predictions = models.predict(user, item);
    double sum = weight[0];
    for (std::size_t m = 1; m < terms; ++m) sum += weight[m] * predictions[m - 1];
    return static_cast<float>(sum);
  }
  [[nodiscard]] float predict(const features& of, index user, index item) const noexcept {
    return std::clamp(score(of, user, item), low_, high_);
  }

  template <class Writer>
  void write(Writer& out) const {
    write_options(out, options);
    models.write(out);
    out.add("weights", shared_array<double>({weights_.begin(), weights_.end()}), {Size, terms});
    out.set("low", low_);
    out.set("high", high_);
  }
  template <class Reader>
  [[nodiscard]] static linear_blend read(std::string_view hybrid, const Reader& in) {
    linear_blend blend(read_options<blend_options>(in), parts<Models...>::read(hybrid, in));
    const auto weights = in.template array<double>("weights", {Size, terms});
    std::copy(weights.begin(), weights.end(), blend.weights_.begin());
    blend.low_ = in.template get<float>("low");
    blend.high_ = in.template get<float>("high");
    if (blend.low_ > blend.high_) throw data_error("low is greater than high");
    return blend;
  }

  blend_options options;
  parts<Models...> models;

 private:
  using table = std::array<double, Size * terms>;
  static constexpr double equal = 1.0 / static_cast<double>(terms - 1);

  void hold_to(const dataset& ratings) noexcept {
    low_ = ratings.min_value();
    high_ = ratings.max_value();
  }

  [[nodiscard]] table products(const features& of, index user, index item,
                               double center) const noexcept {
    const auto predictions = models.predict(user, item);
    table result;
    for (std::size_t f = 0; f < Size; ++f) {
      result[f * terms] = of[f];
      for (std::size_t m = 1; m < terms; ++m)
        result[f * terms + m] = of[f] * (predictions[m - 1] - center);
    }
    return result;
  }

  table weights_{};  ///< a row for each feature
  float low_ = std::numeric_limits<float>::lowest();
  float high_ = std::numeric_limits<float>::max();
};

}  // namespace kindred::detail
