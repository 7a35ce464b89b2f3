#pragma once

#include <kindred/core/random.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kindred::detail {

/// Draws items that others have rated but a user has not, uniformly: a function of the seed, the
/// user and the number of the draw. What nobody rated is not drawn: it would be learnt to be bad.
class negative_sampler {
 public:
  /// `known` must outlive it.
  negative_sampler(const dataset& known, std::uint64_t seed)
      : known_(known), random_(seed, 0x6e656761U) {
    for (index item = 0; item < known.num_items(); ++item)
      if (!known.by_item(item).empty()) rated_.push_back(item);
  }

  /// Number of items that can be drawn.
  [[nodiscard]] std::size_t size() const noexcept { return rated_.size(); }

  /// Gives up after some tries, for a user who has rated nearly all: then any of them is drawn.
  [[nodiscard]] index draw(index user, std::uint64_t number) const noexcept {
    constexpr std::uint64_t tries = 16;
    const auto items = static_cast<std::uint32_t>(rated_.size());
    const auto own = user >= 0 && user < known_.num_users() ? known_.by_user(user).indices()
                                                            : std::span<const index>();
    index item = 0;
    for (std::uint64_t t = 0; t < tries; ++t) {
      item = rated_[random_.below(number * tries + t, items)];
      if (!std::binary_search(own.begin(), own.end(), item)) break;
    }
    return item;
  }

 private:
  const dataset& known_;
  std::vector<index> rated_;
  counter_rng random_;
};

}  // namespace kindred::detail
