#pragma once

#include <kindred/backend/rating_tiles.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/detail/weighted_choice.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

namespace kindred::detail {

/// Draws items from two blocks of the tiles at a time, in proportion to a power of their number of
/// ratings, and never one without: it would be learnt to be bad. Items go by their positions.
class block_items {
  struct block {
    std::vector<index> positions;
    alias_table table;
    double mass;  ///< of all the powers
  };

 public:
  /// What can be drawn from two blocks.
  class pool {
   public:
    pool(const block& a, const block& b) noexcept
        : cut_(share(a, b)), parts_{{a, 0, cut_}, {b, cut_, numbers - cut_}} {}

    /// Precondition: one of the blocks has an item with ratings.
    [[nodiscard]] index draw(std::uint32_t bits) const noexcept {
      const part& from = parts_[bits >= cut_];
      const double scaled = static_cast<double>(bits - from.begin) * from.scale;
      return from.positions[from.table->draw_fixed(static_cast<std::int64_t>(scaled))];
    }

   private:
    static constexpr std::uint64_t numbers = std::uint64_t{1} << 32;

    /// The numbers of 32 bits that draw from one block.
    struct part {
      part(const block& from, std::uint64_t first, std::uint64_t count) noexcept
          : positions(from.positions.data()),
            table(&from.table),
            begin(static_cast<std::int64_t>(first)),
            scale(static_cast<double>(from.positions.size()) * 0x1.0p32 /
                  static_cast<double>(count)) {}

      const index* positions;
      const alias_table* table;
      std::int64_t begin;
      double scale;  ///< what a number is in the table, with 32 binary digits
    };

    /// How many numbers draw from `a`.
    [[nodiscard]] static std::uint64_t share(const block& a, const block& b) noexcept {
      if (a.positions.empty()) return 0;
      return static_cast<std::uint64_t>(a.mass / (a.mass + b.mass) * static_cast<double>(numbers));
    }

    std::uint64_t cut_;
    part parts_[2];
  };

  /// `offsets` are the dataset's, of items.
  block_items(const block_order& items, std::span<const index> offsets, double power) {
    for (std::size_t b = 0; b < items.blocks(); ++b) {
      std::vector<index> positions;
      std::vector<double> weights;
      for (std::size_t p = items.cuts()[b]; p < items.cuts()[b + 1]; ++p) {
        const auto i = static_cast<std::size_t>(items.index_at(p));
        if (offsets[i + 1] == offsets[i]) continue;
        positions.push_back(static_cast<index>(p));
        weights.push_back(std::pow(offsets[i + 1] - offsets[i], power));
      }
      size_ += positions.size();
      blocks_.push_back({std::move(positions), alias_table(weights),
                         std::accumulate(weights.begin(), weights.end(), 0.0)});
    }
  }

  [[nodiscard]] pool of(std::size_t a, std::size_t b) const noexcept {
    return {blocks_[a], blocks_[b]};
  }
  /// Number of items that can be drawn at all.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  std::vector<block> blocks_;
  std::size_t size_ = 0;
};

}  // namespace kindred::detail
