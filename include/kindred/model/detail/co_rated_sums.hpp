#pragma once

#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace kindred::detail {

/// How many pairs of a rating of the item and another of the same user there are.
[[nodiscard]] inline std::size_t co_rated_terms(const dataset& train, index item) noexcept {
  std::size_t terms = 0;
  for (const index user : train.by_item(item).indices()) terms += train.by_user(user).size();
  return terms;
}

/// One row of sums over pairs of items: which others are rated together with an item, how often,
/// and a sum over those users. 12 bytes an item.
class co_rated_sums {
 public:
  struct cell {
    float sum = 0;
    index count = 0;
  };

  explicit co_rated_sums(std::size_t items) : cells_(items) {}

  /// Starts a row of about `terms` terms.
  void start(std::size_t terms) {
    for (const index other : touched_) (*this)[other] = {};
    touched_.clear();
    sparse_ = terms < cells_.size() / 8;
  }

  void add(index other, float term) {
    cell& at = (*this)[other];
    if (sparse_ && at.count == 0) touched_.push_back(other);
    at.sum += term;
    ++at.count;
  }

  /// Ends the row: the items that were added to, ascending. O(terms log terms) or, if there are
  /// many, O(items).
  [[nodiscard]] std::span<const index> finish() {
    if (sparse_) {
      std::sort(touched_.begin(), touched_.end());
    } else {
      for (std::size_t i = 0; i < cells_.size(); ++i)
        if (cells_[i].count != 0) touched_.push_back(static_cast<index>(i));
    }
    return touched_;
  }

  [[nodiscard]] cell& operator[](index other) noexcept {
    return cells_[static_cast<std::size_t>(other)];
  }

 private:
  std::vector<cell> cells_;
  std::vector<index> touched_;
  bool sparse_ = false;
};

}  // namespace kindred::detail
