#pragma once

#include <kindred/backend/concepts.hpp>
#include <kindred/backend/tbb.hpp>
#include <kindred/core/error.hpp>
#include <kindred/core/option_files.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/model/biased_model.hpp>
#include <kindred/model/detail/biased_factors.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/detail/nmf/nmf_trainer.hpp>
#include <kindred/model/nmf_options.hpp>
#include <kindred/train/fit_options.hpp>
#include <kindred/train/training_loop.hpp>

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
class nmf : public biased_model<nmf_options, float> {
 public:
  static constexpr std::string_view kind = "nmf";

  /// Throws option_error for an option outside its range.
  explicit nmf(const nmf_options& options = {}) : biased_model(options) {}

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

  /// Saves to, and loads from, a model file (io/save.hpp).
  template <class Writer>
  void write(Writer& out) const;
  template <class Reader>
  [[nodiscard]] static nmf read(const Reader& in);
};

template <class Writer>
void nmf::write(Writer& out) const {
  if (!fitted()) throw not_fitted_error(kind);
  write_options(out, options_);
  learned_.write(out);
}

template <class Reader>
nmf nmf::read(const Reader& in) {
  nmf model(read_options<nmf_options>(in));
  model.learned_ = detail::biased_factors<float>::read(in, model.factors());
  return model;
}

}  // namespace kindred
