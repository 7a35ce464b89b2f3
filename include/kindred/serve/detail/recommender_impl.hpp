#pragma once

#include <kindred/serve/recommender.hpp>

namespace kindred {

template <ranking_model Model>
template <class Ratings>
requires folding_model<Model> recommendations recommender<Model>::recommend_from(
    const Ratings& ratings, std::size_t k, const recommend_options& options)
const {
  detail::folded_ratings known(ratings, items_);
  const detail::item_filter filter(options, items_);
  const std::size_t room = std::min(k, filter.limit(items_.size()));
  if (known.items.empty())
    return detail::rank_popular(ranker(), room, filter, {}, std::move(known.unknown));

  const std::vector<typename Model::scalar_type> user = model_.fold_in(known.items, known.ratings);
  const auto* const row = user.data();
  std::vector<scored_item> ranked(room);
  top_k_selector selector(ranked);
  const std::span<const index> seen = known.items;
  const detail::item_filter::check check(filter,
                                         options.exclude_seen ? seen : std::span<const index>());
  ranker().select_for_rows(std::span(&row, 1), filter.subset(),
                           [&](std::size_t, index item) { return check(item); }, {&selector, 1});
  ranked.resize(selector.finish().size());
  return {items_, std::move(ranked), false, std::move(known.unknown)};
}

template <ranking_model Model>
template <class Writer>
void recommender<Model>::write(Writer& out) const {
  out.add("model", model_);
  out.add("users", users_);
  out.add("items", items_);
  out.add("seen_offsets", seen_.offsets(), {seen_.offsets().size()});
  out.add("seen_items", seen_.items(), {seen_.items().size()});
}

template <ranking_model Model>
template <class Reader>
recommender<Model> recommender<Model>::read(const Reader& in) {
  const auto model = in.template part<Model>("model");
  const id_map users = in.ids("users");
  const id_map items = in.ids("items");
  auto seen = detail::checked_seen_items(in.template array<index>("seen_offsets"),
                                         in.template array<index>("seen_items"), users.size(),
                                         items.size());
  return {model, users, items, std::move(seen), item_storage::int8};
}

}  // namespace kindred
