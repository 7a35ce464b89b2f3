#pragma once

#include <kindred/core/random.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/kernel/gathered_rows.hpp>
#include <kindred/model/detail/host_loop.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace kindred::detail {

/// Users, or items: their entries, which share the arrays of the dataset, and their latent rows.
struct als_side {
  std::span<const index> offsets;
  std::span<const index> others;
  std::span<const float> values;  ///< empty if each is 1
  std::size_t width = 0;          ///< of a row: the factors, padded by zeros
  aligned_vector<float> rows;

  [[nodiscard]] std::size_t size() const noexcept { return offsets.size() - 1; }
  [[nodiscard]] std::size_t begin(std::size_t row) const noexcept {
    return static_cast<std::size_t>(offsets[row]);
  }
  [[nodiscard]] std::size_t count(std::size_t row) const noexcept {
    return begin(row + 1) - begin(row);
  }
  [[nodiscard]] float value(std::size_t entry) const noexcept {
    return values.empty() ? 1.0F : values[entry];
  }
  [[nodiscard]] float* row(std::size_t r) noexcept { return rows.data() + r * width; }
  [[nodiscard]] const float* row(std::size_t r) const noexcept { return rows.data() + r * width; }
  /// What a row of this side is made of: rows of the other.
  [[nodiscard]] kernel::gathered_rows<float> entries(std::size_t row,
                                                     const als_side& other) const noexcept {
    return {other.rows.data(), width, width, others.data() + begin(row), count(row)};
  }
};

[[nodiscard]] inline std::size_t padded_factors(std::size_t factors) noexcept {
  return (factors + kernel::gathered_multiple - 1) / kernel::gathered_multiple *
         kernel::gathered_multiple;
}

/// Rows with zeros behind their factors.
[[nodiscard]] inline aligned_vector<float> with_padding(std::span<const float> rows,
                                                        std::size_t factors) {
  const std::size_t width = padded_factors(factors);
  aligned_vector<float> padded(rows.size() / factors * width, 0.0F);
  for (std::size_t r = 0; r * factors < rows.size(); ++r)
    std::copy_n(rows.data() + r * factors, factors, padded.data() + r * width);
  return padded;
}

/// The first `factors` numbers of each padded row.
[[nodiscard]] inline aligned_vector<float> without_padding(const als_side& side,
                                                           std::size_t factors) {
  if (factors == side.width) return side.rows;
  aligned_vector<float> rows(side.size() * factors);
  for (std::size_t r = 0; r < side.size(); ++r)
    std::copy_n(side.row(r), factors, rows.data() + r * factors);
  return rows;
}

/// Draws the factors of the rows that have entries, so that a row's length has the standard
/// deviation `scale`.
inline void draw_rows(const host_loop& loop, als_side& side, std::size_t factors, double scale,
                      const counter_rng& random) {
  const double of_each = scale / std::sqrt(static_cast<double>(factors));
  for_each_index(loop, side.size(), [&](std::size_t r) {
    if (side.count(r) == 0) return;
    for (std::size_t f = 0; f < factors; ++f)
      side.row(r)[f] = static_cast<float>(of_each * random.normal(r * factors + f));
  });
}

/// Adds up `f(user, entry, score)` over the entries of the users, where the score is the product of
/// the rows; the same bits on any number of threads.
template <class Function>
[[nodiscard]] double sum_over_scores(const host_loop& loop, const als_side& users,
                                     const als_side& items, const Function& f) {
  constexpr std::size_t block = 64;
  return sum_blocks(loop, users.size(), block, [&](std::size_t first, std::size_t last) {
    std::vector<float> scores;
    double sum = 0;
    for (std::size_t u = first; u < last; ++u) {
      scores.resize(users.count(u));
      kernel::dot_rows(users.entries(u, items), users.row(u), scores.data());
      for (std::size_t n = 0; n < scores.size(); ++n) sum += f(u, users.begin(u) + n, scores[n]);
    }
    return sum;
  });
}

}  // namespace kindred::detail
