#pragma once

#include <kindred/core/types.hpp>
#include <kindred/data/id_map.hpp>
#include <kindred/kernel/top_k.hpp>
#include <kindred/model/concepts.hpp>
#include <kindred/serve/detail/seen_items.hpp>
#include <kindred/serve/filter.hpp>
#include <kindred/serve/top_k.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace kindred::detail {

/// Ranks by a model as it is; see ranking.hpp. All must outlive it.
template <ranking_model Model>
class model_ranker {
 public:
  model_ranker(const Model& model, const id_map& items, const seen_items& seen) noexcept
      : model_(model), items_(items), seen_(seen) {}

  [[nodiscard]] const id_map& items() const noexcept { return items_; }
  [[nodiscard]] std::span<const index> seen(index user) const noexcept { return seen_.of(user); }
  [[nodiscard]] bool has_taste(index user) const noexcept { return !seen(user).empty(); }

  void select(std::span<const index> users, const item_subset& subset,
              std::vector<item_filter::check> checks, std::span<top_k_selector> best) const {
    top_k_batch(
        model_, users, subset, [&](std::size_t u, index item) { return checks[u](item); }, best);
  }

  template <class Accept>
  void select_popular(const item_subset& subset, Accept accept, top_k_selector& best) const {
    select_scored(seen_.popularity(), subset, accept, best);
  }

 private:
  const Model& model_;
  const id_map& items_;
  const seen_items& seen_;
};

}  // namespace kindred::detail
