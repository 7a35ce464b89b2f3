#pragma once

#include <kindred/core/huge_pages.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/detail/knn/labelled_vectors.hpp>
#include <kindred/model/detail/knn/nearest_few.hpp>
#include <kindred/model/detail/knn/neighbor_collector.hpp>
#include <kindred/model/detail/knn/row_similarities.hpp>
#include <kindred/model/neighbor_lists.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

namespace kindred::detail {

/// The similarities of all pairs of some thousand rows, from which each row takes its nearest by
/// itself: the quickest way to find neighbours where most rows have something in common.
class similarity_square {
 public:
  /// Whether it takes no more than 64 MB, and no more time than adding up that many terms.
  [[nodiscard]] static bool suits(std::size_t rows, std::size_t terms) noexcept {
    return rows <= 4096 && rows * rows <= 16 * terms;
  }

  similarity_square(const labelled_vectors& rows, const neighbor_limits& limits)
      : rows_(rows),
        limits_(limits),
        stride_(labelled_vectors::padded(rows.rows()) + block),  // not a power of two
        cells_(rows.rows() * stride_) {
    prefer_huge_pages(std::span(cells_));
  }

  /// Fills in row `label`, up to the diagonal if similarities are symmetric. Rows may be filled at
  /// the same time.
  template <class Measure>
  void fill(std::size_t label, row_similarities<Measure>& similarities) {
    const std::size_t limit = similarities.symmetric() ? label : rows_.rows();
    const neighbor_limits limits = limits_;  // which the loop below cannot change, then
    float* const row = row_of(label);
    std::fill(row + rows_.rows(), row + stride_, 0.0F);
    similarities.start(label, limit);
    for (std::size_t first = 0; first < limit; first += block) {
      float to[block];
      similarities.to(first, to);
      for (std::size_t n = 0; n < block; ++n) to[n] = limits.wanted(to[n]);
      std::copy_n(to, block, row + first);
    }
  }
  /// Copies what is below the diagonal to what is above it.
  void mirror(const host_loop& loop) {
    for_each_index(loop, labelled_vectors::padded(rows_.rows()) / block, [&](std::size_t band) {
      const std::size_t end = std::min((band + 1) * block, rows_.rows());
      for (std::size_t first = 0; first < end; first += block)
        for (std::size_t a = band * block; a < end; ++a)
          for (std::size_t b = first; b < std::min(first + block, a); ++b)
            row_of(b)[a] = row_of(a)[b];
      for (std::size_t a = band * block; a < end; ++a) row_of(a)[a] = 0;
    });
  }

  /// The neighbours of all rows.
  [[nodiscard]] neighbor_lists lists(const host_loop& loop) const {
    const std::size_t count = rows_.rows();
    aligned_vector<std::uint64_t> offsets(count + 1, 0);
    for_each_index(loop, count, [&](std::size_t row) { offsets[row + 1] = size_of(row); });
    for (std::size_t row = 0; row < count; ++row) offsets[row + 1] += offsets[row];
    aligned_vector<index> rows(static_cast<std::size_t>(offsets.back()));
    aligned_vector<float> similarities(rows.size());
    loop(count, [&](std::size_t first, std::size_t last) {
      scratch list(count);
      for (std::size_t row = first; row < last; ++row) {
        const auto place = static_cast<std::ptrdiff_t>(offsets[row]);
        const std::size_t size = nearest_of(row, list);
        std::copy_n(list.rows.begin(), size, rows.begin() + place);
        std::copy_n(list.similarities.begin(), size, similarities.begin() + place);
      }
    });
    return {std::move(offsets), std::move(rows), std::move(similarities)};
  }

 private:
  static constexpr std::size_t block = labelled_vectors::block;

  struct scratch {
    aligned_vector<index> rows;
    aligned_vector<float> similarities;
    std::vector<float> maxima;  ///< of the blocks, or none
    std::vector<float> ranked;
    std::vector<neighbor> some;
    std::vector<std::uint64_t> marks;  ///< a bit for each row

    explicit scratch(std::size_t count)
        : rows(count), similarities(count), marks((count + 63) / 64, 0) {}
  };

  [[nodiscard]] float* row_of(std::size_t label) noexcept {
    return cells_.data() + label * stride_;
  }
  /// Up to a whole number of blocks; zeros at the end.
  [[nodiscard]] std::span<const float> seen_from(std::size_t row) const noexcept {
    return {cells_.data() + rows_.label_of(row) * stride_, labelled_vectors::padded(rows_.rows())};
  }

