#pragma once

#include <kindred/core/types.hpp>
#include <kindred/kernel/dispatch.hpp>
#include <kindred/kernel/top_k.hpp>
#include <kindred/serve/detail/index/byte_panels.hpp>
#include <kindred/serve/detail/index/ordered_items.hpp>
#include <kindred/serve/detail/index/panel_search.hpp>
#include <kindred/serve/detail/index/query_block.hpp>
#include <kindred/serve/detail/index/real_panels.hpp>
#include <kindred/serve/item_storage.hpp>

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

  index_body(ordered_items items, panels stored, kernel::simd_level level)
      : items_(std::move(items)), panels_(std::move(stored)), level_(level) {
    items_.rows = nullptr;  // of the caller
  }

  [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }
  [[nodiscard]] std::size_t factors() const noexcept { return items_.factors; }
  [[nodiscard]] std::size_t bytes() const {
    return std::visit([](const auto& p) { return p.bytes(); }, panels_) +
           items_.biases.size() * sizeof(float) + items_.size() * sizeof(index);
  }
  /// Whether the panels hold the rows as they are.
  [[nodiscard]] bool lossless() const {
    return std::visit([](const auto& p) { return p.lossless; }, panels_);
  }

  /// Makes room for one query after another.
  void reserve_one(query_block& block) const {
    std::visit([&](const auto& p) { p.reserve(block, 1); }, panels_);
  }

  /// Scores what may be among the best by `exact`, the rows that the body was made of, if there are
  /// any there. Asks accept(0, item).
  template <class Accept>
  void search_one(const kernel::item_rows<float>& exact, const float* query, query_block& block,
                  pending_items& pending, const Accept& accept, top_k_selector& best) const {
    search<1>(exact, block, {&query, 1}, {&pending, 1}, accept, {&best, 1});
  }

  /// The same for many; asks accept(place of the query, item).
  template <class Accept>
  void search_many(const kernel::item_rows<float>& exact, std::span<const float* const> queries,
                   const Accept& accept, std::span<top_k_selector> best) const {
    constexpr std::size_t most = most_groups * kernel::score_group;
    query_block block;
    block.width = kernel::score_group;
    std::vector<pending_items> pending(exact.rows == nullptr ? 0 : std::min(most, queries.size()));
    for (std::size_t first = 0; first < queries.size(); first += most) {
      const auto some = queries.subspan(first, std::min(most, queries.size() - first));
      const std::size_t groups = (some.size() + block.width - 1) / block.width;
      std::visit([&](const auto& p) { p.reserve(block, groups); }, panels_);
      const auto asks = [&](std::size_t u, index item) { return accept(first + u, item); };
      search<kernel::score_group>(exact, block, some, pending, asks,
                                  best.subspan(first, some.size()));
    }
  }

 private:
  template <std::size_t Users, class Accept>
  void search(const kernel::item_rows<float>& exact, query_block& block,
              std::span<const float* const> queries, std::span<pending_items> pending,
              const Accept& accept, std::span<top_k_selector> best) const {
    std::visit(
        [&](const auto& p) {
          for (std::size_t u = 0; u < queries.size(); ++u) {
            const std::span<const float> query(queries[u], factors());
            const bool sound = length_of(query) < longest_row;
            if (sound) p.put(block, u, query, exact.rows != nullptr);
            block.thresholds[u] =
                sound ? best[u].threshold() : std::numeric_limits<float>::quiet_NaN();
          }
          const panel_items items{items_.names, items_.biases, exact, level_};
          panel_search<Users, std::decay_t<decltype(p)>, Accept>(p, items, block, queries, pending,
                                                                 best, accept)
              .run();
        },
        panels_);
  }

  ordered_items items_;
  panels panels_;
  kernel::simd_level level_;
};

/// Row i of `rows`, row-major, is item i. Throws data_error as order_items(), and for a factor
/// beyond those of the storage. Precondition: 1 <= factors <= byte_panels::most_factors.
[[nodiscard]] inline index_body make_index_body(std::span<const float> rows, std::size_t factors,
                                                std::span<const float> biases, item_storage storage,
                                                kernel::simd_level level) {
  const bool halves = storage == item_storage::float16;
  auto items = order_items(rows, factors, biases, halves ? kernel::largest_half : longest_row);
  const auto body = [&](auto panels) {
    return index_body(std::move(items), std::move(panels), level);
  };
  if (storage == item_storage::int8) return body(byte_panels(items, level));
  if (halves) return body(real_panels<kernel::half>(items, level));
  return body(real_panels<float>(items, level));
}

}  // namespace kindred::detail
