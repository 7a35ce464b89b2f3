#pragma once

#include <kindred/serve/recommender.hpp>

namespace kindred {

template <ranking_model Model>
std::vector<recommendations> recommender<Model>::recommend_indices(
    std::span<const index> users, std::size_t k, const recommend_options& options) const {
  constexpr std::size_t grain = 128;  // users that share one pass over the items
  const detail::item_filter filter(options, items_);
  const std::size_t room = std::min(k, filter.limit(items_.size()));
  std::vector<recommendations> lists(users.size());
  parallel_for(users.size(), grain, [&](std::size_t begin, std::size_t end) {
    recommend_range(users.subspan(begin, end - begin), room, filter, options.exclude_seen,
                    lists.data() + begin);
  });
  return lists;
}

template <ranking_model Model>
void recommender<Model>::recommend_range(std::span<const index> users, std::size_t k,
                                         const detail::item_filter& filter, bool exclude_seen,
                                         recommendations* lists) const {
  std::vector<std::size_t> positions;
  std::vector<index> known;
  std::vector<detail::item_filter::check> checks;
  for (std::size_t p = 0; p < users.size(); ++p) {
    const auto seen = seen_.of(users[p]);
    if (seen.empty()) {
      lists[p] = recommend_popular(k, filter);
    } else {
      positions.push_back(p);
      known.push_back(users[p]);
      checks.emplace_back(filter, exclude_seen ? seen : std::span<const index>());
    }
  }
  std::vector<std::vector<scored_item>> ranked(known.size(), std::vector<scored_item>(k));
  std::vector<top_k_selector> selectors(ranked.begin(), ranked.end());
  top_k_batch(
      model_, known, filter.subset(), [&](std::size_t u, index item) { return checks[u](item); },
      selectors);
  for (std::size_t u = 0; u < known.size(); ++u) {
    ranked[u].resize(selectors[u].finish().size());
    lists[positions[u]] = recommendations(items_, std::move(ranked[u]));
  }
}

template <ranking_model Model>
recommendations recommender<Model>::recommend_popular(std::size_t k,
                                                      const detail::item_filter& filter,
                                                      std::vector<std::string> unknown) const {
  std::vector<scored_item> ranked(k);
  top_k_selector selector(ranked);
  detail::select_scored(seen_.popularity(), filter.subset(), detail::item_filter::check(filter, {}),
                        selector);
  ranked.resize(selector.finish().size());
  return {items_, std::move(ranked), true, std::move(unknown)};
}

template <ranking_model Model>
template <class Ratings>
requires folding_model<Model> recommendations recommender<Model>::recommend_from(
    const Ratings& ratings, std::size_t k, const recommend_options& options)
const {
  detail::folded_ratings known(ratings, items_);
  const detail::item_filter filter(options, items_);
  const std::size_t room = std::min(k, filter.limit(items_.size()));
  if (known.items.empty()) return recommend_popular(room, filter, std::move(known.unknown));

  const std::vector<typename Model::scalar_type> user = model_.fold_in(known.items, known.ratings);
  std::vector<scored_item> ranked(room);
  top_k_selector selector(ranked);
  const std::span<const index> seen = known.items;
  kernel::select_top_k(
      detail::item_rows_of(model_.latent(), filter.subset()), user.data(),
      detail::item_filter::check(filter, options.exclude_seen ? seen : std::span<const index>()),
      selector);
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
  return {model, users, items, std::move(seen)};
}

}  // namespace kindred
