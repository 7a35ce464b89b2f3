#pragma once

#include <cstdint>

namespace kindred {

/// Dense number of a user or an item: 0 .. count-1. External ids are text and live in `id_map`.
/// Signed 32 bits, the storage index of Eigen's sparse matrices, so that a dataset maps to them
/// without a copy; a dataset therefore holds at most 2^31 - 1 ratings.
using index = std::int32_t;

/// What a look-up yields for an id that is not known; every model answers it with its fallback.
inline constexpr index unknown_index = -1;

}  // namespace kindred
