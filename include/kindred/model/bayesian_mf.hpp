#pragma once

#include <kindred/backend/concepts.hpp>
#include <kindred/backend/tbb.hpp>
#include <kindred/core/error.hpp>
#include <kindred/core/option_files.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/kernel/scores.hpp>
#include <kindred/model/bayesian_mf_options.hpp>
#include <kindred/model/concepts.hpp>
#include <kindred/model/detail/bayes/bayesian_mf_trainer.hpp>
#include <kindred/model/detail/bayes/rating_posterior.hpp>
#include <kindred/model/detail/bayes/sampled_rows.hpp>
#include <kindred/model/detail/given_ratings.hpp>
#include <kindred/model/detail/held_rmse.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/train/fit_options.hpp>
#include <kindred/train/training_loop.hpp>

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace kindred {

/// Matrix factorization whose parameters are not sought but averaged over: a Markov chain draws
/// them as likely as the ratings make them, and a prediction is the mean of those of many draws
/// (Salakhutdinov, Mnih, "Bayesian probabilistic matrix factorization using Markov chain Monte
/// Carlo", ICML 2008). A rating is normal around
///   mean + b_u + c_i + p_u.q_i;
/// (b_u, p_u) comes from the population of users and (c_i, q_i) from that of items, which are
/// normal distributions that are drawn along, as is the noise. A row and its bias are drawn
/// together, given all of the other side. Weights of ratings multiply the precision of the noise.
///
///   kindred::bayesian_mf model{{.factors = 30, .samples = 40}};
///   model.fit(train);
///   float stars = model.predict(user, item);
///   float doubt = std::sqrt(model.predict_variance(user, item));
///
/// A sweep costs O(ratings * factors^2 + (users + items) * factors^3), in parallel. The model holds
/// 4 samples (factors + 1) bytes for each user and item, and a fit twice as much at its end; early
/// stopping that restores holds it a third time. What was fitted is immutable and shared by copies;
/// all const members are safe from any thread.
class bayesian_mf {
 public:
  using scalar_type = float;
  static constexpr std::string_view kind = "bayesian_mf";

  /// Throws option_error for an option outside its range.
  explicit bayesian_mf(const bayesian_mf_options& options = {}) : options_(options) {
    check_options(options_);
  }

  /// Draws burn_in + samples * thinning times, an epoch each; the same bits on any number of
  /// threads and on every host backend. The validation error is that of the mean of all samples so
  /// far; a fit that ends within the burn-in has the last draw alone. On any exception the model
  /// stays as it was. Throws data_error if there are no ratings, divergence_error, cancelled,
  /// option_error.
  template <host_backend Backend = backend::tbb>
  fit_history fit(const dataset& train, const fit_options& fit = {}, const Backend& backend = {}) {
    const training_plan plan{.model = kind,
                             .epochs = options_.burn_in + options_.samples * options_.thinning,
                             .ratings = train.size()};
    if (train.empty()) throw data_error("bayesian_mf: no ratings to fit");
    const detail::host_loop loop(backend);
    detail::bayesian_mf_trainer trainer(train, options_, loop, fit.stop);
    fit_history history = train_epochs(trainer, plan, fit);
    posterior_ = trainer.posterior();
    range_ = {train, options_.clip};
    return history;
  }

  /// The posterior mean of the rating, held to the range of the training ratings unless `clip` is
  /// off. Somebody who is unknown, or has no ratings, is expected to be as the mean of the
  /// population; so is an item. O(samples * factors).
  [[nodiscard]] float predict(index user, index item) const noexcept {
    return range_.hold(posterior_.expected(user, item));
  }

  /// The posterior variance of the rating, not held: what the draws differ by, and the noise of a
  /// single rating. Of somebody unknown it holds how much people differ; of items likewise.
  /// O(samples * factors).
  [[nodiscard]] float predict_variance(index user, index item) const noexcept {
    return static_cast<float>(posterior_.variance(user, item) + posterior_.noise_variance);
  }

  /// The posterior mean but for what is the same for all items. `scores` has num_items() elements.
  /// O(items * samples * factors).
  void score(index user, std::span<float> scores) const noexcept {
    const detail::sampled_rows& items = posterior_.items;
    kernel::score_items<float>({items.vectors(), items.mean_biases(), scores.size(), items.width()},
                               posterior_.users.vector(posterior_.users.expected(user)), scores);
  }

  /// The vectors of all draws, as in `latent()`, of a user who was not in the training data, from
  /// some ratings: in each draw what is expected of the user given the items of that draw. Unknown
  /// items are skipped; without a rating it is the mean of the population.
  /// O(samples * (ratings * factors^2 + factors^3)).
  /// Throws data_error if the lengths differ or a rating is not finite.
  [[nodiscard]] std::vector<float> fold_in(std::span<const index> items,
                                           std::span<const float> ratings) const {
    detail::check_given_ratings(items, ratings);
    return posterior_.place(items, ratings);
  }

  [[nodiscard]] bool fitted() const noexcept { return num_items() > 0; }
  [[nodiscard]] index num_users() const noexcept { return posterior_.users.size(); }
  [[nodiscard]] index num_items() const noexcept { return posterior_.items.size(); }
  [[nodiscard]] double mean() const noexcept { return posterior_.mean; }
  /// Of a rating around what a draw predicts, on average over the draws.
  [[nodiscard]] double noise_variance() const noexcept { return posterior_.noise_variance; }
  /// The vectors of all draws in a row, and the mean biases of items, in place: what is expected is
  /// a factorization with samples * factors factors.
  [[nodiscard]] latent_view<float> latent() const noexcept {
    return {num_users(),
            num_items(),
            posterior_.users.width(),
            posterior_.users.vectors(),
            posterior_.items.vectors(),
            posterior_.items.mean_biases()};
  }
  [[nodiscard]] const bayesian_mf_options& options() const noexcept { return options_; }

  /// Saves to, and loads from, a model file (io/save.hpp).
  template <class Writer>
  void write(Writer& out) const;
  template <class Reader>
  [[nodiscard]] static bayesian_mf read(const Reader& in);

 private:
  bayesian_mf_options options_;
  detail::rating_range range_;
  detail::rating_posterior posterior_;
};

template <class Writer>
void bayesian_mf::write(Writer& out) const {
  if (!fitted()) throw not_fitted_error(kind);
  write_options(out, options_);
  out.set("mean", posterior_.mean);
  out.set("noise_variance", posterior_.noise_variance);
  range_.write(out);
  const std::size_t draws = posterior_.users.draws();
  out.add("noise_variances", posterior_.noise_variances, {draws});
  out.add("user_precisions", posterior_.user_precisions,
          {draws, posterior_.user_precisions.size() / draws});
  out.add("users", posterior_.users);
  out.add("items", posterior_.items);
}

template <class Reader>
bayesian_mf bayesian_mf::read(const Reader& in) {
  bayesian_mf model(read_options<bayesian_mf_options>(in));
  model.range_ = detail::rating_range::read(in);
  const auto users = in.template part<detail::sampled_rows>("users");
  const std::size_t width = detail::padded_factors(users.factors() + 1);
  model.posterior_ = {in.template get<double>("mean"),
                      in.template get<double>("noise_variance"),
                      users,
                      in.template part<detail::sampled_rows>("items"),
                      in.template array<float>("noise_variances", {users.draws()}),
                      in.template array<float>("user_precisions", {users.draws(), width * width})};
  const detail::sampled_rows& items = model.posterior_.items;
  if (users.draws() != items.draws() || users.factors() != items.factors())
    throw data_error("samples of users and items do not match");
  return model;
}

}  // namespace kindred
