#pragma once

#include <kindred/core/random.hpp>
#include <kindred/data/build.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/data/id_map.hpp>

#include <tbb/global_control.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace kindred::test {

inline id_map ids_of(const std::vector<std::string>& ids) {
  aligned_vector<std::uint64_t> offsets{0};
  aligned_vector<char> text;
  for (const std::string& id : ids) {
    text.insert(text.end(), id.begin(), id.end());
    offsets.push_back(text.size());
  }
  return {std::move(offsets), std::move(text)};
}

/// The ids prefix0, prefix1, ...
inline id_map numbered_ids(index count, std::string_view prefix = "") {
  std::vector<std::string> ids;
  for (index i = 0; i < count; ++i) ids.push_back(std::string(prefix) + std::to_string(i));
  return ids_of(ids);
}

struct rating {
  index user = 0;
  index item = 0;
  float value = 0;
  std::int64_t time = 0;
  float weight = 0;

  friend bool operator==(const rating&, const rating&) = default;
  friend auto operator<=>(const rating&, const rating&) = default;
};

/// The ratings of a dataset, by user then item; time and weight are 0 where there are none.
inline std::vector<rating> ratings_of(const dataset& data) {
  std::vector<rating> ratings;
  for (index u = 0; u < data.num_users(); ++u) {
    const auto times = data.times_of(u);
    const auto weights = data.weights_of(u);
    std::size_t k = 0;
    for (const auto [item, value] : data.by_user(u)) {
      ratings.push_back(
          {u, item, value, times.empty() ? 0 : times[k], weights.empty() ? 0 : weights[k]});
      ++k;
    }
  }
  return ratings;
}

/// Seeded ratings in random order, with duplicates, times and weights. Users and items of low index
/// are the popular ones.
inline rating_columns random_columns(std::size_t rows, index users, index items,
                                     std::uint64_t seed) {
  const auto skewed = [](double u, index bound) {
    return static_cast<index>(u * u * static_cast<double>(bound));
  };
  rating_columns columns;
  const counter_rng rng(seed);
  for (std::size_t r = 0; r < rows; ++r) {
    columns.users.push_back(skewed(rng.uniform(5 * r), users));
    columns.items.push_back(skewed(rng.uniform(5 * r + 1), items));
    columns.values.push_back(0.5F * static_cast<float>(1 + rng.below(5 * r + 2, 10)));
    columns.times.push_back(static_cast<std::int64_t>(rng.below(5 * r + 3, 1000)));
    columns.weights.push_back(0.25F * static_cast<float>(1 + rng.below(5 * r + 4, 8)));
  }
  return columns;
}

inline dataset random_dataset(std::size_t rows, index users, index items, std::uint64_t seed) {
  return make_dataset(numbered_ids(users, "u"), numbered_ids(items, "i"),
                      random_columns(rows, users, items, seed));
}

/// Bit for bit the same, ids included.
inline bool same(const dataset& a, const dataset& b) {
  const auto same_ids = [](const id_map& x, const id_map& y) {
    bool equal = x.size() == y.size();
    for (index i = 0; equal && i < x.size(); ++i) equal = x.id(i) == y.id(i);
    return equal;
  };
  const auto equal = [](auto x, auto y) {
    return std::equal(x.begin(), x.end(), y.begin(), y.end());
  };
  return same_ids(a.users(), b.users()) && same_ids(a.items(), b.items()) &&
         equal(a.user_offsets(), b.user_offsets()) && equal(a.row_items(), b.row_items()) &&
         equal(a.row_values(), b.row_values()) && equal(a.row_times(), b.row_times()) &&
         equal(a.row_weights(), b.row_weights()) && equal(a.item_offsets(), b.item_offsets()) &&
         equal(a.column_users(), b.column_users()) && equal(a.column_values(), b.column_values()) &&
         a.mean() == b.mean() && a.min_value() == b.min_value() && a.max_value() == b.max_value();
}

/// What `work` returns on that many threads, more than there are processors if need be.
template <class Work>
auto on_threads(int threads, const Work& work) {
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                  static_cast<std::size_t>(threads));
  return tbb::task_arena(threads).execute(work);
}

}  // namespace kindred::test
