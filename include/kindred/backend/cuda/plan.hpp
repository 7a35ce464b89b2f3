#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

namespace kindred::gpu {

inline constexpr std::size_t warp_size = 32;

/// How the lanes of a warp share a row of factors: each has `width` neighbouring numbers, moved in
/// one access, of every `warp_size * width`. A longer row takes several turns.
struct row_shape {
  std::size_t width = 1;
  std::size_t stride = warp_size;  ///< from row to row, in numbers; the rest is zeros

  [[nodiscard]] constexpr bool one_turn() const noexcept { return stride == warp_size * width; }

  friend bool operator==(const row_shape&, const row_shape&) = default;
};

[[nodiscard]] constexpr row_shape shape_of_rows(std::size_t factors) noexcept {
  const std::size_t width = factors <= warp_size ? 1 : factors <= 2 * warp_size ? 2 : 4;
  const std::size_t turn = warp_size * width;
  return {width, std::max<std::size_t>((factors + turn - 1) / turn, 1) * turn};
}

/// How many blocks a side the grid of tiles gets. A warp works on a tile, so a stratum should have
/// as many tiles as a device holds warps, and each enough ratings to be worth its start. A function
/// of the data alone, as the result depends on it.
[[nodiscard]] inline std::size_t tile_grid(std::size_t ratings, std::size_t users,
                                           std::size_t items) noexcept {
  constexpr double ratings_per_tile = 64;
  constexpr double most = 1024;
  const double wanted = std::sqrt(static_cast<double>(ratings) / ratings_per_tile);
  const auto blocks = static_cast<std::size_t>(std::clamp(wanted, 1.0, most));
  return std::clamp<std::size_t>(std::min(users, items), 1, blocks);
}

/// What a factorization takes of a device, in bytes.
struct mf_memory {
  std::size_t parameters = 0;
  std::size_t ratings = 0;  ///< all of them
  std::size_t largest_stratum = 0;

  /// With the ratings streamed, each stratum through one of two buffers.
  [[nodiscard]] constexpr std::size_t least() const noexcept {
    return parameters + std::min(ratings, 2 * largest_stratum);
  }
  /// Whether the ratings stay on the device; else they are streamed.
  [[nodiscard]] constexpr bool resident(std::size_t budget) const noexcept {
    return parameters + ratings <= budget || ratings <= 2 * largest_stratum;
  }
};

/// The most ratings of a stratum of `blocks` tiles; `offsets` are those of rating_tiles.
[[nodiscard]] inline std::size_t largest_stratum(std::span<const std::size_t> offsets,
                                                 std::size_t blocks) noexcept {
  std::size_t most = 0;
  for (std::size_t first = 0; first + blocks < offsets.size(); first += blocks)
    most = std::max(most, offsets[first + blocks] - offsets[first]);
  return most;
}

/// How a search of `items` for many queries at once is cut into thread blocks: each takes a group
/// of queries and a run of items. With few queries more runs keep the device busy, and their lists
/// are merged.
struct top_k_grid {
  std::size_t groups = 0;
  std::size_t runs = 1;
  std::size_t items_per_run = 0;

  friend bool operator==(const top_k_grid&, const top_k_grid&) = default;
};

inline constexpr std::size_t queries_per_group = 64;
inline constexpr std::size_t items_per_step = 64;

[[nodiscard]] constexpr top_k_grid grid_of_search(std::size_t queries, std::size_t items,
                                                  std::size_t processors) noexcept {
  constexpr std::size_t blocks_per_processor = 4;
  constexpr std::size_t least_steps = 16;  // of a run, to be worth a list of its own
  const std::size_t groups = (queries + queries_per_group - 1) / queries_per_group;
  const std::size_t steps = (items + items_per_step - 1) / items_per_step;
  if (groups == 0 || steps == 0) return {};
  const std::size_t wanted = (blocks_per_processor * processors + groups - 1) / groups;
  const std::size_t most = std::max<std::size_t>(steps / least_steps, 1);
  const std::size_t per_run = (steps + std::clamp<std::size_t>(wanted, 1, most) - 1) /
                              std::clamp<std::size_t>(wanted, 1, most);
  return {groups, (steps + per_run - 1) / per_run, per_run * items_per_step};
}

}  // namespace kindred::gpu
