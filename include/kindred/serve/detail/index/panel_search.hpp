#pragma once

#include <kindred/core/types.hpp>
#include <kindred/kernel/top_k_scores.hpp>
#include <kindred/serve/detail/index/bounds.hpp>
#include <kindred/serve/detail/index/query_block.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

namespace kindred::detail {

/// What a search needs beside the panels. Items stand in the order of the panels.
struct panel_items {
  std::span<const index> names;
  std::span<const float> biases;  ///< one an item, and more to fill a strip
  /// To settle scores by, in the order of the items' numbers; none if those of the panels count.
  kernel::item_rows<float> exact;
  kernel::simd_level level = {};

  [[nodiscard]] bool settles() const noexcept { return exact.rows != nullptr; }
};

/// Items that may be among a user's best, until there are enough to score them together.
class pending_items {
 public:
  void push(index item) noexcept { numbers_[size_++] = item; }
  [[nodiscard]] bool full() const noexcept { return size_ == numbers_.size(); }

  /// Hands those to `best` that are by their score in floats.
  template <class Accept>
  void settle(const panel_items& items, const float* query, const Accept& accept,
              top_k_selector& best) {
    kernel::item_rows<float> rows = items.exact;
    rows.subset = numbers_.data();
    rows.subset_size = size_;
    kernel::select_top_k(rows, query, accept, best, items.level);
    size_ = 0;
  }

 private:
  std::array<index, 64> numbers_;
  std::size_t size_ = 0;
};

/// How many groups of queries go through the items together: their words stay in the caches, and
/// what they share is not much of their work.
inline constexpr std::size_t most_groups = 32;

/// Selects for a block of queries, on this thread. Strips come by descending radius: a group of
/// queries is done when none of them can reach its threshold any more.
template <std::size_t Users, class Panels, class Accept>
class panel_search {
 public:
  /// `queries` are as many pointers, of which `block` was made; `pending` is empty, and if
  /// items.settles() has one element a query.
  panel_search(const Panels& panels, const panel_items& items, query_block& block,
               std::span<const float* const> queries, std::span<pending_items> pending,
               std::span<top_k_selector> best, const Accept& accept) noexcept
      : panels_(panels),
        items_(items),
        block_(block),
        queries_(queries),
        pending_(pending),
        best_(best),
        accept_(accept) {}

  void run() {
    std::array<std::uint8_t, most_groups> numbers;
    std::iota(numbers.begin(), numbers.end(), std::uint8_t{0});
    auto groups = std::span(numbers).first((queries_.size() + Users - 1) / Users);
    const std::span<const strip_bounds> bounds = panels_.bounds();
    for (std::size_t s = 0; s < bounds.size() && !groups.empty(); ++s) {
      if (s % strips_between_checks == 0) {
        const auto end = std::remove_if(groups.begin(), groups.end(), [&](std::uint8_t group) {
          return !may_matter(bounds[s], group);
        });
        groups = groups.first(static_cast<std::size_t>(end - groups.begin()));
      }
      for (const std::uint8_t group : groups) visit(s, bounds[s], group);
    }
    if (items_.settles())
      for (std::size_t u = 0; u < queries_.size(); ++u) settle(u);
  }

 private:
  static constexpr std::size_t strips_between_checks = 8;  // makes them cheap

  /// Whether a score of the strip, or of one behind it, may reach the group's thresholds.
  [[nodiscard]] bool may_matter(const strip_bounds& bounds, std::size_t group) const noexcept {
    for (std::size_t u = group * Users; u < (group + 1) * Users; ++u)
      if (block_.bounds[u].reach(bounds) >= block_.thresholds[u]) return true;
    return false;
  }

  void visit(std::size_t s, const strip_bounds& bounds, std::size_t group) {
    const std::size_t first = group * Users;
    alignas(64) float limits[Users];
    for (std::size_t u = 0; u < Users; ++u)
      limits[u] = block_.thresholds[first + u] - block_.bounds[first + u].slack(bounds);
    const std::size_t strip = panels_.strip();
    alignas(64) float scores[Users * kernel::detail::widest_strip<float>];
    unsigned reached = panels_.template score<Users>(s, items_.biases.data() + s * strip, block_,
                                                     group, limits, scores);
    for (; reached != 0; reached &= reached - 1) {
      const auto u = static_cast<std::size_t>(std::countr_zero(reached));
      collect(s * strip, first + u, scores + u * strip, limits[u]);
    }
  }

  void collect(std::size_t first, std::size_t u, const float* scores, float limit) {
    const std::size_t size = std::min(panels_.strip(), items_.names.size() - first);
    for (std::size_t i = 0; i < size; ++i) {
      if (!(scores[i] >= limit)) continue;
      const scored_item candidate{items_.names[first + i], scores[i]};
      if (items_.settles()) {
        pending_[u].push(candidate.item);
        if (pending_[u].full()) settle(u);
      } else if (candidate.score >= best_[u].threshold() && accept_(u, candidate.item)) {
        best_[u].push(candidate);
      }
    }
    block_.thresholds[u] = best_[u].threshold();
  }

  void settle(std::size_t u) {
    pending_[u].settle(
        items_, queries_[u], [&](index item) { return accept_(u, item); }, best_[u]);
  }

  const Panels& panels_;
  const panel_items& items_;
  query_block& block_;
  std::span<const float* const> queries_;
  std::span<pending_items> pending_;
  std::span<top_k_selector> best_;
  const Accept& accept_;
};

}  // namespace kindred::detail
