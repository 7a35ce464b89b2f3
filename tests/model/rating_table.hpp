#pragma once

#include <kindred/core/random.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/build.hpp>
#include <kindred/data/dataset.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "../data/support.hpp"

namespace kindred::test {

/// A model that knows a number for each pair and cannot be trained; 0 for unknown indices.
struct rating_table {
  index users = 0;
  index items = 0;
  std::vector<float> values{};

  [[nodiscard]] index num_users() const noexcept { return users; }
  [[nodiscard]] index num_items() const noexcept { return items; }
  [[nodiscard]] float predict(index u, index i) const noexcept {
    if (u < 0 || u >= users || i < 0 || i >= items) return 0;
    return values[static_cast<std::size_t>(u) * static_cast<std::size_t>(items) +
                  static_cast<std::size_t>(i)];
  }
  void score(index u, std::span<float> scores) const noexcept {
    for (index i = 0; i < items; ++i) scores[static_cast<std::size_t>(i)] = predict(u, i);
  }
};

/// `value(user, item)` for each pair.
template <class Value>
rating_table table_of(index users, index items, const Value& value) {
  rating_table table{users, items};
  for (index u = 0; u < users; ++u)
    for (index i = 0; i < items; ++i) table.values.push_back(static_cast<float>(value(u, i)));
  return table;
}

/// Independent normal deviates around those of `around`.
inline rating_table noisy(const rating_table& around, double deviation, std::uint64_t seed) {
  rating_table table = around;
  const counter_rng rng(seed);
  for (std::size_t n = 0; n < table.values.size(); ++n)
    table.values[n] += static_cast<float>(deviation * rng.normal(n));
  return table;
}

/// The ratings of a table for which `keep(user, item)` holds.
template <class Keep>
dataset ratings_of_table(const rating_table& table, const Keep& keep) {
  rating_columns columns;
  for (index u = 0; u < table.users; ++u)
    for (index i = 0; i < table.items; ++i) {
      if (!keep(u, i)) continue;
      columns.users.push_back(u);
      columns.items.push_back(i);
      columns.values.push_back(table.predict(u, i));
    }
  return make_dataset(numbered_ids(table.users), numbered_ids(table.items), std::move(columns));
}

inline dataset ratings_of_table(const rating_table& table) {
  return ratings_of_table(table, [](index, index) { return true; });
}

template <class Model>
std::vector<float> scores_of(const Model& model, index user) {
  std::vector<float> scores(static_cast<std::size_t>(model.num_items()));
  model.score(user, scores);
  return scores;
}

}  // namespace kindred::test
