#pragma once

#include <kindred/core/random.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>

#include <algorithm>
#include <cstdint>

namespace kindred::detail {

/// Draws items that a user has no rating of, uniformly: a function of the seed, the user and the
/// number of the draw.
class negative_sampler {
 public:
  /// `known` must outlive it.
  negative_sampler(const dataset& known, std::uint64_t seed)
      : known_(known), random_(seed, 0x6e656761U) {}

  /// Gives up after some tries, for a user who has rated nearly all: then any item is drawn.
  [[nodiscard]] index draw(index user, std::uint64_t number) const noexcept {
    constexpr std::uint64_t tries = 16;
    const auto items = static_cast<std::uint32_t>(known_.num_items());
    index item = 0;
    for (std::uint64_t t = 0; t < tries; ++t) {
      item = static_cast<index>(random_.below(number * tries + t, items));
      const auto rated = known_.by_user(user).indices();
      if (!std::binary_search(rated.begin(), rated.end(), item)) break;
    }
    return item;
  }

 private:
  const dataset& known_;
  counter_rng random_;
};

}  // namespace kindred::detail
