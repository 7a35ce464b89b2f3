#pragma once

#include <kindred/model/concepts.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <span>
#include <vector>

namespace kindred {

/// The latent vector and the bias of one user or item, in place; not known to the model if
/// `known` is false.
template <class Scalar>
struct latent_entry {
  const Scalar* factors = nullptr;
  Scalar bias = 0;
  bool known = false;
};

/// The same, on its own.
template <class Scalar>
struct latent_row {
  std::vector<Scalar> factors;
  Scalar bias = 0;

  [[nodiscard]] latent_entry<Scalar> entry() const noexcept { return {factors.data(), bias, true}; }
  [[nodiscard]] bool finite() const noexcept {
    const auto is_finite = [](Scalar x) { return std::isfinite(x); };
    return is_finite(bias) && std::all_of(factors.begin(), factors.end(), is_finite);
  }
};

/// A rating of one row, a user say, with what the model has of the other side, the item.
template <class Scalar>
struct rated_entry {
  latent_entry<Scalar> other;
  float rating = 0;
  float weight = 1;
};

/// A latent model that can place any user with the items fixed and any item with the users fixed,
/// from their ratings, so that it follows new ratings without being fitted anew. Solvers keep their
/// memory from one row to the next; give each thread its own.
template <class Model>
concept row_solving_model = latent_model<Model> && rating_model<Model> &&
    requires(const Model& model, index i, latent_entry<typename Model::scalar_type> entry,
             std::span<const rated_entry<typename Model::scalar_type>> ratings) {
  { model.user_solver().solve(ratings) } -> std::same_as<latent_row<typename Model::scalar_type>>;
  { model.item_solver().solve(ratings) } -> std::same_as<latent_row<typename Model::scalar_type>>;
  { model.user_entry(i) }
  noexcept->std::same_as<latent_entry<typename Model::scalar_type>>;
  { model.item_entry(i) }
  noexcept->std::same_as<latent_entry<typename Model::scalar_type>>;
  { model.predict(entry, entry) }
  noexcept->std::same_as<float>;
};

}  // namespace kindred
