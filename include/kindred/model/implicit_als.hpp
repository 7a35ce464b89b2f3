#pragma once

#include <kindred/backend/als_kernels.hpp>
#include <kindred/backend/concepts.hpp>
#include <kindred/backend/tbb.hpp>
#include <kindred/core/error.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/kernel/scores.hpp>
#include <kindred/model/concepts.hpp>
#include <kindred/model/detail/als/als_side.hpp>
#include <kindred/model/detail/als/als_trainer_on.hpp>
#include <kindred/model/detail/als/gathered_problem.hpp>
#include <kindred/model/detail/als/implicit_als_trainer.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/detail/rating_lists.hpp>
#include <kindred/model/explanation.hpp>
#include <kindred/model/implicit_als_options.hpp>
#include <kindred/train/fit_options.hpp>
#include <kindred/train/training_loop.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace kindred {

/// Factorization of clicks, plays and purchases by alternating least squares (Hu, Koren, Volinsky,
/// "Collaborative filtering for implicit feedback datasets", ICDM 2008): scores p_u.q_i are to be 1
/// where there was an interaction and 0 for all other pairs, and make
///   sum over all pairs of c_ui (target - p_u.q_i)^2 + sum of l_u |p_u|^2 + sum of l_i |q_i|^2
/// least, where c is unobserved_weight, plus alpha r for an interaction of value r. The penalties l
/// grow with frequency, as in Rendle, Krichene, Zhang, Koren, "Revisiting the performance of iALS
/// on item recommendation benchmarks", RecSys 2022, eq. 4. A model for ranking; it predicts no
/// ratings.
///
///   kindred::implicit_als model{{.factors = 128, .regularization = 0.002}};
///   model.fit(train);
///   const kindred::recommender recommender{std::move(model), train};
///
/// What an epoch costs is up to the solver: see als_solver.hpp. A fit holds the latent vectors and
/// some k x k matrices of k factors; Cholesky, where rows have few interactions, holds the vectors
/// of one side twice, and early stopping that restores holds all twice. What was fitted is
/// immutable and shared by copies, the interactions with the dataset; all const members are safe
/// from any thread.
class implicit_als {
 public:
  using scalar_type = float;
  static constexpr std::string_view kind = "implicit_als";

  /// Throws option_error for an option outside its range.
  explicit implicit_als(const implicit_als_options& options = {}) : options_(options) {
    check_options(options_);
  }

  /// Learns from `train`, from scratch; same options and data give the same bits on any number of
  /// threads and on every host backend. On any exception the model stays as it was.
  ///
  /// Reports have no RMSE. Losses are the weighted squared errors of all pairs, by the number of
  /// interactions; for validation, of all pairs that are not in `train`.
  /// Throws data_error if there are no ratings, or negative ones that count; divergence_error,
  /// cancelled, option_error; on a GPU, which has no block_descent, cuda_error.
  template <trainable_als Backend = backend::tbb>
  fit_history fit(const dataset& train, const fit_options& fit = {}, const Backend& backend = {}) {
    if (train.empty()) throw data_error("implicit_als: no ratings to fit");
    if (options_.values == interaction_value::rating && train.min_value() < 0)
      throw data_error("implicit_als: rating " + detail::to_text(train.min_value()) +
                       " is negative, and counts as a weight");
    if constexpr (host_backend<Backend>) {
      const detail::host_loop loop(backend);
      detail::implicit_als_trainer trainer(train, options_, loop, fit.stop);
      return run(trainer, train, fit, loop);
    } else {
      const backend::tbb host;
      const detail::host_loop loop(host);
      detail::implicit_als_trainer_on<Backend> trainer(backend, train, options_, loop, fit.stop);
      return run(trainer, train, fit, loop);
    }
  }

  /// The scores of all items; zeros for an unknown user. `scores` has num_items() elements.
  /// O(items * factors).
  void score(index user, std::span<float> scores) const noexcept {
    if (user < 0 || user >= num_users_) return std::fill(scores.begin(), scores.end(), 0.0F);
    kernel::score_items<float>(
        {.rows = item_factors_.data(), .count = scores.size(), .factors = factors()},
        latent().user(user).data(), scores);
  }

  /// What each interaction of the user in the training data adds to the score (Hu, Koren, Volinsky,
  /// section 5): its weight times its similarity to the item, which is the user's own. The base is
  /// how far training has left the user's vector from that which solves for it, next to nothing
  /// once training has converged. The greatest part first, none for unknown indices.
  /// O(interactions of the user * factors^2 + factors^3).
  [[nodiscard]] explanation explain_score(index user, index item) const;
  /// The same: a score is all that there is to explain.
  [[nodiscard]] explanation explain(index user, index item) const {
    return explain_score(user, item);
  }

  /// The latent vector of a user who was not in the training data, from some interactions: that
  /// which training seeks for a user with them, exactly. Unknown items are skipped; the ratings
  /// count if `values` says so. O(items * factors^2 + factors^3).
  /// Throws data_error if the lengths differ, or if a rating is not finite or is negative and
  /// counts.
  [[nodiscard]] std::vector<float> fold_in(std::span<const index> items,
                                           std::span<const float> ratings) const;

  [[nodiscard]] bool fitted() const noexcept { return num_items_ > 0; }
  [[nodiscard]] index num_users() const noexcept { return num_users_; }
  [[nodiscard]] index num_items() const noexcept { return num_items_; }
  [[nodiscard]] std::size_t factors() const noexcept {
    return static_cast<std::size_t>(options_.factors);
  }
  /// Row-major factors, in place.
  [[nodiscard]] latent_view<float> latent() const noexcept {
    return {num_users_, num_items_, factors(), user_factors_.data(), item_factors_.data(), nullptr};
  }
  [[nodiscard]] const implicit_als_options& options() const noexcept { return options_; }

  /// Saves to, and loads from, a model file (io/save.hpp): vectors and interactions.
  template <class Writer>
  void write(Writer& out) const;
  template <class Reader>
  [[nodiscard]] static implicit_als read(const Reader& in);

 private:
  template <class Trainer>
  fit_history run(Trainer& trainer, const dataset& train, const fit_options& fit,
                  const detail::host_loop& loop) {
    const training_plan plan{.model = kind, .epochs = options_.epochs, .ratings = train.size()};
    fit_history history = train_epochs(trainer, plan, fit);
    take(trainer.user_factors(), trainer.item_factors(), detail::lists_of(train, axis::users),
         loop);
    return history;
  }
  void take(shared_array<float> users, shared_array<float> items, detail::rating_lists interactions,
            const detail::host_loop& loop);

  /// What training solves for a user with these interactions. Unknown items are skipped.
  [[nodiscard]] detail::gathered_problem row_problem(std::span<const index> items,
                                                     std::span<const float> values) const;

  implicit_als_options options_;
  index num_users_ = 0;
  index num_items_ = 0;
  shared_array<float> user_factors_;
  shared_array<float> item_factors_;
  shared_array<float> gramian_;        ///< what each row problem of a user starts with, padded
  detail::rating_lists interactions_;  ///< by user
};

}  // namespace kindred

#include <kindred/model/detail/als/implicit_als_impl.hpp>
