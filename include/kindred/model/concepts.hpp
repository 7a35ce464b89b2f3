#pragma once

#include <kindred/core/types.hpp>
#include <kindred/kernel/top_k.hpp>
#include <kindred/model/explanation.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

namespace kindred {

/// A fitted model that predicts the rating of a user for an item, from dense indices. An index that
/// the model does not know (negative, or beyond what it was fitted on) gets the model's documented
/// fallback.
template <class Model>
concept rating_model = requires(const Model& model, index user, index item) {
  { model.num_users() } -> std::same_as<index>;
  { model.num_items() } -> std::same_as<index>;
  { model.predict(user, item) }
  noexcept->std::same_as<float>;
};

/// A rating model whose prediction depends on when the rating is given, in Unix seconds.
template <class Model>
concept timed_rating_model = rating_model<Model> &&
    requires(const Model& model, index user, index item, std::int64_t time) {
  { model.predict_at(user, item, time) }
  noexcept->std::same_as<float>;
};

/// A fitted model that scores all items for a user; a higher score ranks higher, and scores of one
/// user are comparable only with each other. `scores` has num_items() elements.
template <class Model>
concept ranking_model = requires(const Model& model, index user, std::span<float> scores) {
  { model.num_users() } -> std::same_as<index>;
  { model.num_items() } -> std::same_as<index>;
  { model.score(user, scores) }
  noexcept->std::same_as<void>;
};

/// The parameters of a model that scores by inner product, as row-major matrices in place:
/// score(u, i) = item_biases[i] + dot(user_factors[u], item_factors[i]).
template <class Scalar>
struct latent_view {
  index num_users = 0;
  index num_items = 0;
  std::size_t factors = 0;
  const Scalar* user_factors = nullptr;  ///< num_users x factors
  const Scalar* item_factors = nullptr;  ///< num_items x factors
  const Scalar* item_biases = nullptr;   ///< num_items, or null if the model has none

  [[nodiscard]] std::span<const Scalar> user(index u) const noexcept {
    return {user_factors + static_cast<std::size_t>(u) * factors, factors};
  }
  [[nodiscard]] std::span<const Scalar> item(index i) const noexcept {
    return {item_factors + static_cast<std::size_t>(i) * factors, factors};
  }
};

/// A model whose ranking is an inner product of latent factors; it can be searched for neighbours.
template <class Model>
concept latent_model = requires(const Model& model) {
  typename Model::scalar_type;
  { model.latent() }
  noexcept->std::same_as<latent_view<typename Model::scalar_type>>;
};

/// A model that compares items itself: fills `best` with those most similar to `item`, best first,
/// and returns the part filled, which is empty for an item that it does not know.
template <class Model>
concept item_similarity_model = requires(const Model& model, index item,
                                         std::span<scored_item> best) {
  { model.similar_items(item, best) }
  noexcept->std::same_as<std::span<scored_item>>;
};

/// The same among users.
template <class Model>
concept user_similarity_model = requires(const Model& model, index user,
                                         std::span<scored_item> best) {
  { model.similar_users(user, best) }
  noexcept->std::same_as<std::span<scored_item>>;
};

/// A model that says which ratings its predictions and its scores come from.
template <class Model>
concept explaining_model = requires(const Model& model, index user, index item) {
  { model.explain(user, item) } -> std::same_as<explanation>;
  { model.explain_score(user, item) } -> std::same_as<explanation>;
};

}  // namespace kindred
