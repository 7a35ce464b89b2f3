#pragma once

#include <kindred/backend/concepts.hpp>
#include <kindred/core/random.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/shuffle.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/kernel/sgd.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

namespace kindred {

/// The users, or the items, in the shuffled order in which training lays out their rows, cut into
/// blocks of about equal numbers of ratings (not of rows: popularity is a power law).
class block_order {
 public:
  /// `offsets` are the dataset's: row i has offsets[i + 1] - offsets[i] ratings.
  block_order(std::span<const index> offsets, std::size_t blocks, std::uint64_t seed)
      : index_at_(offsets.size() - 1),
        position_of_(offsets.size() - 1),
        block_of_(index_at_.size()) {
    const std::size_t count = index_at_.size();
    std::iota(index_at_.begin(), index_at_.end(), index{0});
    shuffle(std::span(index_at_), counter_rng(seed, 0x626c6f63U));
    for (std::size_t position = 0; position < count; ++position)
      position_of_[static_cast<std::size_t>(index_at_[position])] = static_cast<index>(position);
    const auto total = static_cast<std::uint64_t>(offsets.back());
    cuts_.assign(blocks + 1, count);
    cuts_[0] = 0;
    std::uint64_t seen = 0;
    std::size_t block = 0;
    for (std::size_t position = 0; position < count; ++position) {
      while (block + 1 < blocks && seen * blocks >= (block + 1) * total) cuts_[++block] = position;
      block_of_[static_cast<std::size_t>(index_at_[position])] = static_cast<std::uint16_t>(block);
      const auto i = static_cast<std::size_t>(index_at_[position]);
      seen += static_cast<std::uint64_t>(offsets[i + 1] - offsets[i]);
    }
  }

  [[nodiscard]] std::size_t size() const noexcept { return index_at_.size(); }
  [[nodiscard]] std::size_t blocks() const noexcept { return cuts_.size() - 1; }
  /// Positions cuts()[b] .. cuts()[b + 1] - 1 belong to block b.
  [[nodiscard]] std::span<const std::size_t> cuts() const noexcept { return cuts_; }
  [[nodiscard]] index index_at(std::size_t position) const noexcept { return index_at_[position]; }
  [[nodiscard]] index position_of(index i) const noexcept {
    return position_of_[static_cast<std::size_t>(i)];
  }
  [[nodiscard]] std::size_t block_of(index i) const noexcept {
    return block_of_[static_cast<std::size_t>(i)];
  }

 private:
  std::vector<index> index_at_;
  std::vector<index> position_of_;
  std::vector<std::uint16_t> block_of_;
  std::vector<std::size_t> cuts_;
};

/// The ratings of a dataset as a grid of tiles, blocks of users by blocks of items, for stochastic
/// gradient descent without races: tiles on one wrapped diagonal (a stratum) share no user and no
/// item, so they run in any order on any number of threads with one result (Gemulla, Nijkamp, Haas,
/// Sismanis, "Large-scale matrix factorization with distributed stochastic gradient descent", KDD
/// 2011). Inside a tile, ratings are sorted by user; the tiles of a stratum lie side by side.
///
/// Memory: 12 bytes a rating, 16 with weights. Time: O(ratings + rows * blocks), in parallel.
class rating_tiles {
 public:
  /// The largest grid; a block number fits 16 bits with room.
  static constexpr std::size_t max_blocks = 1024;

  template <host_backend Backend>
  rating_tiles(const Backend& backend, const dataset& ratings, std::size_t blocks,
               std::uint64_t seed)
      : users_(ratings.user_offsets(), blocks, seed),
        items_(ratings.item_offsets(), blocks, seed + 1),
        offsets_(blocks * blocks + 1),
        ratings_(ratings.size()),
        weights_(ratings.has_weights() ? ratings.size() : 0) {
    count(backend, ratings);
    backend.for_range(blocks, [&](std::size_t first, std::size_t last) {
      for (std::size_t block = first; block < last; ++block) scatter(ratings, block);
    });
  }

  [[nodiscard]] const block_order& users() const noexcept { return users_; }
  [[nodiscard]] const block_order& items() const noexcept { return items_; }
  [[nodiscard]] std::size_t blocks() const noexcept { return users_.blocks(); }

  /// The tile of a user block and an item block.
  [[nodiscard]] kernel::sgd_tile tile(std::size_t user_block,
                                      std::size_t item_block) const noexcept {
    const std::size_t t = number(user_block, item_block);
    return {ratings_.data() + offsets_[t],
            weights_.empty() ? nullptr : weights_.data() + offsets_[t],
            offsets_[t + 1] - offsets_[t]};
  }

  /// All ratings, and their weights if there are any. Stratum s has the tiles s * blocks() + b,
  /// that is, tile(b, (b + s) % blocks()); number t takes up offsets()[t] .. offsets()[t + 1] - 1.
  [[nodiscard]] std::span<const kernel::tile_rating> ratings() const noexcept { return ratings_; }
  [[nodiscard]] std::span<const float> weights() const noexcept { return weights_; }
  [[nodiscard]] std::span<const std::size_t> offsets() const noexcept { return offsets_; }

 private:
  [[nodiscard]] std::size_t number(std::size_t user_block, std::size_t item_block) const noexcept {
    const std::size_t stratum = (item_block + blocks() - user_block) % blocks();
    return stratum * blocks() + user_block;
  }

  /// Calls `visit(user, row)` for the ratings of a user block, users in the order of their rows.
  template <class Visit>
  void for_each_rating(const dataset& ratings, std::size_t user_block, const Visit& visit) const {
    const auto offsets = ratings.user_offsets();
    for (std::size_t p = users_.cuts()[user_block]; p < users_.cuts()[user_block + 1]; ++p) {
      const auto u = static_cast<std::size_t>(users_.index_at(p));
      for (index row = offsets[u]; row < offsets[u + 1]; ++row)
        visit(static_cast<index>(p), static_cast<std::size_t>(row));
    }
  }

  template <class Backend>
  void count(const Backend& backend, const dataset& ratings) {
    const auto items = ratings.row_items();
    backend.for_range(blocks(), [&](std::size_t first, std::size_t last) {
      std::vector<std::size_t> counts(blocks());  // not in place: neighbours share a cache line
      for (std::size_t block = first; block < last; ++block) {
        std::fill(counts.begin(), counts.end(), std::size_t{0});
        for_each_rating(ratings, block,
                        [&](index, std::size_t row) { ++counts[items_.block_of(items[row])]; });
        for (std::size_t b = 0; b < blocks(); ++b) offsets_[number(block, b) + 1] = counts[b];
      }
    });
    for (std::size_t t = 1; t < offsets_.size(); ++t) offsets_[t] += offsets_[t - 1];
  }

  void scatter(const dataset& ratings, std::size_t user_block) {
    const auto items = ratings.row_items();
    const auto values = ratings.row_values();
    const auto weights = ratings.row_weights();
    std::vector<std::size_t> next(blocks());
    for (std::size_t b = 0; b < blocks(); ++b) next[b] = offsets_[number(user_block, b)];
    for_each_rating(ratings, user_block, [&](index position, std::size_t row) {
      const std::size_t to = next[items_.block_of(items[row])]++;
      ratings_[to] = {position, items_.position_of(items[row]), values[row]};
      if (!weights.empty()) weights_[to] = weights[row];
    });
  }

  block_order users_;
  block_order items_;
  std::vector<std::size_t> offsets_;
  aligned_vector<kernel::tile_rating> ratings_;
  aligned_vector<float> weights_;
};

}  // namespace kindred
