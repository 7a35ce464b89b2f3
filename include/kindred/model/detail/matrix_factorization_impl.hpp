#pragma once

#include <kindred/core/option_files.hpp>
#include <kindred/model/matrix_factorization.hpp>

namespace kindred {

template <std::floating_point Scalar>
template <execution_backend Backend>
fit_history matrix_factorization<Scalar>::fit(const dataset& train, const fit_options& fit,
                                              const Backend& backend) {
  const training_plan plan{.model = kind, .epochs = options_.epochs, .ratings = train.size()};
  if (train.empty()) throw data_error("matrix_factorization: no ratings to fit");
  if (options_.nonnegative && !options_.biases && train.min_value() < 0)
    throw data_error("matrix_factorization: rating " + detail::to_text(train.min_value()) +
                     " is negative, which nonnegative factors without biases cannot be");
  detail::mf_trainer<Backend, Scalar> trainer(backend, train, options_, fit.stop);
  fit_history history = train_epochs(trainer, plan, fit);
  mf_parameters<Scalar> parameters = trainer.parameters();
  if (!all_finite(parameters))
    throw divergence_error(kind, history.best_epoch, options_.learning_rate);
  take(std::move(parameters), train);
  return history;
}

template <std::floating_point Scalar>
void matrix_factorization<Scalar>::take(mf_parameters<Scalar> parameters, const dataset& train) {
  // Shared first, since that allocates; then taken over, which does not throw.
  detail::biased_factors<Scalar> learned{.factors = factors(),
                                         .mean = train.mean(),
                                         .low = train.min_value(),
                                         .high = train.max_value(),
                                         .user_factors = std::move(parameters.user_factors),
                                         .item_factors = std::move(parameters.item_factors),
                                         .user_biases = std::move(parameters.user_biases),
                                         .item_biases = std::move(parameters.item_biases)};
  learned_ = std::move(learned);
  mean_user_ratings_ = static_cast<double>(train.size()) / train.num_users();
  mean_item_ratings_ = static_cast<double>(train.size()) / train.num_items();
}

template <std::floating_point Scalar>
template <class Writer>
void matrix_factorization<Scalar>::write(Writer& out) const {
  if (!fitted()) throw not_fitted_error(kind);
  write_options(out, options_);
  out.set("mean_user_ratings", mean_user_ratings_);
  out.set("mean_item_ratings", mean_item_ratings_);
  learned_.write(out);
}

template <std::floating_point Scalar>
template <class Reader>
matrix_factorization<Scalar> matrix_factorization<Scalar>::read(const Reader& in) {
  matrix_factorization model(read_options<matrix_factorization_options>(in));
  model.learned_ = detail::biased_factors<Scalar>::read(in, model.factors());
  if (in.contains("mean_user_ratings")) {
    model.mean_user_ratings_ = in.template get<double>("mean_user_ratings");
    model.mean_item_ratings_ = in.template get<double>("mean_item_ratings");
  }
  return model;
}

}  // namespace kindred
