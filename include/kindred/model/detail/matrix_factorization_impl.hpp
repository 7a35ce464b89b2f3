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
  // Shared one by one first, since that allocates; then all at once, which does not throw.
  shared_array<Scalar> user_factors(std::move(parameters.user_factors));
  shared_array<Scalar> item_factors(std::move(parameters.item_factors));
  shared_array<Scalar> user_biases(std::move(parameters.user_biases));
  shared_array<Scalar> item_biases(std::move(parameters.item_biases));
  user_factors_ = std::move(user_factors);
  item_factors_ = std::move(item_factors);
  user_biases_ = std::move(user_biases);
  item_biases_ = std::move(item_biases);
  num_users_ = train.num_users();
  num_items_ = train.num_items();
  mean_ = train.mean();
  mean_user_ratings_ = static_cast<double>(train.size()) / train.num_users();
  mean_item_ratings_ = static_cast<double>(train.size()) / train.num_items();
  low_ = train.min_value();
  high_ = train.max_value();
}

template <std::floating_point Scalar>
std::vector<Scalar> matrix_factorization<Scalar>::fold_in(std::span<const index> items,
                                                          std::span<const float> ratings) const {
  if (items.size() != ratings.size())
    throw data_error("fold-in: " + detail::to_text(items.size()) + " items and " +
                     detail::to_text(ratings.size()) + " ratings");
  std::vector<rated_entry<Scalar>> rated(items.size());
  for (std::size_t n = 0; n < items.size(); ++n) {
    if (!std::isfinite(ratings[n]))
      throw data_error("fold-in: rating " + detail::to_text(ratings[n]) + " is not finite");
    rated[n] = {item_entry(items[n]), ratings[n]};
  }
  return user_solver().solve(rated).factors;
}

namespace detail {

/// Rows and biases, with others in the place of some, and zeros for what is new.
template <class Scalar, class RowOf>
[[nodiscard]] std::pair<aligned_vector<Scalar>, aligned_vector<Scalar>> replaced_rows(
    std::span<const Scalar> old_factors, std::span<const Scalar> old_biases, index count,
    std::size_t factors, const RowOf& row_of) {
  aligned_vector<Scalar> rows(static_cast<std::size_t>(count) * factors);
  aligned_vector<Scalar> biases(static_cast<std::size_t>(count));
  parallel_for(biases.size(), 4096, [&](std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) {
      Scalar* const to = rows.data() + i * factors;
      if (const latent_row<Scalar>* const row = row_of(static_cast<index>(i))) {
        std::copy_n(row->factors.data(), factors, to);
        biases[i] = row->bias;
      } else if (i < old_biases.size()) {
        std::copy_n(old_factors.data() + i * factors, factors, to);
        biases[i] = old_biases[i];
      } else {
        std::fill_n(to, factors, Scalar{0});
        biases[i] = 0;
      }
    }
  });
  return {std::move(rows), std::move(biases)};
}

}  // namespace detail

template <std::floating_point Scalar>
template <class UserRow, class ItemRow>
matrix_factorization<Scalar> matrix_factorization<Scalar>::with_rows(
    index num_users, index num_items, const UserRow& user_row, const ItemRow& item_row) const {
  auto [user_factors, user_biases] = detail::replaced_rows(
      user_factors_.span(), user_biases_.span(), num_users, factors(), user_row);
  auto [item_factors, item_biases] = detail::replaced_rows(
      item_factors_.span(), item_biases_.span(), num_items, factors(), item_row);
  matrix_factorization result = *this;
  result.num_users_ = num_users;
  result.num_items_ = num_items;
  result.user_factors_ = std::move(user_factors);
  result.item_factors_ = std::move(item_factors);
  result.user_biases_ = std::move(user_biases);
  result.item_biases_ = std::move(item_biases);
  return result;
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
  out.set("mean", mean_);
  out.set("mean_user_ratings", mean_user_ratings_);
  out.set("mean_item_ratings", mean_item_ratings_);
  out.set("min_value", low_);
  out.set("max_value", high_);
  const auto users = static_cast<std::size_t>(num_users_);
  const auto items = static_cast<std::size_t>(num_items_);
  out.add("user_factors", user_factors_, {users, factors()});
  out.add("item_factors", item_factors_, {items, factors()});
  out.add("user_biases", user_biases_, {users});
  out.add("item_biases", item_biases_, {items});
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
  model.mean_ = in.template get<double>("mean");
  if (in.contains("mean_user_ratings")) {
    model.mean_user_ratings_ = in.template get<double>("mean_user_ratings");
    model.mean_item_ratings_ = in.template get<double>("mean_item_ratings");
  }
  model.low_ = in.template get<float>("min_value");
  model.high_ = in.template get<float>("max_value");
  if (model.low_ > model.high_) throw data_error("min_value is greater than max_value");
  const std::size_t users = in.rows("user_biases");
  const std::size_t items = in.rows("item_biases");
  model.user_factors_ = in.template array<Scalar>("user_factors", {users, model.factors()});
  model.item_factors_ = in.template array<Scalar>("item_factors", {items, model.factors()});
  model.user_biases_ = in.template array<Scalar>("user_biases", {users});
  model.item_biases_ = in.template array<Scalar>("item_biases", {items});
  model.num_users_ = static_cast<index>(users);
  model.num_items_ = static_cast<index>(items);
  return model;
}

}  // namespace kindred
