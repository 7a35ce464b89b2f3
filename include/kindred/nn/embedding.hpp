#pragma once

#include <kindred/core/random.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/data/encoded_rows.hpp>
#include <kindred/kernel/axpy.hpp>
#include <kindred/kernel/dispatch.hpp>
#include <kindred/nn/matrix.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace kindred::nn {

/// Marks a field that a part of the input leaves out.
inline constexpr std::size_t no_block = static_cast<std::size_t>(-1);

/// A part of a network's input: vectors of `width` numbers side by side, its blocks. The vectors of
/// the fields of one block are added up.
struct embedding_part {
  std::size_t width = 0;
  std::vector<std::size_t> block_of_field{};  ///< or no_block
  float spread = 0;                           ///< its vectors begin uniformly in [-spread, spread]
};

/// How the rows of an embedding table become the input of a network. There is a table row for each
/// slot (data/feature_encoder.hpp), which holds the slot's vector for every part; a sample's input
/// is, part by part and block by block, the sum of its entries' values times their vectors.
class embedding_layout {
 public:
  explicit embedding_layout(std::size_t fields = 0) : pieces_of_field_(fields) {}

  /// Returns the input's first column of the part, a multiple of padded(1).
  std::size_t add(const embedding_part& part) {
    const std::size_t first = columns_;
    std::size_t blocks = 0;
    for (std::size_t f = 0; f < part.block_of_field.size(); ++f) {
      const std::size_t block = part.block_of_field[f];
      if (block == no_block) continue;
      pieces_of_field_[f].push_back({row_size_, first + block * part.width, part.width});
      blocks = std::max(blocks, block + 1);
    }
    spreads_.resize(row_size_ + part.width, part.spread);
    row_size_ += part.width;
    columns_ = padded(first + blocks * part.width);
    return first;
  }

  /// Numbers in the input, and in a row of the table; rows are stride() apart.
  [[nodiscard]] std::size_t columns() const noexcept { return columns_; }
  [[nodiscard]] std::size_t row_size() const noexcept { return row_size_; }
  [[nodiscard]] std::size_t stride() const noexcept { return padded(row_size_); }

  /// A table of `slots` rows with its initial values, a function of the seed alone.
  [[nodiscard]] aligned_vector<float> initialize(std::size_t slots, std::uint64_t seed) const {
    aligned_vector<float> table(slots * stride(), 0.0F);
    const counter_rng random(seed, 0x656d6264U);
    for (std::size_t slot = 0; slot < slots; ++slot)
      for (std::size_t c = 0; c < row_size_; ++c)
        table[slot * stride() + c] =
            spreads_[c] * static_cast<float>(2 * random.uniform(slot * row_size_ + c) - 1);
    return table;
  }

  /// Adds a field's entries to the input of a sample.
  void gather(const float* table, std::size_t field, const encoded_entries& entries,
              float* input) const noexcept {
    const auto level = kernel::best_simd_level();
    for (std::size_t e = 0; e < entries.size(); ++e) {
      const float* const row = table + static_cast<std::size_t>(entries.slots[e]) * stride();
      for (const piece& p : pieces_of_field_[field])
        kernel::axpy(entries.values[e], row + p.row, p.width, input + p.column, level);
    }
  }

  /// Adds to the gradient of a table row what an entry of that slot adds, from the gradient of the
  /// input of its sample.
  void scatter(const float* d_input, std::size_t field, float value, float* d_row) const noexcept {
    const auto level = kernel::best_simd_level();
    for (const piece& p : pieces_of_field_[field])
      kernel::axpy(value, d_input + p.column, p.width, d_row + p.row, level);
  }

  /// Where each number of a row of the table goes in the input: see network_plan::input_column.
  [[nodiscard]] std::vector<std::int32_t> input_columns() const {
    std::vector<std::int32_t> columns(pieces_of_field_.size() * stride(), -1);
    for (std::size_t f = 0; f < pieces_of_field_.size(); ++f)
      for (const piece& p : pieces_of_field_[f])
        for (std::size_t k = 0; k < p.width; ++k)
          columns[f * stride() + p.row + k] = static_cast<std::int32_t>(p.column + k);
    return columns;
  }

 private:
  /// `width` numbers from `row` of a table row, to `column` of the input.
  struct piece {
    std::size_t row;
    std::size_t column;
    std::size_t width;
  };

  std::vector<std::vector<piece>> pieces_of_field_;
  std::vector<float> spreads_;
  std::size_t row_size_ = 0;
  std::size_t columns_ = 0;
};

}  // namespace kindred::nn
