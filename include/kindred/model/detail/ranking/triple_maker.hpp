#pragma once

#include <kindred/backend/rating_tiles.hpp>
#include <kindred/core/random.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/kernel/dispatch.hpp>
#include <kindred/kernel/dot.hpp>
#include <kindred/kernel/gathered_rows.hpp>
#include <kindred/kernel/ranking_sgd.hpp>
#include <kindred/model/detail/ranking/block_items.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kindred::detail {

/// Two blocks of users by two blocks of items: what one task works on.
struct tile_square {
  std::array<std::size_t, 2> users;  ///< neighbours
  std::array<std::size_t, 2> items;
};

/// Finds negatives for the ratings of a square: items of its blocks that the user has not rated. A
/// draw is a function of the seed, the epoch and the number of the rating.
class triple_maker {
 public:
  /// All but the square must outlive it.
  triple_maker(const dataset& train, const rating_tiles& tiles, const block_items& items,
               const tile_square& square, const counter_rng& random)
      : train_(train),
        tiles_(tiles),
        pool_(items.of(square.items[0], square.items[1])),
        random_(random),
        first_user_(tiles.users().cuts()[square.users[0]]) {
    std::size_t ratings = 0;
    for_each_tile(square, [&](const kernel::sgd_tile& tile) { ratings += tile.count; });
    const std::size_t users = tiles.users().cuts()[square.users[1] + 1] - first_user_;
    words_ = words_for(ratings, users);
    signatures_.resize(users * words_);
    for_each_tile(square, [&](const kernel::sgd_tile& tile) {
      for (const kernel::tile_rating& r : std::span(tile.ratings, tile.count))
        signatures_[word(r.user, r.item)] |= bit(r.item);
    });
  }

  /// An item that the user has not rated; unknown_index where it takes too many tries. `number` is
  /// the rating's, and its low bits choose among the four draws of a block of random bits.
  [[nodiscard]] index negative(index user, std::uint64_t number) noexcept {
    if (number / 4 != block_number_) {
      block_number_ = number / 4;
      block_ = random_.block(block_number_);
    }
    const index first = pool_.draw(block_[number % 4]);
    if (!rated(user, first)) [[likely]]
      return first;
    for (std::uint64_t t = 1; t <= most_blocks; ++t)
      for (const std::uint32_t bits : random_.block(number | t << number_bits)) {
        const index item = pool_.draw(bits);
        if (!rated(user, item)) return item;
      }
    return unknown_index;
  }

  /// An item that the user has not rated and whose score is less than 1 below that of `positive`;
  /// unknown_index if `trials` draws find none. `drawn` tells how many it took: of what the user
  /// has rated, only what is no closer counts, since that is not looked up.
  [[nodiscard]] index violator(index user, index positive, std::uint64_t number, std::size_t trials,
                               const kernel::sgd_matrices<float>& m,
                               std::size_t& drawn) const noexcept {
    const auto level = kernel::best_simd_level();
    const float* const p = m.user_factors + static_cast<std::size_t>(user) * m.stride;
    const float* const q = m.item_factors + static_cast<std::size_t>(positive) * m.stride;
    const float bar = kernel::dot(p, q, m.stride, level) + m.items[positive].bias - 1;
    drawn = 0;
    for (std::uint64_t t = 1; drawn < trials && t <= trials / 4 + most_blocks; ++t) {
      index items[4];
      float scores[4];
      const auto block = random_.block(number | t << number_bits);
      for (std::size_t n = 0; n < 4; ++n) items[n] = pool_.draw(block[n]);
      kernel::dot_rows<float>({m.item_factors, m.stride, m.stride, items, 4}, p, scores, level);
      for (std::size_t n = 0; n < 4 && drawn < trials; ++n) {
        const bool close = scores[n] + m.items[items[n]].bias > bar;
        if (close && rated(user, items[n])) continue;
        ++drawn;
        if (close) return items[n];
      }
    }
    return unknown_index;
  }

 private:
  static constexpr std::uint64_t most_blocks = 16;  ///< of four draws, before it gives up
  static constexpr unsigned number_bits = 48;

  template <class Visit>
  void for_each_tile(const tile_square& square, const Visit& visit) const {
    for (const std::size_t u : square.users)
      for (const std::size_t i : square.items) visit(tiles_.tile(u, i));
  }
  /// Sixteen bits for each rating that a user has there in the mean, up to a line of the cache:
  /// most ratings are of users who have more.
  [[nodiscard]] static std::size_t words_for(std::size_t ratings, std::size_t users) noexcept {
    constexpr std::size_t most = 8;
    return std::bit_ceil(std::clamp<std::size_t>(ratings / (4 * users + 1), 1, most));
  }
  /// Where the bit of an item is.
  [[nodiscard]] std::size_t word(index user, index item) const noexcept {
    return (static_cast<std::size_t>(user) - first_user_) * words_ +
           (static_cast<std::size_t>(item) / 64 & (words_ - 1));
  }
  [[nodiscard]] static std::uint64_t bit(index item) noexcept {
    return std::uint64_t{1} << (static_cast<std::uint32_t>(item) % 64);
  }
  /// The signature, a bit for some of the items each, answers nearly always.
  [[nodiscard]] bool rated(index user, index item) const noexcept {
    if ((signatures_[word(user, item)] & bit(item)) == 0) return false;
    const auto own =
        train_.by_user(tiles_.users().index_at(static_cast<std::size_t>(user))).indices();
    return std::binary_search(own.begin(), own.end(),
                              tiles_.items().index_at(static_cast<std::size_t>(item)));
  }

  const dataset& train_;
  const rating_tiles& tiles_;
  block_items::pool pool_;
  const counter_rng& random_;
  std::size_t first_user_;
  std::size_t words_ = 1;                  ///< of a signature, a power of two
  std::vector<std::uint64_t> signatures_;  ///< of the users' items in these blocks
  std::uint64_t block_number_ = ~std::uint64_t{0};
  std::array<std::uint32_t, 4> block_{};
};

}  // namespace kindred::detail
