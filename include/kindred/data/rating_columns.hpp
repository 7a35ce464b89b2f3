#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>

#include <cstddef>
#include <cstdint>

namespace kindred {

/// What becomes of several ratings of one user for one item. `last` and `first` go by the order of
/// arrival, not by time. `mean` averages the values and takes time and weight from the last; `max`
/// keeps the greatest, the last of several.
enum class duplicate_policy { last, first, mean, max, error };

/// Ratings in the order of their arrival. Users and items are indices into their id maps; times and
/// weights are empty or as long as the others.
struct rating_columns {
  aligned_vector<index> users;
  aligned_vector<index> items;
  aligned_vector<float> values;
  aligned_vector<std::int64_t> times;
  aligned_vector<float> weights;

  [[nodiscard]] std::size_t size() const noexcept { return values.size(); }
};

}  // namespace kindred
