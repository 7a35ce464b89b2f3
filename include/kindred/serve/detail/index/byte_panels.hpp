#pragma once

#include <kindred/core/parallel.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/kernel/byte_scores.hpp>
#include <kindred/serve/detail/index/bounds.hpp>
#include <kindred/serve/detail/index/ordered_items.hpp>
#include <kindred/serve/detail/index/query_block.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kindred::detail {

/// What became of a row that is stored in bytes.
struct byte_row {
  float scale = 0;
  double length = 0;  ///< as it is stored
  double error = 0;   ///< length of the difference
  std::int32_t sum = 0;
};

/// The nearest integer, of two the even one, without a call. Precondition: |x| <= 2^22.
[[nodiscard]] inline float to_nearest(float x) noexcept {
  constexpr float shift = 0x1.8p23F;  // beyond which floats are integers
  return x + shift - shift;
}

/// bytes[f] * scale is the nearest to row[f], whose largest is 127 or -127. A row that is too small
/// to divide by becomes zeros.
inline byte_row to_bytes(std::span<const float> row, std::int8_t* bytes) noexcept {
  float largest = 0;
  for (const float x : row) largest = std::max(largest, std::abs(x));
  constexpr float smallest = 1e-30F;
  byte_row made;
  made.scale = largest < smallest ? 0 : largest / 127;
  const float inverse = largest < smallest ? 0 : 127 / largest;
  double stored_square = 0;
  double error_square = 0;
  for (std::size_t f = 0; f < row.size(); ++f) {
    const float rounded = std::clamp(to_nearest(row[f] * inverse), -127.0F, 127.0F);
    bytes[f] = static_cast<std::int8_t>(rounded);
    made.sum += bytes[f];
    const double stored = static_cast<double>(rounded) * static_cast<double>(made.scale);
    const double error = static_cast<double>(row[f]) - stored;
    stored_square += stored * stored;
    error_square += error * error;
  }
  made.length = std::sqrt(stored_square);
  made.error = std::sqrt(error_square);
  return made;
}

/// Items by strips, [strip][factor / 4][item][factor % 4], as bytes times a scale for each item.
class byte_panels {
 public:
  static constexpr bool lossless = false;
  static constexpr std::size_t most_factors = 32768;  // so that no sum overflows

  byte_panels(const ordered_items& items, kernel::simd_level level)
      : kernels_(&kernel::select_byte_kernels(level, kernel::has_byte_products())),
        factors_(items.factors),
        quads_((items.factors + 3) / 4) {
    const std::size_t strips = (items.size() + strip() - 1) / strip();
    bounds_.resize(strips);
    scales_.assign(strips * strip(), 0.0F);
    panels_.resize(strips * panel_size());
    parallel_for(strips, 256, [&](std::size_t begin, std::size_t end) {
      std::vector<std::int8_t> bytes(4 * quads_);
      for (std::size_t s = begin; s < end; ++s) fill(items, s, bytes);
    });
    let_descend(bounds_);
  }

  [[nodiscard]] std::size_t strip() const noexcept { return kernels_->strip; }
  [[nodiscard]] std::span<const strip_bounds> bounds() const noexcept { return bounds_; }
  [[nodiscard]] std::size_t bytes() const noexcept {
    return panels_.size() + scales_.size() * sizeof(float);
  }

  void reserve(query_block& block, std::size_t groups) const {
    block.bytes.assign(4 * quads_, 0);
    block.words.assign(groups * group_size(block.width), 0);
    block.starts.assign(groups * block.width, 0);
    block.scales.assign(groups * block.width, 0.0F);
    block.clear(groups);
  }

  /// Precondition: `query` is finite.
  void put(query_block& block, std::size_t place, std::span<const float> query,
           bool exact) const noexcept {
    const byte_row made = to_bytes(query, block.bytes.data());
    std::int32_t* to = block.words.data() + place / block.width * group_size(block.width) +
                       place % block.width * kernels_->words;
    for (std::size_t q = 0; q < quads_; ++q, to += block.width * kernels_->words)
      kernels_->spread(block.bytes.data() + 4 * q, to);
    block.starts[place] = -offset * made.sum;
    block.scales[place] = made.scale;
    block.bounds[place] =
        bounds_of_query(length_of(query), made.length, made.error, factors_, exact);
  }

  template <std::size_t Users>
  unsigned score(std::size_t s, const float* biases, const query_block& block, std::size_t group,
                 const float* limits, float* scores) const noexcept {
    const kernel::byte_panel panel{panels_.data() + s * panel_size(), scales_.data() + s * strip(),
                                   biases, quads_};
    const kernel::byte_users users{block.words.data() + group * group_size(Users),
                                   block.starts.data() + group * Users,
                                   block.scales.data() + group * Users};
    if constexpr (Users == 1)
      return kernels_->score_one(panel, users, limits, scores);
    else
      return kernels_->score_some(panel, users, limits, scores);
  }

 private:
  static constexpr std::int32_t offset = 128;  // makes bytes of items unsigned

  [[nodiscard]] std::size_t panel_size() const noexcept { return quads_ * 4 * strip(); }
  [[nodiscard]] std::size_t group_size(std::size_t width) const noexcept {
    return quads_ * width * kernels_->words;
  }

  void fill(const ordered_items& items, std::size_t s, std::vector<std::int8_t>& bytes) noexcept {
    std::uint8_t* const panel = panels_.data() + s * panel_size();
    std::fill_n(panel, panel_size(), static_cast<std::uint8_t>(offset));
    const std::size_t first = s * strip();
    for (std::size_t i = 0; i < std::min(strip(), items.size() - first); ++i) {
      const byte_row made = to_bytes(items[first + i], bytes.data());
      for (std::size_t f = 0; f < 4 * quads_; ++f)
        panel[(f / 4 * strip() + i) * 4 + f % 4] = static_cast<std::uint8_t>(bytes[f] + offset);
      scales_[first + i] = made.scale;
      bounds_[s].cover(items[first + i], items.biases[first + i], made.length, made.error);
    }
  }

  const kernel::byte_kernels* kernels_;
  std::size_t factors_;
  std::size_t quads_;
  aligned_vector<std::uint8_t> panels_;
  aligned_vector<float> scales_;
  std::vector<strip_bounds> bounds_;
};

}  // namespace kindred::detail
