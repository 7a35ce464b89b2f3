#pragma once

#include <kindred/core/parallel.hpp>
#include <kindred/core/types.hpp>
#include <kindred/kernel/top_k.hpp>
#include <kindred/serve/filter.hpp>
#include <kindred/serve/recommendations.hpp>
#include <kindred/serve/top_k.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

// What a recommender and a snapshot of a live one have in common. A `Ranker` has
// - items(): the ids of all items;
// - seen(user): what a user rated, ascending, for any index;
// - has_taste(user): whether there is more to offer than the popularity ranking;
// - select(users, subset, checks, best): selects, for users who have a taste, from the subset, what
//   each one's check lets pass;
// - select_popular(subset, check, best): the same by popularity.

namespace kindred::detail {

/// The popularity ranking, without what was seen.
template <class Ranker>
[[nodiscard]] recommendations rank_popular(const Ranker& ranker, std::size_t k,
                                           const item_filter& filter, std::span<const index> seen,
                                           std::vector<std::string> unknown = {}) {
  std::vector<scored_item> ranked(k);
  top_k_selector selector(ranked);
  ranker.select_popular(filter.subset(), item_filter::check(filter, seen), selector);
  ranked.resize(selector.finish().size());
  return {ranker.items(), std::move(ranked), true, std::move(unknown)};
}

/// One list for each of some users, on this thread.
template <class Ranker>
void rank_range(const Ranker& ranker, std::span<const index> users, std::size_t k,
                const item_filter& filter, bool exclude_seen, recommendations* lists) {
  std::vector<std::size_t> positions;
  std::vector<index> known;
  std::vector<item_filter::check> checks;
  for (std::size_t p = 0; p < users.size(); ++p) {
    const auto seen = exclude_seen ? ranker.seen(users[p]) : std::span<const index>();
    if (!ranker.has_taste(users[p])) {
      lists[p] = rank_popular(ranker, k, filter, seen);
    } else {
      positions.push_back(p);
      known.push_back(users[p]);
      checks.emplace_back(filter, seen);
    }
  }
  std::vector<std::vector<scored_item>> ranked(known.size(), std::vector<scored_item>(k));
  std::vector<top_k_selector> selectors(ranked.begin(), ranked.end());
  ranker.select(known, filter.subset(), checks, selectors);
  for (std::size_t u = 0; u < known.size(); ++u) {
    ranked[u].resize(selectors[u].finish().size());
    lists[positions[u]] = recommendations(ranker.items(), std::move(ranked[u]));
  }
}

/// One list for each user, in parallel and in blocks.
template <class Ranker>
[[nodiscard]] std::vector<recommendations> rank(const Ranker& ranker, std::span<const index> users,
                                                std::size_t k, const recommend_options& options) {
  constexpr std::size_t grain = 128;  // users that share one pass over the items
  const item_filter filter(options, ranker.items());
  const std::size_t room = std::min(k, filter.limit(ranker.items().size()));
  std::vector<recommendations> lists(users.size());
  parallel_for(users.size(), grain, [&](std::size_t begin, std::size_t end) {
    rank_range(ranker, users.subspan(begin, end - begin), room, filter, options.exclude_seen,
               lists.data() + begin);
  });
  return lists;
}

/// The indices of some ids.
template <class Ids>
[[nodiscard]] std::vector<index> indices_of(const Ids& ids, const id_map& known) {
  std::vector<index> indices;
  indices.reserve(std::size(ids));
  for (const auto& id : ids) indices.push_back(known.find_or_unknown(id));
  return indices;
}

}  // namespace kindred::detail
