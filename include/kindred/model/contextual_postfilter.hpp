#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/context.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/model/concepts.hpp>
#include <kindred/model/detail/hybrid/parts.hpp>
#include <kindred/train/fit_options.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace kindred {

/// What a `contextual_postfilter` makes of how well an item suits the context.
enum class postfilter_method {
  weight,  ///< multiplies the score by it
  filter   ///< puts items that suit it too little behind all others
};

/// Options of `contextual_postfilter`.
struct postfilter_options {
  postfilter_method method = postfilter_method::weight;
  /// How many ratings in the contexts of all ratings are added to those of each item, >= 0; without
  /// them an item with one rating would suit one context alone.
  double smoothing = 10;
  /// The least lift that `filter` lets pass, >= 0.
  double threshold = 0.5;

  friend bool operator==(const postfilter_options&, const postfilter_options&) = default;
};

/// Throws option_error for the first option outside its range.
inline void check_options(const postfilter_options& o) {
  require_option(o.method == postfilter_method::weight || o.method == postfilter_method::filter,
                 "method", static_cast<int>(o.method), "{weight, filter}");
  require_option(o.smoothing >= 0 && o.smoothing < 1e9, "smoothing", o.smoothing, "[0, 1e9)");
  require_option(o.threshold >= 0 && o.threshold < 1e9, "threshold", o.threshold, "[0, 1e9)");
}

/// Ranks as a model does that knows nothing of contexts, and then adjusts the ranking to a context
/// (Panniello, Tuzhilin, Gorgoglione, Palmisano, Pedone, "Experimental comparison of pre- vs.
/// post-filtering approaches in context-aware recommender systems", RecSys 2009). How well an item
/// suits a context is its lift, P(item | context) / P(item), by the numbers of ratings of all
/// users: 1 where the context makes no difference.
///
///   kindred::contextual_postfilter model{kindred::popularity_model{}, kindred::time_of_day()};
///   model.fit(train);
///   const kindred::recommender in_the_evening{model.in(3), train};
///
/// A model that is fitted already needs but `fit_contexts(train)`.
template <ranking_model Model>
class contextual_postfilter {
 public:
  /// Throws option_error for an option outside its range.
  explicit contextual_postfilter(Model model, rating_context context)
      : contextual_postfilter(postfilter_options{}, std::move(model), std::move(context)) {}
  explicit contextual_postfilter(const postfilter_options& options, Model model,
                                 rating_context context)
      : options_(options), context_(std::move(context)), model_(std::move(model)) {
    check_options(options_);
  }

  /// Fits the model and counts. On any exception all stay as they were. Throws data_error if the
  /// ratings have no times or are not in a context, and what fitting the model throws.
  void fit(const dataset& train, const fit_options& fit = {}) requires detail::trainable<Model> {
    contextual_postfilter next = *this;
    next.model_.fit(train, fit);
    next.fit_contexts(train);
    *this = std::move(next);
  }

  /// Counts alone, for a model that was fitted on `train`. O(ratings + contexts * items); holds 4
  /// bytes a context and item. Throws data_error likewise, or if the model is of another size.
  void fit_contexts(const dataset& train) {
    if (model_.num_items() != train.num_items())
      throw data_error("contextual_postfilter: the model has " +
                       detail::to_text(model_.num_items()) + " items, the ratings " +
                       detail::to_text(train.num_items()));
    lifts_ = item_lifts(train, context_, options_.smoothing);
  }

  /// P(item | context) / P(item) of each item, smoothed; empty for a number that is no context.
  [[nodiscard]] std::span<const float> lifts(int context) const noexcept {
    const auto c = static_cast<std::size_t>(context);  // beyond all if negative
    return c < lifts_.size() ? lifts_[c].span() : std::span<const float>();
  }

  /// The ranking of a model in one context: a model of its own, which shares what was fitted.
  class view {
   public:
    view(Model model, shared_array<float> lifts, const postfilter_options& options)
        : model_(std::move(model)), lifts_(std::move(lifts)), options_(options) {}

    /// What the model predicts: the context changes what users choose, not how they like it.
    [[nodiscard]] float predict(index user,
                                index item) const noexcept requires rating_model<Model> {
      return model_.predict(user, item);
    }

    /// `weight`: (score - least score of the user) * lift, for the items whose score is finite.
    /// `filter`: minus infinity for the items whose lift is less than the threshold.
    /// `scores` has num_items() elements.
    void score(index user, std::span<float> scores) const noexcept;

    [[nodiscard]] index num_users() const noexcept { return model_.num_users(); }
    [[nodiscard]] index num_items() const noexcept { return model_.num_items(); }

   private:
    Model model_;
    shared_array<float> lifts_;
    postfilter_options options_;
  };

  /// The model in a context; as it is, for a number that is no context.
  [[nodiscard]] view in(int context) const {
    const auto c = static_cast<std::size_t>(context);
    return {model_, c < lifts_.size() ? lifts_[c] : shared_array<float>(), options_};
  }

  [[nodiscard]] const Model& model() const noexcept { return model_; }
  [[nodiscard]] const rating_context& context() const noexcept { return context_; }
  [[nodiscard]] const postfilter_options& options() const noexcept { return options_; }

 private:
  static std::vector<shared_array<float>> item_lifts(const dataset& train,
                                                     const rating_context& context,
                                                     double smoothing);

  postfilter_options options_;
  rating_context context_;
  Model model_;
  std::vector<shared_array<float>> lifts_;  ///< of each context, of each item
};

template <ranking_model Model>
void contextual_postfilter<Model>::view::score(index user, std::span<float> scores) const noexcept {
  model_.score(user, scores);
  if (lifts_.empty()) return;
  if (options_.method == postfilter_method::filter) {
    for (std::size_t i = 0; i < scores.size(); ++i)
      if (static_cast<double>(lifts_[i]) < options_.threshold)
        scores[i] = -std::numeric_limits<float>::infinity();
    return;
  }
  float least = std::numeric_limits<float>::infinity();
  for (const float score : scores)
    if (std::isfinite(score)) least = std::min(least, score);
  for (std::size_t i = 0; i < scores.size(); ++i)
    if (std::isfinite(scores[i])) scores[i] = (scores[i] - least) * lifts_[i];
}

template <ranking_model Model>
std::vector<shared_array<float>> contextual_postfilter<Model>::item_lifts(
    const dataset& train, const rating_context& context, double smoothing) {
  const auto items = static_cast<std::size_t>(train.num_items());
  const auto contexts = contexts_of(train, context);
  std::vector<std::vector<index>> counts(static_cast<std::size_t>(context.count()),
                                         std::vector<index>(items));
  std::vector<index> totals(counts.size());
  for (std::size_t row = 0; row < train.size(); ++row) {
    ++counts[contexts[row]][static_cast<std::size_t>(train.row_items()[row])];
    ++totals[contexts[row]];
  }
  std::vector<shared_array<float>> lifts;
  for (std::size_t c = 0; c < counts.size(); ++c) {
    const double share = totals[c] / static_cast<double>(train.size());  // P(context)
    aligned_vector<float> of_context(items);
    for (std::size_t i = 0; i < items; ++i) {
      const auto all = static_cast<double>(train.by_item(static_cast<index>(i)).size());
      const double expected = (all + smoothing) * share;
      const double found = counts[c][i] + smoothing * share;
      of_context[i] = expected > 0 ? static_cast<float>(found / expected) : 1.0F;
    }
    lifts.emplace_back(std::move(of_context));
  }
  return lifts;
}

}  // namespace kindred
