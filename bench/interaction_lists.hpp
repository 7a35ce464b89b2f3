#pragma once

#include <kindred/core/types.hpp>
#include <kindred/data/build.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/data/id_map.hpp>
#include <kindred/data/id_map_builder.hpp>
#include <kindred/data/rating_columns.hpp>

#include <cstdint>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

namespace kindred::bench {

/// A data set of interactions in parts with the same users and items.
struct interaction_lists {
  dataset train;
  dataset valid;
  dataset train_and_valid;
  dataset test;
};

/// Reads train.txt, valid.txt and test.txt in `folder`: a line a user, `user item item ...`.
inline interaction_lists read_interaction_lists(const std::string& folder) {
  id_map_builder users;
  id_map_builder items;
  const auto append = [&](const std::string& part, rating_columns& columns) {
    std::ifstream file(folder + '/' + part);
    if (!file) throw std::runtime_error("cannot read " + folder + '/' + part);
    for (std::string line; std::getline(file, line);) {
      std::istringstream fields(line);
      std::int64_t user = 0;
      fields >> user;
      for (std::int64_t item = 0; fields >> item;) {
        columns.users.push_back(users.intern(user));
        columns.items.push_back(items.intern(item));
        columns.values.push_back(1);
      }
    }
  };
  rating_columns train;
  rating_columns valid;
  rating_columns test;
  append("train.txt", train);
  append("valid.txt", valid);
  append("test.txt", test);
  rating_columns train_and_valid = train;
  append("valid.txt", train_and_valid);
  const id_map user_ids = users.finish();
  const id_map item_ids = items.finish();
  return {make_dataset(user_ids, item_ids, train), make_dataset(user_ids, item_ids, valid),
          make_dataset(user_ids, item_ids, train_and_valid),
          make_dataset(user_ids, item_ids, test)};
}

}  // namespace kindred::bench
