#pragma once

#include <kindred/core/types.hpp>
#include <kindred/data/build.hpp>
#include <kindred/data/dataset.hpp>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "data/support.hpp"

namespace kindred::test {

/// The folder of the real data sets, or nothing: tests that need it say so and skip.
inline std::optional<std::string> data_folder() {
  const char* folder = std::getenv("KINDRED_DATA");
  return folder == nullptr ? std::nullopt : std::optional<std::string>(folder);
}

/// A file of MovieLens 100K (u.data, u1.base, u1.test, ...). Its ids count from 1 without gaps:
/// user 1 gets the index 0.
inline dataset ml_100k(const std::string& folder, const std::string& name) {
  const std::string path = folder + "/ml-100k/" + name;
  std::ifstream file(path);
  rating_columns columns;
  index user = 0;
  index item = 0;
  float value = 0;
  std::int64_t time = 0;
  while (file >> user >> item >> value >> time) {
    columns.users.push_back(user - 1);
    columns.items.push_back(item - 1);
    columns.values.push_back(value);
  }
  if (!file.eof() || columns.users.empty()) throw std::runtime_error("cannot read " + path);
  return make_dataset(numbered_ids(943), numbered_ids(1682), std::move(columns));
}

}  // namespace kindred::test