  [[nodiscard]] std::size_t size_of(std::size_t row) const noexcept {
    const auto cells = seen_from(row);
    const std::size_t most = limits_.most == 0 ? cells.size() : limits_.most;
    std::size_t size = 0;
    for (std::size_t first = 0; first < cells.size() && size < most; first += block) {
      std::int32_t of_block = 0;
      for (std::size_t n = 0; n < block; ++n) of_block += static_cast<int>(cells[first + n] != 0);
      size += static_cast<std::size_t>(of_block);
    }
    return std::min(size, most);
  }

  /// Leaves the nearest of a row in `list`, by ascending row, and returns how many there are.
  std::size_t nearest_of(std::size_t row, scratch& list) const {
    const std::size_t most = limits_.most;
    const float bar = bar_of(row, list);
    if (most > 0 && most <= nearest_few::most) return few_of(row, bar, list);
    const std::size_t count = collect(row, bar, list);
    if (most == 0 || count <= most) return count;
    list.some.clear();
    for (std::size_t n = 0; n < count; ++n)
      list.some.push_back({list.rows[n], list.similarities[n]});
    const auto last = list.some.begin() + static_cast<std::ptrdiff_t>(most - 1);
    std::nth_element(list.some.begin(), last, list.some.end(), nearer);
    std::size_t kept = 0;
    for (std::size_t n = 0; n < count; ++n) {
      const neighbor one{list.rows[n], list.similarities[n]};
      list.rows[kept] = one.row;
      list.similarities[kept] = one.similarity;
      kept += static_cast<std::size_t>(!nearer(*last, one));
    }
    return kept;
  }

  /// The same where these are few: reads only blocks that have some, and ranks bits.
  std::size_t few_of(std::size_t row, float bar, scratch& list) const {
    const auto cells = seen_from(row);
    nearest_few best(limits_.most, bar);
    for (std::size_t first = 0; first < rows_.rows(); first += block) {
      if (!list.maxima.empty() && list.maxima[first / block] < bar) continue;
      const std::size_t end = std::min(first + block, rows_.rows());
      for (std::size_t label = first; label < end; ++label)
        best.push({rows_.row_of(label), cells[label]});
    }
    best.finish();
    best.for_each([&](const neighbor& one) {
      const auto other = static_cast<std::size_t>(one.row);
      list.marks[other / 64] |= std::uint64_t{1} << other % 64;
    });
    std::size_t n = 0;
    for (std::size_t w = 0; w < list.marks.size(); ++w)
      for (auto& marks = list.marks[w]; marks != 0; marks &= marks - 1, ++n) {
        const std::size_t other = w * 64 + static_cast<std::size_t>(std::countr_zero(marks));
        list.rows[n] = static_cast<index>(other);
        list.similarities[n] = cells[rows_.label_of(other)];
      }
    return n;
  }

  /// How near the nearest are at least: the maxima of that many blocks are.
  [[nodiscard]] float bar_of(std::size_t row, scratch& list) const {
    const auto cells = seen_from(row);
    list.maxima.clear();
    if (limits_.most == 0 || limits_.most >= cells.size() / block) return limits_.least;
    for (std::size_t first = 0; first < cells.size(); first += block) {
      float most = 0;
      for (std::size_t n = 0; n < block; ++n) most = std::max(most, std::abs(cells[first + n]));
      list.maxima.push_back(most);
    }
    list.ranked = list.maxima;
    const auto last = list.ranked.begin() + static_cast<std::ptrdiff_t>(limits_.most - 1);
    std::nth_element(list.ranked.begin(), last, list.ranked.end(), std::greater());
    return std::max(limits_.least, *last);
  }

  /// Those of a row that are as near as `bar`, by ascending row.
  std::size_t collect(std::size_t row, float bar, scratch& list) const noexcept {
    const auto cells = seen_from(row);
    std::size_t n = 0;
    for (std::size_t other = 0; other < rows_.rows(); ++other) {
      const float similarity = cells[rows_.label_of(other)];
      list.rows[n] = static_cast<index>(other);
      list.similarities[n] = similarity;
      n += static_cast<std::size_t>(std::abs(similarity) >= bar);
    }
    return n;
  }

  const labelled_vectors& rows_;
  neighbor_limits limits_;
  std::size_t stride_;
  aligned_vector<float> cells_;  ///< 0 for what is not wanted, too
};

}  // namespace kindred::detail
