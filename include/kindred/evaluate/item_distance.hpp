#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/encoded_rows.hpp>
#include <kindred/model/concepts.hpp>

#include <cmath>
#include <cstddef>
#include <functional>
#include <span>
#include <utility>

namespace kindred {

/// How unlike two items are: 0 for the same, the more the farther; finite and symmetric. Called
/// from many threads.
using item_distance = std::function<double(index, index)>;

/// 1 - cosine of the angle between the vectors of two items, in [0, 2]; 1 if one of them is zero.
/// Row i of `vectors`, row-major with `dimensions` columns, is item i. Keeps a copy.
/// Throws option_error unless dimensions >= 1, data_error unless they divide the vectors.
template <class Scalar>
[[nodiscard]] item_distance cosine_distance(std::span<const Scalar> vectors,
                                            std::size_t dimensions) {
  require_option(dimensions >= 1, "dimensions", dimensions, "[1, 18446744073709551615]");
  if (vectors.size() % dimensions != 0)
    throw data_error("cosine_distance: " + detail::to_text(vectors.size()) +
                     " numbers are no rows of " + detail::to_text(dimensions));
  aligned_vector<double> units(vectors.begin(), vectors.end());
  for (std::size_t begin = 0; begin < units.size(); begin += dimensions) {
    const std::span<double> row = std::span(units).subspan(begin, dimensions);
    double squared = 0;
    for (const double x : row) squared += x * x;
    if (squared > 0)
      for (double& x : row) x /= std::sqrt(squared);
  }
  return [rows = shared_array<double>(std::move(units)), dimensions](index a, index b) noexcept {
    const double* x = rows.data() + static_cast<std::size_t>(a) * dimensions;
    const double* y = rows.data() + static_cast<std::size_t>(b) * dimensions;
    double cosine = 0;
    for (std::size_t d = 0; d < dimensions; ++d) cosine += x[d] * y[d];
    return 1 - cosine;
  };
}

/// The same by the item factors of a fitted model.
template <latent_model Model>
[[nodiscard]] item_distance cosine_distance(const Model& model) {
  const auto latent = model.latent();
  return cosine_distance(
      std::span(latent.item_factors, static_cast<std::size_t>(latent.num_items) * latent.factors),
      latent.factors);
}

/// 1 - |features of both| / |features of either|, in [0, 1]; 0 if there are none (Jaccard, 1901).
/// Only which slots an item has counts: for categories, not for numbers, and without item ids.
[[nodiscard]] inline item_distance jaccard_distance(encoded_rows items) {
  return [rows = std::move(items)](index a, index b) noexcept {
    const std::span<const index> x = rows[a].all().slots;
    const std::span<const index> y = rows[b].all().slots;
    std::size_t shared = 0;
    for (std::size_t i = 0, j = 0; i < x.size() && j < y.size();) {
      if (x[i] == y[j]) ++shared;
      const bool step_x = x[i] <= y[j];
      if (y[j] <= x[i]) ++j;
      if (step_x) ++i;
    }
    const std::size_t all = x.size() + y.size() - shared;
    return all == 0 ? 0.0 : 1 - static_cast<double>(shared) / static_cast<double>(all);
  };
}

}  // namespace kindred
