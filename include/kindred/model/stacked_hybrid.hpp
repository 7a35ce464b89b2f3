#pragma once

#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/model/blend_options.hpp>
#include <kindred/model/concepts.hpp>
#include <kindred/model/detail/hybrid/linear_blend.hpp>
#include <kindred/model/detail/hybrid/parts.hpp>
#include <kindred/model/detail/hybrid/rating_counts.hpp>
#include <kindred/train/fit_options.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

namespace kindred {

/// On what the weights of a `stacked_hybrid` depend, and how they are fitted.
struct stacking_options {
  bool user_ratings = true;  ///< on log(1 + number of the user's training ratings)
  bool item_ratings = true;  ///< on log(1 + number of the item's training ratings)
  blend_options blend{};

  friend bool operator==(const stacking_options&, const stacking_options&) = default;
};

/// Feature-weighted linear stacking: predicts w_0 + sum of w_m p_m(u, i), where each weight is a
/// linear function of what is known of user and item, w_m = v_m0 + v_m1 log(1 + ratings of u) +
/// v_m2 log(1 + ratings of i) (Sill, Takacs, Mackey, Lin, "Feature-weighted linear stacking",
/// arXiv:0911.0460, 2009). It can trust one model on new users and another on well-known ones.
///
/// The coefficients v minimise the squared error on ratings that the models were not fitted on, by
/// ridge regression. With neither feature it is a `weighted_hybrid`.
template <rating_model... Models>
requires(sizeof...(Models) >= 2) class stacked_hybrid {
 public:
  static constexpr std::string_view kind = "stacked_hybrid";

  /// Throws option_error for an option outside its range, data_error if the models differ in size,
  /// as a fitted and an unfitted one do.
  explicit stacked_hybrid(Models... models)
      : stacked_hybrid(stacking_options{}, std::move(models)...) {}
  explicit stacked_hybrid(const stacking_options& options, Models... models)
      : options_(options),
        blend_(options.blend, detail::parts<Models...>(kind, std::move(models)...)) {}

  /// Fits the models and the coefficients, as `weighted_hybrid::fit` does.
  void fit(const dataset& train,
           const fit_options& fit = {}) requires(detail::trainable<Models>&&...) {
    stacked_hybrid next = *this;
    next.blend_.fit(train, fit, [&](const dataset& fitted, const dataset& validation) {
      next.fit_weights(fitted, validation);
    });
    next.counts_ = detail::rating_counts(train);
    *this = std::move(next);
  }

  /// Fits the coefficients alone, for models that were fitted on `train`, to ratings of
  /// `validation`, which they were not fitted on; the same bits on any number of threads.
  /// O(ratings * (cost of the predictions + models^2)). Throws not_fitted_error, data_error if
  /// there are no ratings or a prediction is not finite.
  void fit_weights(const dataset& train, const dataset& validation) {
    detail::rating_counts counts(train);
    blend_.fit_weights(kind, validation,
                       [&](index user, index item) { return features(counts, user, item); });
    counts_ = std::move(counts);
  }

  /// w_0, then the weight of each model, for these two.
  [[nodiscard]] std::array<double, sizeof...(Models) + 1> weights(index user,
                                                                  index item) const noexcept {
    return blend_.weights(features(counts_, user, item));
  }

  /// The weighted sum, held to the range of the ratings that the coefficients, or all, were fitted
  /// on. An unknown index has no ratings, and each model its own fallback.
  [[nodiscard]] float predict(index user, index item) const noexcept {
    return blend_.predict(features(counts_, user, item), user, item);
  }

  /// The weighted sum of the predictions, not held to any range. Models that hold theirs (`clip`)
  /// make items tie at its ends. `scores` has num_items() elements. O(items * cost of the
  /// predictions).
  void score(index user, std::span<float> scores) const noexcept {
    for (std::size_t i = 0; i < scores.size(); ++i) {
      const auto item = static_cast<index>(i);
      scores[i] = blend_.score(features(counts_, user, item), user, item);
    }
  }

  [[nodiscard]] index num_users() const noexcept { return blend_.models.num_users(); }
  [[nodiscard]] index num_items() const noexcept { return blend_.models.num_items(); }
  /// The model at position `Part`, from 0.
  template <std::size_t Part>
  [[nodiscard]] const auto& part() const noexcept {
    return blend_.models.template get<Part>();
  }
  [[nodiscard]] const stacking_options& options() const noexcept { return options_; }

  /// Saves to, and loads from, a model file (io/save.hpp), if the models do.
  template <class Writer>
  void write(Writer& out) const {
    out.set("by_user_ratings", options_.user_ratings);
    out.set("by_item_ratings", options_.item_ratings);
    blend_.write(out);
    counts_.write(out);
  }
  template <class Reader>
  [[nodiscard]] static stacked_hybrid read(const Reader& in) {
    return stacked_hybrid(in.template get<bool>("by_user_ratings"),
                          in.template get<bool>("by_item_ratings"), blend::read(kind, in),
                          detail::rating_counts::read(in));
  }

 private:
  using blend = detail::linear_blend<3, Models...>;

  stacked_hybrid(bool by_user, bool by_item, blend read, detail::rating_counts counts)
      : options_{by_user, by_item, read.options},
        blend_(std::move(read)),
        counts_(std::move(counts)) {}

  [[nodiscard]] typename blend::features features(const detail::rating_counts& counts, index user,
                                                  index item) const noexcept {
    const auto log_of = [](index count) { return std::log1p(static_cast<double>(count)); };
    return {1, options_.user_ratings ? log_of(counts.of_user(user)) : 0,
            options_.item_ratings ? log_of(counts.of_item(item)) : 0};
  }

  stacking_options options_;
  blend blend_;
  detail::rating_counts counts_;
};

}  // namespace kindred
