#pragma once

#include <kindred/backend/concepts.hpp>
#include <kindred/backend/tbb.hpp>
#include <kindred/core/error.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/model/concepts.hpp>
#include <kindred/model/detail/biased_factors.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/detail/nmf/nmf_trainer.hpp>
#include <kindred/model/nmf_options.hpp>
#include <kindred/train/fit_options.hpp>
#include <kindred/train/training_loop.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace kindred {

/// Non-negative matrix factorization of ratings: r = mean + b_u + b_i + p_u.q_i, or p_u.q_i alone,
/// with no factor below zero, so that each adds its share and can be read as one. Makes
///   sum over the ratings of w (r - mean - b_u - b_i - p_u.q_i)^2
///     + sum over users and items of n^e (regularization |p|^2 + bias_regularization b^2)
/// small, where w is a rating's weight, n the number of ratings of a user or item, and e
/// frequency_exponent: by coordinate descent (Hsieh, Dhillon, "Fast coordinate descent methods with
/// variable selection for non-negative matrix factorization", KDD 2011), on the normal equations of
/// one row after the other. No step makes it greater.
///
///   kindred::nmf model{{.factors = 16, .biases = false}};
///   model.fit(train);
///   float stars = model.predict(user, item);
///
/// An epoch costs O(ratings * factors^2), in parallel. A fit holds the parameters twice, and early
/// stopping that restores a third time. What was fitted is immutable and shared by copies; all
/// const members are safe from any thread.
class nmf {
 public:
  using scalar_type = float;
  static constexpr std::string_view kind = "nmf";

  /// Throws option_error for an option outside its range.
  explicit nmf(const nmf_options& options = {}) : options_(options) { check_options(options_); }

  /// Learns from `train`, from scratch; the same bits on any number of threads and on every host
  /// backend. The training error in reports is that after the epoch. On any exception the model
  /// stays as it was. Throws data_error if there are no ratings, and for negative ones without
  /// biases; divergence_error, cancelled, option_error.
  template <host_backend Backend = backend::tbb>
  fit_history fit(const dataset& train, const fit_options& fit = {}, const Backend& backend = {}) {
    const training_plan plan{.model = kind, .epochs = options_.epochs, .ratings = train.size()};
    if (train.empty()) throw data_error("nmf: no ratings to fit");
    if (!options_.biases && train.min_value() < 0)
      throw data_error("nmf: rating " + detail::to_text(train.min_value()) +
                       " is negative, which factors without biases cannot make");
    const detail::host_loop loop(backend);
    detail::nmf_trainer trainer(train, options_, loop, fit.stop);
    fit_history history = train_epochs(trainer, plan, fit);
    learned_ = trainer.learned();
    return history;
  }

  /// The expected rating, held to the range of the training ratings unless `clip` is off. What is
  /// not known of an index (negative, or beyond the training data) is left out: an unknown user
  /// gets mean + b_i, an unknown item mean + b_u, both the mean; without biases, the mean.
  [[nodiscard]] float predict(index user, index item) const noexcept {
    const float rating = learned_.rating(learned_.user(user), learned_.item(item), options_.biases);
    return options_.clip ? learned_.clamp(rating) : rating;
  }

  /// What orders the items for a user: b_i + p_u.q_i, not clipped; b_i for an unknown user.
  /// `scores` has num_items() elements. O(items * factors).
  void score(index user, std::span<float> scores) const noexcept { learned_.score(user, scores); }

  [[nodiscard]] bool fitted() const noexcept { return num_items() > 0; }
  [[nodiscard]] index num_users() const noexcept { return learned_.num_users(); }
  [[nodiscard]] index num_items() const noexcept { return learned_.num_items(); }
  [[nodiscard]] std::size_t factors() const noexcept {
    return static_cast<std::size_t>(options_.factors);
  }
  [[nodiscard]] double mean() const noexcept { return learned_.mean; }
  /// Row-major factors, none of them negative, and item biases, in place.
  [[nodiscard]] latent_view<float> latent() const noexcept { return learned_.latent(); }
  [[nodiscard]] std::span<const float> user_biases() const noexcept {
    return learned_.user_biases.span();
  }
  [[nodiscard]] std::span<const float> item_biases() const noexcept {
    return learned_.item_biases.span();
  }
  [[nodiscard]] const nmf_options& options() const noexcept { return options_; }

  /// Saves to, and loads from, a model file (io/save.hpp).
  template <class Writer>
  void write(Writer& out) const;
  template <class Reader>
  [[nodiscard]] static nmf read(const Reader& in);

 private:
  nmf_options options_;
  detail::biased_factors<float> learned_;
};

template <class Writer>
void nmf::write(Writer& out) const {
  if (!fitted()) throw not_fitted_error(kind);
  out.set("factors", options_.factors);
  out.set("epochs", options_.epochs);
  out.set("regularization", options_.regularization);
  out.set("bias_regularization", options_.bias_regularization);
  out.set("frequency_exponent", options_.frequency_exponent);
  out.set("biases", options_.biases);
  out.set("sweeps", options_.sweeps);
  out.set("clip", options_.clip);
  out.set("init_scale", options_.init_scale);
  out.set("seed", options_.seed);
  learned_.write(out);
}

template <class Reader>
nmf nmf::read(const Reader& in) {
  nmf model({.factors = in.template get<int>("factors"),
             .epochs = in.template get<int>("epochs"),
             .regularization = in.template get<double>("regularization"),
             .bias_regularization = in.template get<double>("bias_regularization"),
             .frequency_exponent = in.template get<double>("frequency_exponent"),
             .biases = in.template get<bool>("biases"),
             .sweeps = in.template get<int>("sweeps"),
             .clip = in.template get<bool>("clip"),
             .init_scale = in.template get<double>("init_scale"),
             .seed = in.template get<std::uint64_t>("seed")});
  model.learned_ = detail::biased_factors<float>::read(in, model.factors());
  return model;
}

}  // namespace kindred
