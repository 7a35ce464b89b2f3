#pragma once

#include <kindred/backend/mf_kernels.hpp>
#include <kindred/backend/tbb.hpp>
#include <kindred/core/error.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/model/biased_model.hpp>
#include <kindred/model/detail/biased_factors.hpp>
#include <kindred/model/detail/mf_trainer.hpp>
#include <kindred/model/detail/ridge_solver.hpp>
#include <kindred/model/matrix_factorization_options.hpp>
#include <kindred/train/fit_options.hpp>
#include <kindred/train/training_loop.hpp>

#include <concepts>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace kindred {

/// Biased matrix factorization, r = mean + b_u + b_i + p_u.q_i, by stochastic gradient descent on
/// the squared error (Koren, Bell, Volinsky, "Matrix factorization techniques for recommender
/// systems", Computer 42(8), 2009, eq. 5).
///
///   kindred::matrix_factorization<> model{{.factors = 64, .epochs = 20}};
///   model.fit(train);
///   float stars = model.predict(user, item);
///
/// `Scalar` is float or double: the type of the parameters and of the training arithmetic. Fitted
/// parameters are immutable and shared by copies; all const members are safe from any thread.
///
/// Training costs O(ratings * factors) an epoch. It holds, beside the dataset, 12 bytes a rating
/// (16 with weights) and, for each user and item, twice its parameters: factors rounded up to a
/// multiple of 16, and four numbers. Early stopping that restores holds the parameters a third
/// time.
template <std::floating_point Scalar = float>
class matrix_factorization : public biased_model<matrix_factorization_options, Scalar> {
  using base = biased_model<matrix_factorization_options, Scalar>;
  using base::learned_;
  using base::options_;

 public:
  using base::factors;
  using base::fitted;
  using base::mean;

  static constexpr std::string_view kind = "matrix_factorization";

  /// Throws option_error for an option outside its range.
  explicit matrix_factorization(const matrix_factorization_options& options = {}) : base(options) {}

  /// Learns from `train`, from scratch; same options and data give the same bits on any number of
  /// threads and on every host backend. On any exception the model stays as it was.
  /// Throws data_error if there are no ratings, divergence_error, cancelled, option_error; on a GPU
  /// cuda_error.
  template <execution_backend Backend = backend::tbb>
  fit_history fit(const dataset& train, const fit_options& fit = {}, const Backend& backend = {});

  /// The latent vector of a user who was not in the training data, from some ratings: the ridge
  /// regression of the ratings on the item factors, with the user's bias fitted along and left out,
  /// since it moves all items alike. Solves the problem that training solves for a user with these
  /// ratings. Unknown items are skipped. O(ratings * factors^2 + factors^3).
  /// Throws data_error if the lengths differ or a rating is not finite.
  [[nodiscard]] std::vector<Scalar> fold_in(std::span<const index> items,
                                            std::span<const float> ratings) const {
    return user_solver().solve(learned_.rated(items, ratings)).factors;
  }

  /// Solve for rows of users with the items fixed, as `fold_in` does, and the other way round.
  /// They do not hold factors above zero where `nonnegative` asks for that.
  [[nodiscard]] detail::ridge_solver<Scalar> user_solver() const {
    return detail::ridge_solver<Scalar>(row_problem(mean_user_ratings_));
  }
  [[nodiscard]] detail::ridge_solver<Scalar> item_solver() const {
    return detail::ridge_solver<Scalar>(row_problem(mean_item_ratings_));
  }

  /// This model with `num_users` and `num_items`, no fewer than it has, and with the rows that
  /// `user_row(u)` and `item_row(i)` point to in place of its own; where they are null, a row stays
  /// as it is, and a new one is zero. O((users + items) * factors), in parallel.
  template <class UserRow, class ItemRow>
  [[nodiscard]] matrix_factorization with_rows(index num_users, index num_items,
                                               const UserRow& user_row,
                                               const ItemRow& item_row) const {
    matrix_factorization result = *this;
    result.learned_ = learned_.with_rows(num_users, num_items, user_row, item_row);
    return result;
  }

  /// Saves to, and loads from, a model file (io/save.hpp).
  template <class Writer>
  void write(Writer& out) const;
  template <class Reader>
  [[nodiscard]] static matrix_factorization read(const Reader& in);

 private:
  void take(mf_parameters<Scalar> parameters, const dataset& train);

  [[nodiscard]] detail::ridge_problem row_problem(double mean_count) const noexcept {
    return {.factors = factors(),
            .biases = options_.biases,
            .mean = options_.biases ? mean() : 0.0,
            .regularization = options_.regularization,
            .bias_regularization = options_.bias_regularization,
            .mean_count = mean_count,
            .frequency_exponent = options_.frequency_exponent};
  }

  double mean_user_ratings_ = 0;  ///< of the training data
  double mean_item_ratings_ = 0;
};

}  // namespace kindred

#include <kindred/model/detail/matrix_factorization_impl.hpp>
