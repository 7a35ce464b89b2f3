#pragma once

#include <kindred/kernel/top_k.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace kindred {

/// One ranked list for each of some queries, best first, in one piece of memory.
class scored_lists {
 public:
  scored_lists() = default;
  /// `lists` lists of up to `k` items, empty as yet.
  scored_lists(std::size_t lists, std::size_t k) : k_(k), items_(lists * k), sizes_(lists) {}

  [[nodiscard]] std::size_t size() const noexcept { return sizes_.size(); }
  [[nodiscard]] std::span<const scored_item> operator[](std::size_t list) const noexcept {
    return {items_.data() + list * k_, sizes_[list]};
  }

  /// Room for list `list`, and how much of it is filled.
  [[nodiscard]] std::span<scored_item> room(std::size_t list) noexcept {
    return {items_.data() + list * k_, k_};
  }
  void resize(std::size_t list, std::size_t size) noexcept { sizes_[list] = size; }

  friend bool operator==(const scored_lists& a, const scored_lists& b) noexcept {
    if (a.size() != b.size()) return false;
    for (std::size_t list = 0; list < a.size(); ++list)
      if (!std::ranges::equal(a[list], b[list])) return false;
    return true;
  }

 private:
  std::size_t k_ = 0;
  std::vector<scored_item> items_;
  std::vector<std::size_t> sizes_;
};

}  // namespace kindred
