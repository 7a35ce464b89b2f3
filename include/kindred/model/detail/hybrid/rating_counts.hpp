#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>

#include <algorithm>
#include <cstddef>
#include <span>

namespace kindred::detail {

/// How many ratings each user and each item has in some training data.
class rating_counts {
 public:
  rating_counts() = default;
  explicit rating_counts(const dataset& train)
      : users_(counts_of(train.user_offsets())), items_(counts_of(train.item_offsets())) {}

  /// 0 for an index that is not known (a negative one converts to one beyond any array).
  [[nodiscard]] index of_user(index user) const noexcept { return at(users_, user); }
  [[nodiscard]] index of_item(index item) const noexcept { return at(items_, item); }

  template <class Writer>
  void write(Writer& out) const {
    out.add("user_ratings", users_, {users_.size()});
    out.add("item_ratings", items_, {items_.size()});
  }
  template <class Reader>
  [[nodiscard]] static rating_counts read(const Reader& in) {
    rating_counts counts;
    counts.users_ = in.template array<index>("user_ratings");
    counts.items_ = in.template array<index>("item_ratings");
    for (const auto& of : {counts.users_, counts.items_})
      if (std::any_of(of.begin(), of.end(), [](index count) { return count < 0; }))
        throw data_error("a number of ratings is negative");
    return counts;
  }

 private:
  static aligned_vector<index> counts_of(std::span<const index> offsets) {
    aligned_vector<index> counts(offsets.size() - 1);
    for (std::size_t k = 0; k < counts.size(); ++k) counts[k] = offsets[k + 1] - offsets[k];
    return counts;
  }
  static index at(const shared_array<index>& counts, index k) noexcept {
    const auto place = static_cast<std::size_t>(k);
    return place < counts.size() ? counts[place] : 0;
  }

  shared_array<index> users_;
  shared_array<index> items_;
};

}  // namespace kindred::detail
