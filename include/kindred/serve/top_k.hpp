#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/kernel/top_k.hpp>
#include <kindred/kernel/top_k_scores.hpp>
#include <kindred/model/concepts.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace kindred {

/// The only items to look at, ascending and unique, or nothing for all of them.
using item_subset = std::optional<std::span<const index>>;

namespace detail {

/// The items of a latent model for the scoring kernels.
template <class Scalar>
[[nodiscard]] kernel::item_rows<Scalar> item_rows_of(const latent_view<Scalar>& latent,
                                                     const item_subset& subset) noexcept {
  kernel::item_rows<Scalar> rows{latent.item_factors,
                                 latent.item_biases,
                                 static_cast<std::size_t>(latent.num_items),
                                 latent.factors,
                                 nullptr,
                                 0};
  static constexpr index no_item = unknown_index;  // an empty span may be null, which means all
  if (subset) {
    rows.subset = subset->empty() ? &no_item : subset->data();
    rows.subset_size = subset->size();
  }
  return rows;
}

/// Selects from scores[item] of all items.
template <class Accept>
void select_scored(std::span<const float> scores, const item_subset& subset, Accept&& accept,
                   top_k_selector& best) {
  const std::size_t count = subset ? subset->size() : scores.size();
  for (std::size_t p = 0; p < count; ++p) {
    const index item = subset ? (*subset)[p] : static_cast<index>(p);
    const float score = scores[static_cast<std::size_t>(item)];
    if (score >= best.threshold() && accept(item)) best.push({item, score});
  }
}

}  // namespace detail

/// The exact best items for one user among those of `subset` that `accept(item) -> bool` lets pass,
/// as many as fit `best`; returns them ranked, a part of `best`. `accept` is asked in ascending
/// order, and only about items whose score is high enough. Allocates nothing for a latent model,
/// num_items() scores for another. Precondition: 0 <= user < model.num_users().
template <ranking_model Model, class Accept>
std::span<scored_item> top_k(const Model& model, index user, const item_subset& subset,
                             Accept&& accept, std::span<scored_item> best) {
  top_k_selector selector(best);
  if constexpr (latent_model<Model>) {
    const auto latent = model.latent();
    kernel::select_top_k(detail::item_rows_of(latent, subset), latent.user(user).data(), accept,
                         selector);
  } else {
    aligned_vector<float> scores(static_cast<std::size_t>(model.num_items()));
    model.score(user, scores);
    detail::select_scored(scores, subset, accept, selector);
  }
  return selector.finish();
}

/// The same for many users on this thread, each with its own selector, left for the caller to
/// finish: for a latent model much faster than one by one, and the same bits. `accept(u, item)`
/// numbers users by their position in `users`. Precondition: best.size() == users.size().
template <ranking_model Model, class Accept>
void top_k_batch(const Model& model, std::span<const index> users, const item_subset& subset,
                 Accept&& accept, std::span<top_k_selector> best) {
  if constexpr (latent_model<Model>) {
    using scalar = typename Model::scalar_type;
    const auto latent = model.latent();
    std::vector<const scalar*> rows;
    rows.reserve(users.size());
    for (const index user : users) rows.push_back(latent.user(user).data());
    kernel::select_top_k_batch(detail::item_rows_of(latent, subset),
                               std::span<const scalar* const>(rows), accept, best);
  } else {
    aligned_vector<float> scores(static_cast<std::size_t>(model.num_items()));
    for (std::size_t u = 0; u < users.size(); ++u) {
      model.score(users[u], scores);
      detail::select_scored(
          scores, subset, [&](index item) { return accept(u, item); }, best[u]);
    }
  }
}

}  // namespace kindred
