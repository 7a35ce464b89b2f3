#pragma once

#include <kindred/core/types.hpp>
#include <kindred/data/id_map.hpp>
#include <kindred/kernel/top_k.hpp>
#include <kindred/kernel/top_k_scores.hpp>
#include <kindred/model/latent_row.hpp>
#include <kindred/serve/detail/live/served_state.hpp>
#include <kindred/serve/filter.hpp>
#include <kindred/serve/top_k.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace kindred::detail::live {

/// Ranks by a state; see detail/ranking.hpp. The state must outlive it.
template <ranking_model Model>
class state_ranker {
 public:
  using scalar = typename served_state<Model>::scalar;

  explicit state_ranker(const served_state<Model>& state) noexcept : state_(state) {}

  [[nodiscard]] const id_map& items() const noexcept { return state_.items; }
  [[nodiscard]] std::span<const index> seen(index user) const noexcept { return state_.seen(user); }
  /// A model that does not solve rows knows only whom it was fitted on.
  [[nodiscard]] bool has_taste(index user) const noexcept {
    return !(row_solving_model<Model> ? seen(user) : state_.base->seen(user)).empty();
  }

  void select(std::span<const index> users, const item_subset& subset,
              std::span<const item_filter::check> checks, std::span<top_k_selector> best) const {
    const auto accept = [&](std::size_t u, index item) { return checks[u](item); };
    if constexpr (row_solving_model<Model>) {
      std::vector<const scalar*> rows;
      rows.reserve(users.size());
      for (const index user : users) rows.push_back(state_.user_entry(user).factors);
      select_for_rows(rows, subset, accept, best);
    } else {
      state_.base->ranker().select(users, within_base(subset), checks, best);
    }
  }

  /// The same for latent vectors. Allocates nothing for one and no subset. First come the rows that
  /// are newer than the base: they are few, and their scores spare a search of the base much of it.
  template <class Accept>
  void select_for_rows(std::span<const scalar* const> rows, const item_subset& subset,
                       const Accept& accept,
                       std::span<top_k_selector> best) const requires row_solving_model<Model> {
    if (subset)
      select_newer(rows, *subset, accept, best);
    else
      state_.refreshed.select(rows, accept, best);
    state_.base->ranker().select_for_rows(
        rows, within_base(subset),
        [&](std::size_t u, index item) {
          return state_.newer_row(item) == nullptr && accept(u, item);
        },
        best);
  }

  template <class Accept>
  void select_popular(const item_subset& subset, Accept accept, top_k_selector& best) const {
    const auto consider = [&](index item, index ratings) {
      const auto count = static_cast<float>(ratings);
      if (count >= best.threshold() && accept(item)) best.push({item, count});
    };
    if (subset) {
      for (const index item : *subset)
        consider(item, state_.popularity[static_cast<std::size_t>(item)]);
      return;
    }
    const auto count = static_cast<std::size_t>(state_.items.size());
    state_.popularity.for_each_run([&](std::size_t first, std::span<const index> run) {
      for (std::size_t i = first; i < std::min(count, first + run.size()); ++i)
        consider(static_cast<index>(i), run[i - first]);
    });
  }

 private:
  template <class Accept>
  void select_newer(std::span<const scalar* const> rows, std::span<const index> subset,
                    const Accept& accept, std::span<top_k_selector> best) const {
    row_list<scalar> newer;
    for (const index item : subset)
      if (const auto* const row = state_.newer_row(item)) newer.add(item, *row);
    if (newer.size() != 0)
      kernel::select_top_k_batch(newer.kernel_rows(state_.model().latent().factors), rows, accept,
                                 best);
  }

  /// What the base has of a subset.
  [[nodiscard]] item_subset within_base(const item_subset& subset) const noexcept {
    if (!subset) return subset;
    const auto end = std::lower_bound(subset->begin(), subset->end(), state_.model().num_items());
    return subset->first(static_cast<std::size_t>(end - subset->begin()));
  }

  const served_state<Model>& state_;
};

}  // namespace kindred::detail::live
