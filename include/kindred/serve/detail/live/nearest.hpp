#pragma once

#include <kindred/core/types.hpp>
#include <kindred/data/id_map.hpp>
#include <kindred/kernel/dot.hpp>
#include <kindred/kernel/top_k.hpp>
#include <kindred/model/latent_row.hpp>
#include <kindred/serve/detail/live/served_state.hpp>
#include <kindred/serve/detail/neighbors.hpp>
#include <kindred/serve/recommendations.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace kindred::detail::live {

/// The k rows nearest to a row by cosine, as `nearest_rows`, where some of the `count` rows at
/// `rows` were replaced, and others added, by `newer`. `row_of` tells the row of what is there.
template <class Scalar, class T, class RowOf>
[[nodiscard]] recommendations nearest(const id_map& ids, const Scalar* rows, index count,
                                      std::size_t factors, const overlay<T>& newer,
                                      const RowOf& row_of, const Scalar* row, index query,
                                      std::size_t k) {
  const double norm =
      row == nullptr ? 0 : std::sqrt(static_cast<double>(kernel::dot(row, row, factors)));
  if (!(norm > 0)) return {};
  const auto cosine = cosines(rows, static_cast<std::size_t>(count), factors, row, norm);
  std::vector<scored_item> best(std::min(k, static_cast<std::size_t>(ids.size() - 1)));
  top_k_selector selector(best);
  for (index i = 0; i < count; ++i)
    if (i != query && newer[static_cast<std::size_t>(i)] == nullptr)
      selector.push({i, cosine[static_cast<std::size_t>(i)]});
  newer.for_each_run([&](std::size_t first, std::span<const std::shared_ptr<const T>> run) {
    for (std::size_t n = 0; n < run.size(); ++n) {
      const auto i = static_cast<index>(first + n);
      if (run[n] == nullptr || i == query) continue;
      selector.push({i, cosine_of(row, norm, row_of(*run[n]), factors)});
    }
  });
  best.resize(selector.finish().size());
  return {ids, std::move(best)};
}

template <row_solving_model Model>
[[nodiscard]] recommendations nearest_items(const served_state<Model>& state, index item,
                                            std::size_t k) {
  const auto latent = state.model().latent();
  const auto row_of = [](const auto& row) { return row.factors.data(); };
  return nearest(state.items, latent.item_factors, latent.num_items, latent.factors,
                 state.item_rows, row_of, state.item_entry(item).factors, item, k);
}

template <row_solving_model Model>
[[nodiscard]] recommendations nearest_users(const served_state<Model>& state, index user,
                                            std::size_t k) {
  const auto latent = state.model().latent();
  const auto row_of = [](const auto& newer) { return newer.row.factors.data(); };
  return nearest(state.users, latent.user_factors, latent.num_users, latent.factors,
                 state.user_states, row_of, state.user_entry(user).factors, user, k);
}

}  // namespace kindred::detail::live
