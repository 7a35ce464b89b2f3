#pragma once

#include <kindred/data/load.hpp>
#include <kindred/data/synthetic.hpp>
#include <kindred/source/csv.hpp>

#include <cstddef>
#include <filesystem>
#include <string>

#include "../interaction_lists.hpp"

namespace kindred::bench {

/// What a race names: a number of millions of synthetic ratings, a file of ratings, or a folder of
/// lists of interactions.
inline dataset ratings_of(const std::string& name) {
  if (std::filesystem::is_directory(name)) return read_interaction_lists(name).train_and_valid;
  if (std::filesystem::exists(name)) return load(csv_source{name});
  const auto millions = static_cast<std::size_t>(std::stoi(name));
  const auto users = static_cast<index>(millions * 10'000);
  return synthetic_ratings(
      {.num_users = users, .num_items = users / 5, .num_ratings = millions * 1'000'000, .seed = 1});
}

}  // namespace kindred::bench
