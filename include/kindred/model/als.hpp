#pragma once

#include <kindred/backend/als_kernels.hpp>
#include <kindred/backend/concepts.hpp>
#include <kindred/backend/tbb.hpp>
#include <kindred/core/error.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/model/als_options.hpp>
#include <kindred/model/biased_model.hpp>
#include <kindred/model/detail/als/als_trainer.hpp>
#include <kindred/model/detail/als/als_trainer_on.hpp>
#include <kindred/model/detail/als/gathered_problem.hpp>
#include <kindred/model/detail/biased_factors.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/detail/rating_lists.hpp>
#include <kindred/model/detail/ridge_solver.hpp>
#include <kindred/model/explanation.hpp>
#include <kindred/model/latent_row.hpp>
#include <kindred/train/fit_options.hpp>
#include <kindred/train/training_loop.hpp>

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace kindred {

/// Biased matrix factorization, r = mean + b_u + b_i + p_u.q_i, by alternating least squares with
/// penalties that grow with the number of ratings (Zhou, Wilkinson, Schreiber, Pan, "Large-scale
/// parallel collaborative filtering for the Netflix prize", AAIM 2008). Makes
///   sum over the ratings of w (r - mean - b_u - b_i - p_u.q_i)^2
///     + sum over users and items of n^e (regularization |p|^2 + bias_regularization b^2)
/// least, where w is a rating's weight, n the number of ratings of a user or item, and e
/// frequency_exponent. Each half of an epoch solves for all users, or all items, the others fixed.
///
///   kindred::als model{{.factors = 32, .solver = kindred::cholesky{}}};
///   model.fit(train);
///   float stars = model.predict(user, item);
///
/// What an epoch costs is up to the solver: see als_solver.hpp. A fit holds, beside the dataset,
/// the parameters twice, and with weights 4 bytes a rating; early stopping that restores holds the
/// parameters a third time. What was fitted is immutable and shared by copies, the users' ratings
/// with the dataset; all const members are safe from any thread.
class als : public biased_model<als_options, float> {
 public:
  static constexpr std::string_view kind = "als";

  /// Throws option_error for an option outside its range.
  explicit als(const als_options& options = {}) : biased_model(options) {}

  /// Learns from `train`, from scratch; same options and data give the same bits on any number of
  /// threads and on every host backend. The training error in reports is that after the epoch. On
  /// any exception the model stays as it was.
  /// Throws data_error if there are no ratings, divergence_error, cancelled, option_error; on a
  /// GPU, which has no block_descent, cuda_error.
  template <trainable_als Backend = backend::tbb>
  fit_history fit(const dataset& train, const fit_options& fit = {}, const Backend& backend = {}) {
    if (train.empty()) throw data_error("als: no ratings to fit");
    if constexpr (host_backend<Backend>) {
      const detail::host_loop loop(backend);
      detail::als_trainer trainer(train, options_, loop, fit.stop);
      return run(trainer, train, fit);
    } else {
      const backend::tbb host;
      const detail::host_loop loop(host);
      detail::als_trainer_on<Backend> trainer(backend, train, options_, loop, fit.stop);
      return run(trainer, train, fit);
    }
  }

  /// What each rating of the user in the training data adds to the expected rating, before it is
  /// held to the range (Hu, Koren, Volinsky, ICDM 2008, section 5): its weight times what is not
  /// explained by the mean and the item's bias, times its similarity to the item. The base is the
  /// mean, the item's bias, and how far training has left the user's row from that which solves for
  /// it, next to nothing once training has converged. The greatest part first, none for unknown
  /// indices. O(ratings of the user * factors^2 + factors^3).
  [[nodiscard]] explanation explain(index user, index item) const;
  /// The same of the item's score.
  [[nodiscard]] explanation explain_score(index user, index item) const;

  /// The latent vector of a user who was not in the training data, from some ratings: that which
  /// training seeks for a user with them, exactly, without the bias, since it moves all items
  /// alike. Unknown items are skipped. O(ratings * factors^2 + factors^3).
  /// Throws data_error if the lengths differ or a rating is not finite.
  [[nodiscard]] std::vector<float> fold_in(std::span<const index> items,
                                           std::span<const float> ratings) const {
    return user_solver().solve(learned_.rated(items, ratings)).factors;
  }

  /// Solve for rows of users with the items fixed, as `fold_in` does, and the other way round.
  [[nodiscard]] detail::ridge_solver<float> user_solver() const {
    return detail::ridge_solver<float>(row_problem());
  }
  [[nodiscard]] detail::ridge_solver<float> item_solver() const { return user_solver(); }

  /// This model with `num_users` and `num_items`, no fewer than it has, and with the rows that
  /// `user_row(u)` and `item_row(i)` point to in place of its own; where they are null, a row stays
  /// as it is, and a new one is zero. It explains by the ratings that it was fitted on.
  /// O((users + items) * factors), in parallel.
  template <class UserRow, class ItemRow>
  [[nodiscard]] als with_rows(index num_users, index num_items, const UserRow& user_row,
                              const ItemRow& item_row) const {
    als result = *this;
    result.learned_ = learned_.with_rows(num_users, num_items, user_row, item_row);
    return result;
  }

  /// Saves to, and loads from, a model file (io/save.hpp): parameters and the users' ratings.
  template <class Writer>
  void write(Writer& out) const;
  template <class Reader>
  [[nodiscard]] static als read(const Reader& in);

 private:
  template <class Trainer>
  fit_history run(Trainer& trainer, const dataset& train, const fit_options& fit) {
    const training_plan plan{.model = kind, .epochs = options_.epochs, .ratings = train.size()};
    fit_history history = train_epochs(trainer, plan, fit);
    take(trainer, train);
    return history;
  }
  void take(const detail::als_trainer& trainer, const dataset& train);

  /// `of_user` is 1 where the user's bias is part of `value`, else 0.
  [[nodiscard]] explanation explain(index user, index item, float value, float of_user) const;

  /// A penalty n^e times the regularization, in the terms of `ridge_problem`.
  [[nodiscard]] detail::ridge_problem row_problem() const noexcept {
    return {.factors = factors(),
            .biases = options_.biases,
            .mean = options_.biases ? mean() : 0.0,
            .regularization = options_.regularization,
            .bias_regularization = options_.bias_regularization,
            .mean_count = 1,
            .frequency_exponent = 1 - options_.frequency_exponent};
  }

  detail::rating_lists rated_;  ///< by user
};

}  // namespace kindred

#include <kindred/model/detail/als/als_impl.hpp>
