#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/kernel/dispatch.hpp>
#include <kindred/kernel/top_k.hpp>
#include <kindred/serve/detail/index/byte_panels.hpp>
#include <kindred/serve/detail/index/ordered_items.hpp>
#include <kindred/serve/detail/index/panel_search.hpp>
#include <kindred/serve/detail/index/query_block.hpp>
#include <kindred/serve/detail/index/real_panels.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace kindred::detail {

/// The items of an index, and how they are searched on one thread.
class index_body {
 public:
  using panels = std::variant<real_panels<float>, real_panels<kernel::half>, byte_panels>;

  /// Keeps a copy of the rows of `items` if `exact` is set and the panels do not hold them.
  index_body(ordered_items items, panels stored, bool exact, kernel::simd_level level)
      : items_(std::move(items)), panels_(std::move(stored)), level_(level) {
    const bool lossless = std::visit([](const auto& p) { return p.lossless; }, panels_);
    if (exact && !lossless) {
      rows_.reserve(items_.size() * items_.factors);
      for (std::size_t place = 0; place < items_.size(); ++place)
        rows_.insert(rows_.end(), items_[place].begin(), items_[place].end());
    }
    items_.rows = nullptr;  // of the caller
  }

  [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }
  [[nodiscard]] std::size_t factors() const noexcept { return items_.factors; }
  [[nodiscard]] std::size_t bytes() const {
    return std::visit([](const auto& p) { return p.bytes(); }, panels_) +
           rows_.size() * sizeof(float) + items_.biases.size() * sizeof(float) +
           items_.size() * sizeof(index);
  }

  /// Memory for one query after another.
  [[nodiscard]] query_block block_of_one() const {
    query_block block;
    std::visit([&](const auto& p) { p.reserve(block, 1); }, panels_);
    return block;
  }

  template <class Accept>
  void search_one(const float* query, query_block& block, pending_items& pending,
                  const Accept& accept, top_k_selector& best) const {
    search<1>(block, {&query, 1}, {&pending, 1}, accept, {&best, 1});
  }

  /// Asks accept(place of the query, item).
  template <class Accept>
  void search_many(std::span<const float* const> queries, const Accept& accept,
                   std::span<top_k_selector> best) const {
    constexpr std::size_t most = most_groups * kernel::score_group;
    query_block block;
    block.width = kernel::score_group;
    std::vector<pending_items> pending(rows_.empty() ? 0 : std::min(most, queries.size()));
    for (std::size_t first = 0; first < queries.size(); first += most) {
      const auto some = queries.subspan(first, std::min(most, queries.size() - first));
      const std::size_t groups = (some.size() + block.width - 1) / block.width;
      std::visit([&](const auto& p) { p.reserve(block, groups); }, panels_);
      const auto asks = [&](std::size_t u, index item) { return accept(first + u, item); };
      search<kernel::score_group>(block, some, pending, asks, best.subspan(first, some.size()));
    }
  }

 private:
  template <std::size_t Users, class Accept>
  void search(query_block& block, std::span<const float* const> queries,
              std::span<pending_items> pending, const Accept& accept,
              std::span<top_k_selector> best) const {
    std::visit(
        [&](const auto& p) {
          for (std::size_t u = 0; u < queries.size(); ++u) {
            const std::span<const float> query(queries[u], factors());
            const bool sound = length_of(query) < longest_row;
            if (sound) p.put(block, u, query, !rows_.empty());
            block.thresholds[u] =
                sound ? best[u].threshold() : std::numeric_limits<float>::quiet_NaN();
          }
          const panel_items items{items_.names, items_.biases,
                                  rows_.empty() ? nullptr : rows_.data(), factors(), level_};
          panel_search<Users, std::decay_t<decltype(p)>, Accept>(p, items, block, queries, pending,
                                                                 best, accept)
              .run();
        },
        panels_);
  }

  ordered_items items_;
  panels panels_;
  aligned_vector<float> rows_;
  kernel::simd_level level_;
};

}  // namespace kindred::detail
