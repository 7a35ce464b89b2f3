#pragma once

#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/evaluate/item_distance.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace kindred {

/// How known the items are: who rated them in the training set. O(items * log(items)), 12 bytes an
/// item.
class item_popularity {
 public:
  explicit item_popularity(const dataset& train) {
    for (index u = 0; u < train.num_users(); ++u) users_ += train.by_user(u).empty() ? 0 : 1;
    for (index i = 0; i < train.num_items(); ++i)
      counts_.push_back(static_cast<index>(train.by_item(i).size()));
    std::vector<index> levels = counts_;
    std::ranges::sort(levels, std::greater<>());
    levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
    for (const index count : counts_) {
      const auto rank = std::ranges::lower_bound(levels, count, std::greater<>()) - levels.begin();
      chances_.push_back(count == 0 ? 0 : chance(static_cast<std::size_t>(rank) + 1));
    }
  }

  /// How many users rated the item.
  [[nodiscard]] index count(index item) const noexcept { return counts_[position(item)]; }

  /// Inverse user frequency, -log2(share of the users who rated the item), in bits; an item that
  /// nobody rated counts as if one had.
  [[nodiscard]] double inverse_user_frequency(index item) const noexcept {
    return std::log2(static_cast<double>(std::max(users_, 1)) / std::max(count(item), 1));
  }

  /// How likely an item at this rank is to be recommended: from 1 for the first down to
  /// 1 / items for the last.
  [[nodiscard]] double chance(std::size_t rank) const noexcept {
    const auto items = static_cast<double>(counts_.size());
    return (items + 1 - static_cast<double>(rank)) / items;
  }

  /// The same by the item's rank in popularity, where items with the same count share one and the
  /// next follows without a gap; 0 for an item that nobody rated.
  [[nodiscard]] double popular_chance(index item) const noexcept {
    return chances_[position(item)];
  }

 private:
  static std::size_t position(index item) noexcept { return static_cast<std::size_t>(item); }

  index users_ = 0;
  std::vector<index> counts_;
  std::vector<double> chances_;
};

// Of the list that is recommended to a user: items, best first. Precondition: it is not empty.

/// Novelty: the mean of inverse_user_frequency over the list, as MIUF in RecTools. After Castells,
/// Vargas and Wang, "Novelty and diversity metrics for recommender systems", DDR 2011. O(list).
[[nodiscard]] inline double mean_inverse_user_frequency(
    std::span<const index> list, const item_popularity& popularity) noexcept {
  double sum = 0;
  for (const index item : list) sum += popularity.inverse_user_frequency(item);
  return sum / static_cast<double>(list.size());
}

/// Popularity bias: the mean number of training ratings over the list, whose mean over users is the
/// average recommendation popularity (ARP) of Yin et al., "Challenging the long tail
/// recommendation", VLDB 2012. O(list).
[[nodiscard]] inline double average_popularity(std::span<const index> list,
                                               const item_popularity& popularity) noexcept {
  double sum = 0;
  for (const index item : list) sum += popularity.count(item);
  return sum / static_cast<double>(list.size());
}

/// Serendipity: the mean over the list of how much more likely the user is to be shown an item than
/// anyone is, max(0, chance(rank) - popular_chance(item)), where the item is relevant, and 0 where
/// it is not. As in RecTools; relevant and unexpected, against a primitive recommender, as Ge,
/// Delgado-Battenfeld and Jannach have it, "Beyond accuracy", RecSys 2010. `hits` are the ranks of
/// relevant items, as in user_ranking. O(hits).
[[nodiscard]] inline double serendipity_of(std::span<const index> list, std::span<const index> hits,
                                           const item_popularity& popularity) noexcept {
  double sum = 0;
  for (const index hit : hits) {
    const auto rank = static_cast<std::size_t>(hit);
    if (rank > list.size()) break;
    sum += std::max(0.0, popularity.chance(rank) - popularity.popular_chance(list[rank - 1]));
  }
  return sum / static_cast<double>(list.size());
}

/// The mean distance between two items of the list; 0 for a list of one. After Ziegler, McNee,
/// Konstan and Lausen, "Improving recommendation lists through topic diversification", WWW 2005.
/// O(list^2 * cost of a distance).
[[nodiscard]] inline double intra_list_diversity(std::span<const index> list,
                                                 const item_distance& distance) {
  double sum = 0;
  for (std::size_t b = 1; b < list.size(); ++b)
    for (std::size_t a = 0; a < b; ++a) sum += distance(list[a], list[b]);
  const auto n = static_cast<double>(list.size());
  return n < 2 ? 0 : sum / (n * (n - 1) / 2);
}

// Of all lists together, from how often each item of the catalogue is in one.

/// The share of items that are in a list at all. Precondition: there is an item.
[[nodiscard]] inline double catalogue_coverage(std::span<const index> counts) noexcept {
  const auto recommended = std::ranges::count_if(counts, [](index count) { return count > 0; });
  return static_cast<double>(recommended) / static_cast<double>(counts.size());
}

/// How unequally items are recommended: 0 if all are equally often, 1 if all lists are of one and
/// the same item. sum over the items by ascending count of (2 j - n - 1) * share_j, divided by
/// n - 1, as Shani and Gunawardana, "Evaluating recommendation systems", 2011. O(n log n).
[[nodiscard]] inline double gini_index(std::vector<index> counts) noexcept {
  std::ranges::sort(counts);
  const auto n = static_cast<double>(counts.size());
  double total = 0;
  double weighted = 0;
  double j = 0;
  for (const index count : counts) {
    total += count;
    weighted += (2 * ++j - n - 1) * count;
  }
  return n < 2 || total == 0 ? 0 : weighted / (total * (n - 1));
}

}  // namespace kindred
