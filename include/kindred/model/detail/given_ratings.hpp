#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/types.hpp>

#include <cmath>
#include <cstddef>
#include <span>

namespace kindred::detail {

/// Throws data_error unless somebody who is folded in gave each item a finite rating, and none that
/// is negative if ratings count as weights.
inline void check_given_ratings(std::span<const index> items, std::span<const float> ratings,
                                bool as_weights = false) {
  if (items.size() != ratings.size())
    throw data_error("fold-in: " + to_text(items.size()) + " items and " + to_text(ratings.size()) +
                     " ratings");
  for (const float rating : ratings) {
    if (!std::isfinite(rating))
      throw data_error("fold-in: rating " + to_text(rating) + " is not finite");
    if (as_weights && rating < 0)
      throw data_error("fold-in: rating " + to_text(rating) + " is negative");
  }
}

}  // namespace kindred::detail
