#pragma once

#include <kindred/backend/tbb.hpp>
#include <kindred/core/error.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/context.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/data/select.hpp>
#include <kindred/data/split.hpp>
#include <kindred/model/concepts.hpp>
#include <kindred/model/detail/bias.hpp>
#include <kindred/model/detail/hybrid/parts.hpp>
#include <kindred/train/fit_options.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace kindred {

/// Which contexts get a model of their own.
struct prefilter_options {
  std::size_t min_ratings = 1000;  ///< those with at least so many training ratings, >= 1,
  /// and whose own model is better than the general one on this share of the training ratings, in
  /// [0, 1), which is held out from both; 0 leaves that out.
  double held_out = 0.1;
  std::uint64_t seed = 42;  ///< of the choice of these

  friend bool operator==(const prefilter_options&, const prefilter_options&) = default;
};

/// Throws option_error for the first option outside its range.
inline void check_options(const prefilter_options& o) {
  require_option(o.min_ratings >= 1, "min_ratings", o.min_ratings, "[1, inf)");
  require_option(o.held_out >= 0 && o.held_out < 1, "held_out", o.held_out, "[0, 1)");
}

/// A model for each context, fitted on the ratings of that context alone, where it is better than
/// the general model, which is fitted on all (Adomavicius, Sankaranarayanan, Sen, Tuzhilin,
/// "Incorporating contextual information in recommender systems using a multidimensional approach",
/// TOIS 23(1), 2005, section 4: the combined reduction-based approach).
///
///   kindred::contextual_prefilter model{kindred::matrix_factorization<>{}, kindred::weekend()};
///   model.fit(train);
///   const kindred::recommender at_weekend{model.in(1), train};
///
/// What pays is judged by the root mean squared error on held-out ratings.
template <rating_model Model>
requires detail::trainable<Model>
class contextual_prefilter {
 public:
  /// The models are fitted copies of `model`. Throws option_error for an option outside its range.
  explicit contextual_prefilter(Model model, rating_context context)
      : contextual_prefilter(prefilter_options{}, std::move(model), std::move(context)) {}
  explicit contextual_prefilter(const prefilter_options& options, Model model,
                                rating_context context)
      : options_(options), context_(std::move(context)), general_(std::move(model)) {
    check_options(options_);
  }

  /// Fits all models, each with `fit` as it is: two or, with held-out ratings, four passes of
  /// training over the ratings. On any exception all stay as they were. Throws data_error if the
  /// ratings have no times or are not in a context, and what fitting the model throws.
  void fit(const dataset& train, const fit_options& fit = {}) {
    const auto contexts = contexts_of(train, context_);
    std::vector<std::optional<Model>> own(static_cast<std::size_t>(context_.count()));
    const auto wanted = contexts_that_gain(train, contexts, fit);
    for (const std::uint8_t c : wanted)
      own[c] = fitted(detail::select_marked(train, contexts, c), fit);
    general_ = fitted(train, fit);
    own_ = std::move(own);
  }

  /// The model for a context: its own one or, for other contexts and numbers that are none, the
  /// general one. A reference into this object.
  [[nodiscard]] const Model& in(int context) const noexcept {
    return has_own_model(context) ? *own_[static_cast<std::size_t>(context)] : general_;
  }
  [[nodiscard]] bool has_own_model(int context) const noexcept {
    const auto c = static_cast<std::size_t>(context);  // beyond all if negative
    return c < own_.size() && own_[c].has_value();
  }
  [[nodiscard]] const Model& general() const noexcept { return general_; }

  /// What the model for the context predicts.
  [[nodiscard]] float predict(index user, index item, int context) const noexcept {
    return in(context).predict(user, item);
  }

  [[nodiscard]] index num_users() const noexcept { return general_.num_users(); }
  [[nodiscard]] index num_items() const noexcept { return general_.num_items(); }
  [[nodiscard]] const rating_context& context() const noexcept { return context_; }
  [[nodiscard]] const prefilter_options& options() const noexcept { return options_; }

 private:
  [[nodiscard]] Model fitted(const dataset& train, const fit_options& fit) const {
    Model model = general_;
    model.fit(train, fit);
    return model;
  }

  [[nodiscard]] std::vector<std::uint8_t> contexts_that_gain(const dataset& train,
                                                             std::span<const std::uint8_t> contexts,
                                                             const fit_options& fit) const {
    std::vector<std::uint8_t> large;
    for (int c = 0; c < context_.count(); ++c)
      if (static_cast<std::size_t>(std::count(contexts.begin(), contexts.end(), c)) >=
          options_.min_ratings)
        large.push_back(static_cast<std::uint8_t>(c));
    if (large.empty() || options_.held_out == 0) return large;

    const split held = split_random(train, {options_.held_out, options_.seed});
    const Model general = fitted(held.train, fit);
    std::erase_if(large, [&](std::uint8_t c) {
      const dataset rest = select_context(held.train, context_, c);
      const dataset test = select_context(held.test, context_, c);
      return rest.empty() || test.empty() || rmse(fitted(rest, fit), test) >= rmse(general, test);
    });
    return large;
  }

  [[nodiscard]] static double rmse(const Model& model, const dataset& ratings) {
    return detail::rmse_of(backend::tbb{}, ratings,
                           [&](index user, index item) { return model.predict(user, item); });
  }

  prefilter_options options_;
  rating_context context_;
  Model general_;
  std::vector<std::optional<Model>> own_;
};

}  // namespace kindred
