#pragma once

#include <kindred/core/types.hpp>
#include <kindred/data/id_map.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace kindred::detail::live {

/// Ids that grow, and what of them is published.
class growing_ids {
 public:
  explicit growing_ids(id_map known) : known_(std::move(known)) {}

  /// The index of an id, which is new if need be.
  index intern(std::string_view id) {
    if (const auto index = known_.find(id)) return *index;
    const auto [at, is_new] = fresh_.try_emplace(std::string(id), size());
    if (is_new) order_.push_back(at->first);
    return at->second;
  }

  [[nodiscard]] index size() const noexcept {
    return known_.size() + static_cast<index>(order_.size());
  }

  /// All ids so far. O(new ones).
  const id_map& publish() {
    known_ = known_.extended(order_);
    order_.clear();
    fresh_.clear();
    return known_;
  }

  /// Takes one part of the same ids, or of the first of them, in place of many.
  void flatten(const id_map& first) {
    std::vector<std::string> later;
    for (index i = first.size(); i < known_.size(); ++i) later.emplace_back(known_.id(i));
    known_ = first.extended(later);
  }

 private:
  id_map known_;
  std::vector<std::string> order_;
  std::unordered_map<std::string, index> fresh_;
};

}  // namespace kindred::detail::live
