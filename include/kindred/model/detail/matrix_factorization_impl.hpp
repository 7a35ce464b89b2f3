#pragma once

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
  out.set("factors", options_.factors);
  out.set("epochs", options_.epochs);
  out.set("schedule", options_.schedule);
  out.set("learning_rate", options_.learning_rate);
  out.set("learning_rate_decay", options_.learning_rate_decay);
  out.set("regularization", options_.regularization);
  out.set("bias_regularization", options_.bias_regularization);
  out.set("frequency_exponent", options_.frequency_exponent);
  out.set("biases", options_.biases);
  out.set("nonnegative", options_.nonnegative);
  out.set("clip", options_.clip);
  out.set("init_scale", options_.init_scale);
  out.set("seed", options_.seed);
  out.set("blocks", options_.blocks);
  out.set("mean_user_ratings", mean_user_ratings_);
  out.set("mean_item_ratings", mean_item_ratings_);
  learned_.write(out);
}

template <std::floating_point Scalar>
template <class Reader>
matrix_factorization<Scalar> matrix_factorization<Scalar>::read(const Reader& in) {
  matrix_factorization_options options;
  options.factors = in.template get<int>("factors");
  options.epochs = in.template get<int>("epochs");
  options.schedule = in.template get<learning_rate_schedule>("schedule");
  options.learning_rate = in.template get<double>("learning_rate");
  options.learning_rate_decay = in.template get<double>("learning_rate_decay");
  options.regularization = in.template get<double>("regularization");
  options.bias_regularization = in.template get<double>("bias_regularization");
  options.frequency_exponent = in.template get<double>("frequency_exponent");
  options.biases = in.template get<bool>("biases");
  options.nonnegative = in.template get<bool>("nonnegative");
  options.clip = in.template get<bool>("clip");
  options.init_scale = in.template get<double>("init_scale");
  options.seed = in.template get<std::uint64_t>("seed");
  options.blocks = in.template get<int>("blocks");
  matrix_factorization model(options);
  model.learned_ = detail::biased_factors<Scalar>::read(in, model.factors());
  if (in.contains("mean_user_ratings")) {
    model.mean_user_ratings_ = in.template get<double>("mean_user_ratings");
    model.mean_item_ratings_ = in.template get<double>("mean_item_ratings");
  }
  return model;
}

}  // namespace kindred
