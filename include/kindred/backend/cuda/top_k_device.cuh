#pragma once

#include <kindred/backend/cuda/check.cuh>
#include <kindred/backend/cuda/memory.cuh>
#include <kindred/backend/cuda/plan.hpp>
#include <kindred/backend/cuda/top_k.cuh>
#include <kindred/backend/cuda/top_k_device.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace kindred::gpu {

/// What a search keeps on the device, and one launch of it.
struct top_k_device::body {
  int device;
  std::size_t factors;
  std::size_t num_items;
  std::size_t processors;
  device_array<float> items;
  device_array<float> biases;

  body(const backend::cuda& where, std::span<const float> rows, std::size_t row_factors,
       std::span<const float> row_biases)
      : device(where.device),
        factors(row_factors),
        num_items(rows.size() / row_factors),
        processors(count_processors(device)),
        items(rows.size(), "the items of an index"),
        biases(row_biases.size(), "their biases") {
    items.write(rows);
    biases.write(row_biases);
  }

  /// A query has a list of each run; the best of them all go to the front.
  static void merge(std::span<ranked_key> lists, std::size_t k, std::span<ranked_key> best) {
    std::partial_sort_copy(lists.begin(), lists.end(), best.begin(),
                           best.begin() + static_cast<std::ptrdiff_t>(k), std::greater<>{});
  }

  void search(std::span<const float> queries, const index* offsets, const index* excluded,
              std::size_t k, std::span<ranked_key> best) const {
    const std::size_t count = queries.size() / factors;
    const top_k_grid grid = grid_of_search(count, num_items, processors);
    device_array<float> rows(queries.size(), "queries");
    rows.write(queries);
    device_array<ranked_key> lists(count * grid.runs * k, "the lists of a search");
    lists.zero();
    const search_view view{rows.data(), count,   items.data(), biases.data(),
                           num_items,   factors, offsets,      excluded};
    const dim3 blocks(static_cast<unsigned>(grid.groups), static_cast<unsigned>(grid.runs));
    search_items<<<blocks, search_block::threads>>>(view, k, grid.items_per_run, lists.data());
    check_launch("a launch of search_items");
    std::vector<ranked_key> found(lists.size());
    lists.read(found);
    const std::size_t keys = grid.runs * k;
    for (std::size_t row = 0; row < count; ++row)
      merge(std::span(found).subspan(row * keys, keys), k, best.subspan(row * k, k));
  }
};

}  // namespace kindred::gpu
