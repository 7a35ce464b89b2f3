#pragma once

#include <kindred/backend/concepts.hpp>
#include <kindred/backend/tbb.hpp>
#include <kindred/core/error.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/kernel/axpy.hpp>
#include <kindred/model/biased_model.hpp>
#include <kindred/model/detail/biased_factors.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/detail/svd/svdpp_trainer.hpp>
#include <kindred/model/svdpp_options.hpp>
#include <kindred/train/fit_options.hpp>
#include <kindred/train/training_loop.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace kindred {

/// SVD++: biased matrix factorization that also reads taste from what somebody has rated at all,
///   r = mean + b_u + b_i + q_i.(p_u + |N(u)|^-1/2 sum of y_j over the items j of N(u)),
/// where N(u) are the items that user u has rated (Koren, "Factorization meets the neighborhood",
/// KDD 2008, eq. 15). By stochastic gradient descent on the sum over ratings of half of
///   w e^2 + bias_regularization (b_u^2 + b_i^2) + factor_regularization (|p_u|^2 + |q_i|^2)
///     + implicit_regularization |y_i|^2.
///
///   kindred::svdpp model{{.factors = 32, .epochs = 30}};
///   model.fit(train);
///   float stars = model.predict(user, item);
///
/// An epoch costs O(ratings * factors): the y of a user's items are summed up, and stepped, once a
/// user and not once a rating. A fit holds 16 bytes a rating and each parameter twice, and
/// early stopping that restores a third time. What was fitted is immutable and shared by copies;
/// all const members are safe from any thread.
class svdpp : public biased_model<svdpp_options, float> {
 public:
  static constexpr std::string_view kind = "svdpp";

  /// Throws option_error for an option outside its range.
  explicit svdpp(const svdpp_options& options = {}) : biased_model(options) {}

  /// Learns from `train`, from scratch; the same bits on any number of threads and on every host
  /// backend. On any exception the model stays as it was.
  /// Throws data_error if there are no ratings, divergence_error, cancelled, option_error.
  template <host_backend Backend = backend::tbb>
  fit_history fit(const dataset& train, const fit_options& fit = {}, const Backend& backend = {});

  /// The latent vector of a user who was not in the training data, from what was rated, whatever
  /// the stars: |N|^-1/2 times the sum of y. Unknown items are skipped. O(items * factors). Throws
  /// data_error if the lengths differ or a rating is not finite.
  [[nodiscard]] std::vector<float> fold_in(std::span<const index> items,
                                           std::span<const float> ratings) const;

  /// y: items x factors. A user's row of the latent factors is p_u and the sum of y.
  [[nodiscard]] std::span<const float> implicit_factors() const noexcept {
    return implicit_.span();
  }

  /// Saves to, and loads from, a model file (io/save.hpp).
  template <class Writer>
  void write(Writer& out) const;
  template <class Reader>
  [[nodiscard]] static svdpp read(const Reader& in);

 private:
  class trainer;

  shared_array<float> implicit_;
};

}  // namespace kindred

#include <kindred/model/detail/svd/svdpp_impl.hpp>
