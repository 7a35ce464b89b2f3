#pragma once

#include <kindred/core/random.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/build.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/data/rating_columns.hpp>

#include <cmath>
#include <cstdint>
#include <utility>

#include "../data/support.hpp"

namespace kindred::test {

/// Users choose with the probability sigmoid of an inner product of what is hidden, less a
/// constant.
inline dataset planted_interactions(index users, index items, std::uint64_t seed) {
  constexpr std::uint64_t factors = 3;
  const counter_rng hidden(seed, 1);
  const counter_rng chance(seed, 2);
  rating_columns columns;
  std::uint64_t draw = 0;
  for (index u = 0; u < users; ++u)
    for (index i = 0; i < items; ++i) {
      double affinity = -3;
      for (std::uint64_t f = 0; f < factors; ++f)
        affinity +=
            1.5 * hidden.normal(static_cast<std::uint64_t>(u) * factors + f) *
            hidden.normal((std::uint64_t{1} << 32) + static_cast<std::uint64_t>(i) * factors + f);
      if (chance.uniform(draw++) > 1 / (1 + std::exp(-affinity))) continue;
      columns.users.push_back(u);
      columns.items.push_back(i);
      columns.values.push_back(1);
    }
  return make_dataset(numbered_ids(users), numbered_ids(items), std::move(columns));
}

}  // namespace kindred::test
