#pragma once

#include <kindred/core/types.hpp>
#include <kindred/data/id_map.hpp>
#include <kindred/kernel/top_k.hpp>
#include <kindred/model/concepts.hpp>
#include <kindred/serve/detail/item_scan.hpp>
#include <kindred/serve/detail/seen_items.hpp>
#include <kindred/serve/filter.hpp>
#include <kindred/serve/top_k.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace kindred::detail {

/// Ranks by a model as it is; see ranking.hpp. All must outlive it.
template <ranking_model Model>
class model_ranker {
 public:
  model_ranker(const Model& model, const item_scan& scan, const id_map& items,
               const seen_items& seen) noexcept
      : model_(model), scan_(scan), items_(items), seen_(seen) {}

  [[nodiscard]] const id_map& items() const noexcept { return items_; }
  [[nodiscard]] std::span<const index> seen(index user) const noexcept { return seen_.of(user); }
  [[nodiscard]] bool has_taste(index user) const noexcept { return !seen(user).empty(); }

  void select(std::span<const index> users, const item_subset& subset,
              std::span<const item_filter::check> checks, std::span<top_k_selector> best) const {
    const auto accept = [&](std::size_t u, index item) { return checks[u](item); };
    if constexpr (latent_model<Model>) {
      const auto latent = model_.latent();
      std::vector<const typename Model::scalar_type*> rows;
      rows.reserve(users.size());
      for (const index user : users) rows.push_back(latent.user(user).data());
      select_for_rows(std::span(std::as_const(rows)), subset, accept, best);
    } else {
      top_k_batch(model_, users, subset, accept, best);
    }
  }

  /// The same for latent vectors. Allocates nothing for one.
  template <class Scalar, class Accept>
  void select_for_rows(std::span<const Scalar* const> rows, const item_subset& subset,
                       const Accept& accept,
                       std::span<top_k_selector> best) const requires latent_model<Model> {
    scan_.select(item_rows_of(model_.latent(), subset), rows, accept, best);
  }

  template <class Accept>
  void select_popular(const item_subset& subset, Accept accept, top_k_selector& best) const {
    select_scored(seen_.popularity(), subset, accept, best);
  }

 private:
  const Model& model_;
  const item_scan& scan_;
  const id_map& items_;
  const seen_items& seen_;
};

}  // namespace kindred::detail
