#pragma once

namespace kindred {

/// How an index, or a recommender, keeps the factors of items that a search reads.
enum class item_storage {
  float32,  ///< 4 bytes a factor
  float16,  ///< 2 bytes a factor, which is at most 65504
  int8      ///< 1 byte a factor, and a scale for each item
};

}  // namespace kindred
