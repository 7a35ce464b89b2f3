#pragma once

#include <kindred/core/types.hpp>
#include <kindred/model/similarity.hpp>

#include <vector>

namespace kindred {

/// What one neighbour contributes to a prediction or a score.
struct explanation_part {
  index neighbor = unknown_index;  ///< an item that the user rated, or a user who rated the item
  float similarity = 0;
  float rating = 0;  ///< the user's of that item, or that user's of the item
  double part = 0;   ///< what is added for it

  friend bool operator==(const explanation_part&, const explanation_part&) = default;
};

/// Why a model predicts a rating, or gives a score: `base` and the parts add up to it.
struct explanation {
  axis side = axis::items;  ///< what the neighbours are
  float value = 0;          ///< not clipped
  double base = 0;          ///< what is expected without neighbours
  std::vector<explanation_part> parts{};

  friend bool operator==(const explanation&, const explanation&) = default;
};

}  // namespace kindred
