#pragma once

#include <kindred/core/types.hpp>
#include <kindred/model/concepts.hpp>
#include <kindred/model/detail/biased_factors.hpp>
#include <kindred/model/latent_row.hpp>

#include <concepts>
#include <cstddef>
#include <span>

namespace kindred {

/// What models of the form r = mean + b_u + b_i + p_u.q_i share, however they learn: how they
/// predict and rank, and what they tell of their parameters. Where the options have `biases`, the
/// form is r = p_u.q_i without. What was fitted is immutable and shared by copies; all const
/// members are safe from any thread.
template <class Options, std::floating_point Scalar>
class biased_model {
 public:
  using scalar_type = Scalar;

  /// The expected rating, held to the range of the training ratings unless `clip` is off. What is
  /// not known of an index (negative, or beyond the training data) is left out: an unknown user
  /// gets mean + b_i, an unknown item mean + b_u, both the mean; without biases, the mean.
  [[nodiscard]] float predict(index user, index item) const noexcept {
    return predict(user_entry(user), item_entry(item));
  }
  /// The same of rows that may be newer than the model.
  [[nodiscard]] float predict(const latent_entry<Scalar>& user,
                              const latent_entry<Scalar>& item) const noexcept {
    const float rating = learned_.rating(user, item, has_biases());
    return options_.clip ? learned_.clamp(rating) : rating;
  }

  /// What orders the items for a user: b_i + p_u.q_i, not held; b_i for an unknown user. `scores`
  /// has num_items() elements. O(items * factors).
  void score(index user, std::span<float> scores) const noexcept { learned_.score(user, scores); }

  [[nodiscard]] bool fitted() const noexcept { return num_items() > 0; }
  [[nodiscard]] index num_users() const noexcept { return learned_.num_users(); }
  [[nodiscard]] index num_items() const noexcept { return learned_.num_items(); }
  [[nodiscard]] std::size_t factors() const noexcept {
    return static_cast<std::size_t>(options_.factors);
  }
  [[nodiscard]] double mean() const noexcept { return learned_.mean; }
  /// Row-major factors and item biases, in place.
  [[nodiscard]] latent_view<Scalar> latent() const noexcept { return learned_.latent(); }
  /// The row of an index; not known if it is negative, or beyond what the model has.
  [[nodiscard]] latent_entry<Scalar> user_entry(index u) const noexcept { return learned_.user(u); }
  [[nodiscard]] latent_entry<Scalar> item_entry(index i) const noexcept { return learned_.item(i); }
  [[nodiscard]] std::span<const Scalar> user_biases() const noexcept {
    return learned_.user_biases.span();
  }
  [[nodiscard]] std::span<const Scalar> item_biases() const noexcept {
    return learned_.item_biases.span();
  }
  [[nodiscard]] const Options& options() const noexcept { return options_; }

 protected:
  explicit biased_model(const Options& options) : options_(options) { check_options(options_); }

  [[nodiscard]] bool has_biases() const noexcept {
    if constexpr (requires { options_.biases; })
      return options_.biases;
    else
      return true;
  }

  Options options_;
  detail::biased_factors<Scalar> learned_;
};

}  // namespace kindred
