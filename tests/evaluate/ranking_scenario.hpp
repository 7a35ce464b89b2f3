#pragma once

#include <kindred/core/random.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>

#include "../data/support.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace kindred::test {

inline constexpr float infinity = std::numeric_limits<float>::infinity();
inline constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

/// Scores from a table, a row a user.
struct table_model {
  std::vector<std::vector<float>> table;

  [[nodiscard]] index num_users() const { return static_cast<index>(table.size()); }
  [[nodiscard]] index num_items() const { return static_cast<index>(table.front().size()); }
  void score(index u, std::span<float> scores) const noexcept {
    std::ranges::copy(table[static_cast<std::size_t>(u)], scores.begin());
  }
};

using pairs = std::vector<std::pair<index, index>>;

inline dataset interactions(index users, index items, const pairs& of,
                            std::vector<float> values = {}) {
  std::vector<index> u;
  std::vector<index> i;
  for (const auto& [user, item] : of) {
    u.push_back(user);
    i.push_back(item);
  }
  values.resize(of.size(), 1.0F);
  return make_dataset(numbered_ids(users), numbered_ids(items), u, i, values);
}

struct scenario {
  table_model model;
  dataset train;
  dataset test;
};

/// Scores of few values, so that ties abound; every eighth pair in train, every eighth in test; the
/// last user has no test item.
inline scenario random_scenario(index users, index items, std::uint64_t seed) {
  const counter_rng rng(seed);
  scenario made;
  pairs train;
  pairs test;
  std::vector<float> test_values;
  std::uint64_t draw = 0;
  for (index u = 0; u < users; ++u) {
    std::vector<float>& row = made.model.table.emplace_back();
    for (index i = 0; i < items; ++i) {
      row.push_back(0.25F * static_cast<float>(rng.below(draw++, 12)) - 1);
      if (rng.below(draw++, 50) == 0) row.back() = -infinity;
      const auto part = rng.below(draw++, 8);
      if (part == 0) train.emplace_back(u, i);
      if (part != 1 || u == users - 1) continue;
      test.emplace_back(u, i);
      test_values.push_back(static_cast<float>(1 + rng.below(draw++, 5)));
    }
  }
  made.train = interactions(users, items, train);
  made.test = interactions(users, items, test, test_values);
  return made;
}

inline bool has(const dataset& data, index user, index item) {
  const auto items = data.by_user(user).indices();
  return std::find(items.begin(), items.end(), item) != items.end();
}

}  // namespace kindred::test
