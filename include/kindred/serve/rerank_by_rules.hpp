#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/types.hpp>
#include <kindred/kernel/top_k.hpp>
#include <kindred/serve/item_categories.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace kindred {

/// What a shop wants of every list.
struct ranking_rules {
  struct boost {
    index item;
    float added;  ///< to its score
  };
  struct pin {
    index item;
    std::size_t rank;  ///< from 0
  };
  struct cap {
    index category;
    std::size_t most;  ///< items of it in a list
  };

  std::vector<index> blocked{};  ///< never shown, not even where they are pinned
  std::vector<boost> boosts{};
  /// Shown at their rank, or behind the last item of a shorter list, whether they are candidates or
  /// not; then the score is that of the item at the next rank, or of the one before.
  std::vector<pin> pinned{};
  std::vector<cap> caps{};
  std::optional<std::size_t> cap_of_each{};  ///< of every category that has no cap of its own
};

namespace detail {

/// How many more items of each category a list may hold.
class category_room {
 public:
  category_room(const ranking_rules& rules, const item_categories& categories)
      : categories_(categories),
        left_(categories.count(), rules.cap_of_each.value_or(static_cast<std::size_t>(-1))) {
    for (const ranking_rules::cap& cap : rules.caps)
      if (cap.category >= 0 && static_cast<std::size_t>(cap.category) < left_.size())
        left_[static_cast<std::size_t>(cap.category)] = cap.most;
  }

  [[nodiscard]] bool has(index item) const noexcept {
    return std::ranges::all_of(categories_[item],
                               [&](index c) { return left_[static_cast<std::size_t>(c)] > 0; });
  }
  /// Pinned items may take more than there is.
  void take(index item) noexcept {
    for (const index c : categories_[item]) {
      std::size_t& left = left_[static_cast<std::size_t>(c)];
      if (left > 0) --left;
    }
  }

 private:
  const item_categories& categories_;
  std::vector<std::size_t> left_;
};

/// Pins that count for a list of k, by rank. Throws data_error if two want one rank, or if an item
/// is pinned twice.
[[nodiscard]] inline std::vector<ranking_rules::pin> valid_pins(const ranking_rules& rules,
                                                                std::size_t k) {
  std::vector<ranking_rules::pin> pins;
  for (const ranking_rules::pin& pin : rules.pinned) {
    if (pin.rank >= k || std::ranges::count(rules.blocked, pin.item) > 0) continue;
    for (const ranking_rules::pin& other : pins)
      if (other.rank == pin.rank || other.item == pin.item)
        throw data_error("items " + to_text(other.item) + " and " + to_text(pin.item) +
                         " are pinned to ranks " + to_text(other.rank) + " and " +
                         to_text(pin.rank));
    pins.push_back(pin);
  }
  std::sort(pins.begin(), pins.end(), [](const auto& a, const auto& b) { return a.rank < b.rank; });
  return pins;
}

/// The candidates that are neither blocked nor pinned, with their boosts, best first.
[[nodiscard]] inline std::vector<scored_item> free_candidates(
    std::span<const scored_item> candidates, const ranking_rules& rules,
    const std::vector<ranking_rules::pin>& pins) {
  std::vector<scored_item> free;
  for (scored_item c : candidates) {
    if (std::isnan(c.score))
      throw data_error("the score of item " + to_text(c.item) + " is not a number");
    const bool pinned =
        std::any_of(pins.begin(), pins.end(), [&](const auto& p) { return p.item == c.item; });
    if (pinned || std::ranges::count(rules.blocked, c.item) > 0) continue;
    for (const ranking_rules::boost& boost : rules.boosts)
      if (boost.item == c.item) c.score += boost.added;
    free.push_back(c);
  }
  std::sort(free.begin(), free.end(), ranks_before);
  return free;
}

}  // namespace detail

/// The best k candidates under rules: candidates go by score, boosts added, with ties to the lower
/// index, and each is taken unless it would exceed a cap. Pinned items come first in counting.
/// O(candidates * (rules + log(candidates))).
/// Throws data_error if a score is NaN or two pins want the same.
[[nodiscard]] inline std::vector<scored_item> rerank_by_rules(
    std::span<const scored_item> candidates, std::size_t k, const ranking_rules& rules,
    const item_categories& categories = {}) {
  const std::vector<ranking_rules::pin> pins = detail::valid_pins(rules, k);
  detail::category_room room(rules, categories);
  for (const ranking_rules::pin& pin : pins) room.take(pin.item);
  std::vector<scored_item> list;
  for (const scored_item& c : detail::free_candidates(candidates, rules, pins)) {
    if (list.size() + pins.size() == k) break;
    if (!room.has(c.item)) continue;
    room.take(c.item);
    list.push_back(c);
  }
  for (const ranking_rules::pin& pin : pins) {
    const std::size_t rank = std::min(pin.rank, list.size());
    const float score = list.empty() ? 0 : list[std::min(rank, list.size() - 1)].score;
    list.insert(list.begin() + static_cast<std::ptrdiff_t>(rank), {pin.item, score});
  }
  return list;
}

}  // namespace kindred
