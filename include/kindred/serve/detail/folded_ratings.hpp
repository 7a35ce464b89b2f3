#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/external_id.hpp>
#include <kindred/data/id_map.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace kindred::detail {

/// The ratings of someone who was not in the training data, by dense item, ascending and unique.
struct folded_ratings {
  std::vector<index> items;
  std::vector<float> ratings;
  std::vector<std::string> unknown;  ///< ids that `known_items` lacks, in the order they came

  /// `given` is a range of [item id, rating]; the last rating of an item counts.
  /// Throws data_error if one is not finite.
  template <class Ratings>
  folded_ratings(const Ratings& given, const id_map& known_items) {
    std::vector<std::pair<index, float>> known;
    for (const auto& [id, value] : given) {
      const auto rating = static_cast<float>(value);
      if (!std::isfinite(rating))
        throw data_error("rating of item " + quoted(id_text(id)) +
                         " is not finite: " + to_text(value));
      if (const auto item = known_items.find(id))
        known.emplace_back(*item, rating);
      else
        unknown.push_back(id_text(id));
    }
    std::stable_sort(known.begin(), known.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (std::size_t n = 0; n < known.size(); ++n) {
      if (n + 1 < known.size() && known[n].first == known[n + 1].first) continue;
      items.push_back(known[n].first);
      ratings.push_back(known[n].second);
    }
  }
};

}  // namespace kindred::detail
