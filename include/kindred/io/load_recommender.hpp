#pragma once

#include <kindred/io/save.hpp>
#include <kindred/serve/recommender.hpp>

#include <string>

namespace kindred {

/// Reads a recommender with its model, ids and seen items, as `save(recommender, path)` wrote it:
/// `load_recommender<matrix_factorization<>>("shop.safetensors")`. As `load_model`.
template <ranking_model Model>
[[nodiscard]] recommender<Model> load_recommender(const std::string& path,
                                                  const load_model_options& options = {}) {
  return load_model<recommender<Model>>(path, options);
}

}  // namespace kindred
