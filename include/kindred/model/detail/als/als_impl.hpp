#pragma once

#include <kindred/core/option_files.hpp>
#include <kindred/model/als.hpp>

namespace kindred {

inline void als::take(const detail::als_trainer& trainer, const dataset& train) {
  detail::biased_factors<float> learned{.factors = factors(),
                                        .mean = train.mean(),
                                        .low = train.min_value(),
                                        .high = train.max_value(),
                                        .user_factors = trainer.user_factors(),
                                        .item_factors = trainer.item_factors(),
                                        .user_biases = trainer.user_biases(),
                                        .item_biases = trainer.item_biases()};
  detail::rating_lists rated = detail::lists_of(train, axis::users);
  learned_ = std::move(learned);
  rated_ = std::move(rated);
}

inline explanation als::explain(index user, index item) const {
  return explain(user, item, learned_.rating(user_entry(user), item_entry(item), options_.biases),
                 1);
}

inline explanation als::explain_score(index user, index item) const {
  const latent_entry<float> u = user_entry(user);
  const latent_entry<float> i = item_entry(item);
  const float product = u.known && i.known ? kernel::dot(u.factors, i.factors, factors()) : 0;
  return explain(user, item, i.bias + product, 0);
}

inline explanation als::explain(index user, index item, float value, float of_user) const {
  const std::size_t k = factors();
  detail::gathered_problem problem(k + (options_.biases ? 1 : 0));
  const latent_entry<float> asked = item_entry(item);
  if (!asked.known || !rated_.contains(user))
    return detail::explain_by_entries(problem, {}, value, {}, {});
  const detail::weighted_ratings rated = rated_[static_cast<std::size_t>(user)];
  const auto mean = static_cast<float>(options_.biases ? learned_.mean : 0.0);
  for (std::size_t n = 0; n < rated.size(); ++n) {
    const latent_entry<float> other = item_entry(rated.indices[n]);
    const auto weight = static_cast<float>(rated.weight(n));
    float* const row =
        problem.add({other.factors, k}, weight, weight * (rated.values[n] - mean - other.bias));
    if (options_.biases) row[k] = 1;
  }
  const auto penalty = [&](double regularization) {
    return detail::als_penalty(options_, rated.size(), regularization);
  };
  std::fill_n(problem.ridge().begin(), k, penalty(options_.regularization));
  std::vector<float> x(problem.ridge().size(), 0.0F);
  std::copy_n(asked.factors, k, x.begin());
  if (options_.biases) {
    problem.ridge()[k] = penalty(options_.bias_regularization);
    x[k] = of_user;
  }
  return detail::explain_by_entries(problem, std::move(x), value, rated.indices, rated.values);
}

template <class Writer>
void als::write(Writer& out) const {
  if (!fitted()) throw not_fitted_error(kind);
  write_options(out, options_);
  learned_.write(out);
  rated_.write(out, "rated");
}

template <class Reader>
als als::read(const Reader& in) {
  als model(read_options<als_options>(in));
  model.learned_ = detail::biased_factors<float>::read(in, model.factors());
  model.rated_ = detail::rating_lists::read(in, "rated", model.item_biases().size());
  return model;
}

}  // namespace kindred
