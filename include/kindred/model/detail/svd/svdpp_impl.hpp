#pragma once

#include <kindred/core/option_files.hpp>
#include <kindred/model/detail/given_ratings.hpp>
#include <kindred/model/detail/held_rmse.hpp>
#include <kindred/model/svdpp.hpp>

namespace kindred {

/// Knows what it predicts without times.
class svdpp::trainer : public detail::svdpp_trainer {
 public:
  /// All must outlive it.
  trainer(const dataset& train, const svdpp_options& options, const detail::host_loop& loop,
          const std::stop_token& stop)
      : svdpp_trainer(train, options, loop, stop),
        train_(train),
        range_(train, options.clip),
        loop_(loop) {}

  [[nodiscard]] detail::biased_factors<float> learned() const {
    return {.factors = factors(),
            .mean = train_.mean(),
            .low = train_.min_value(),
            .high = train_.max_value(),
            .user_factors = without_padding(user_vectors()),
            .item_factors = without_padding(parameters().items),
            .user_biases = parameters().user_biases,
            .item_biases = parameters().item_biases};
  }

  [[nodiscard]] double validation_rmse(const dataset& validation) const {
    const detail::biased_factors<float> found = learned();
    return detail::held_rmse(loop_, validation, range_, [&](index u, index i) {
      return found.rating(found.user(u), found.item(i), true);
    });
  }

 private:
  const dataset& train_;
  detail::rating_range range_;
  const detail::host_loop& loop_;
};

template <host_backend Backend>
fit_history svdpp::fit(const dataset& train, const fit_options& fit, const Backend& backend) {
  const training_plan plan{.model = kind, .epochs = options_.epochs, .ratings = train.size()};
  if (train.empty()) throw data_error("svdpp: no ratings to fit");
  const detail::host_loop loop(backend);
  trainer learner(train, options_, loop, fit.stop);
  fit_history history = train_epochs(learner, plan, fit);
  if (!learner.parameters().are_finite())
    throw divergence_error(kind, history.best_epoch, options_.learning_rate);
  shared_array<float> implicit = learner.without_padding(learner.parameters().implicit);
  learned_ = learner.learned();
  implicit_ = std::move(implicit);
  return history;
}

inline std::vector<float> svdpp::fold_in(std::span<const index> items,
                                         std::span<const float> ratings) const {
  detail::check_given_ratings(items, ratings);
  std::vector<float> sum(factors(), 0.0F);
  std::size_t count = 0;
  for (const index item : items) {
    if (item < 0 || item >= num_items()) continue;
    ++count;
    kernel::axpy(1.0F, implicit_.data() + static_cast<std::size_t>(item) * factors(), factors(),
                 sum.data());
  }
  for (float& x : sum) x /= std::sqrt(static_cast<float>(std::max<std::size_t>(count, 1)));
  return sum;
}

template <class Writer>
void svdpp::write(Writer& out) const {
  if (!fitted()) throw not_fitted_error(kind);
  write_options(out, options_);
  learned_.write(out);
  out.add("implicit", implicit_, {static_cast<std::size_t>(num_items()), factors()});
}

template <class Reader>
svdpp svdpp::read(const Reader& in) {
  svdpp model(read_options<svdpp_options>(in));
  model.learned_ = detail::biased_factors<float>::read(in, model.factors());
  model.implicit_ = in.template array<float>(
      "implicit", {static_cast<std::size_t>(model.num_items()), model.factors()});
  return model;
}

}  // namespace kindred
