#pragma once

#include <kindred/backend/rating_tiles.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/detail/weighted_choice.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kindred::detail {

/// Draws items from two blocks of the tiles at a time, in proportion to a power of their number of
/// ratings, and never one without: it would be learnt to be bad. Items go by their positions.
class block_items {
 public:
  /// What can be drawn from two blocks.
  class pool {
   public:
    pool(const block_items& all, std::size_t a, std::size_t b)
        : first_(all.block(a)),
          second_(all.block(b)),
          first_table_(all.tables_.empty() ? nullptr : &all.tables_[a]),
          second_table_(all.tables_.empty() ? nullptr : &all.tables_[b]) {
      if (first_table_ != nullptr) share_ = all.masses_[a] / (all.masses_[a] + all.masses_[b]);
    }

    /// Precondition: one of the blocks has an item with ratings.
    [[nodiscard]] index draw(std::uint32_t bits) const noexcept {
      if (first_table_ == nullptr) {
        const std::uint64_t size = first_.size() + second_.size();
        const auto n = static_cast<std::size_t>((bits * size) >> 32);
        return n < first_.size() ? first_[n] : second_[n - first_.size()];
      }
      const double uniform = static_cast<double>(bits) * 0x1.0p-32;
      return uniform < share_
                 ? first_[static_cast<std::size_t>(first_table_->draw(uniform / share_))]
                 : second_[static_cast<std::size_t>(
                       second_table_->draw((uniform - share_) / (1 - share_)))];
    }

   private:
    std::span<const index> first_;
    std::span<const index> second_;
    const alias_table* first_table_;
    const alias_table* second_table_;
    double share_ = 0;  ///< probability of the first block
  };

  /// `offsets` are the dataset's, of items.
  block_items(const block_order& items, std::span<const index> offsets, double power) {
    std::vector<double> weights;
    for (std::size_t b = 0; b < items.blocks(); ++b) {
      weights.clear();
      double mass = 0;
      for (std::size_t p = items.cuts()[b]; p < items.cuts()[b + 1]; ++p) {
        const auto i = static_cast<std::size_t>(items.index_at(p));
        if (offsets[i + 1] == offsets[i]) continue;
        positions_.push_back(static_cast<index>(p));
        weights.push_back(std::pow(offsets[i + 1] - offsets[i], power));
        mass += weights.back();
      }
      cuts_.push_back(positions_.size());
      if (power == 0) continue;
      tables_.emplace_back(weights);
      masses_.push_back(mass);
    }
  }

  [[nodiscard]] pool of(std::size_t a, std::size_t b) const { return {*this, a, b}; }
  /// Number of items that can be drawn at all.
  [[nodiscard]] std::size_t size() const noexcept { return positions_.size(); }

 private:
  [[nodiscard]] std::span<const index> block(std::size_t b) const noexcept {
    return std::span(positions_).subspan(cuts_[b], cuts_[b + 1] - cuts_[b]);
  }

  std::vector<index> positions_;
  std::vector<std::size_t> cuts_{0};
  std::vector<alias_table> tables_;  ///< none if all are alike
  std::vector<double> masses_;
};

}  // namespace kindred::detail
