#pragma once

#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kindred::detail {

/// Which users and items are left when those with fewer than k ratings among what is left have
/// gone: the k-core of the graph of ratings, by peeling (Batagelj and Zaversnik, "An O(m) algorithm
/// for cores decomposition of networks", 2003). O(ratings).
class core_peeling {
 public:
  core_peeling(const dataset& data, index k)
      : k_(k), users_(data.user_offsets()), items_(data.item_offsets()) {
    for (index u = 0; u < data.num_users(); ++u) remove_if_few(users_, u);
    for (index i = 0; i < data.num_items(); ++i) remove_if_few(items_, i);
    while (!users_.removed.empty() || !items_.removed.empty()) {
      while (!users_.removed.empty())
        for (const index i : data.by_user(pop(users_)).indices()) lose_one(items_, i);
      while (!items_.removed.empty())
        for (const index u : data.by_item(pop(items_)).indices()) lose_one(users_, u);
    }
  }

  /// 1 for those who are left.
  [[nodiscard]] std::span<const std::uint8_t> users() const noexcept { return users_.left; }
  [[nodiscard]] std::span<const std::uint8_t> items() const noexcept { return items_.left; }

 private:
  struct side {
    explicit side(std::span<const index> offsets)
        : counts(offsets.size() - 1), left(offsets.size() - 1, 1) {
      for (std::size_t k = 0; k < counts.size(); ++k) counts[k] = offsets[k + 1] - offsets[k];
    }

    std::vector<index> counts;
    std::vector<std::uint8_t> left;
    std::vector<index> removed;  ///< whose ratings the other side has still to lose
  };

  void remove_if_few(side& of, index at) const {
    const auto k = static_cast<std::size_t>(at);
    if (of.left[k] == 0 || of.counts[k] >= k_) return;
    of.left[k] = 0;
    of.removed.push_back(at);
  }
  void lose_one(side& of, index at) const {
    --of.counts[static_cast<std::size_t>(at)];
    remove_if_few(of, at);
  }
  static index pop(side& of) noexcept {
    const index last = of.removed.back();
    of.removed.pop_back();
    return last;
  }

  index k_;
  side users_;
  side items_;
};

}  // namespace kindred::detail
