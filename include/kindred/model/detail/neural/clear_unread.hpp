#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/encoded_rows.hpp>
#include <kindred/data/feature_encoder.hpp>
#include <kindred/model/detail/neural/training_events.hpp>
#include <kindred/nn/network.hpp>
#include <kindred/nn/sample.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace kindred::detail {

/// Zeroes the rows of a table that no event reads, such as those of what is out of vocabulary: the
/// unknown then adds nothing, and not noise.
inline void clear_unread(const nn::network& recipe, const feature_encoder& features,
                         const training_events& events, aligned_vector<float>& table) {
  std::vector<bool> read(static_cast<std::size_t>(features.slots()), false);
  for (std::size_t e = 0; e < events.size(); ++e)
    nn::for_each_field(features, events.sample(e),
                       [&](std::size_t, const encoded_entries& entries) {
                         for (const index slot : entries.slots)
                           read[static_cast<std::size_t>(slot)] = true;
                       });
  const std::size_t stride = recipe.input.stride();
  for (std::size_t slot = 0; slot < read.size(); ++slot)
    if (!read[slot]) std::fill_n(table.data() + slot * stride, stride, 0.0F);
}

}  // namespace kindred::detail
