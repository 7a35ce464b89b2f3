#pragma once

#include <kindred/backend/concepts.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

namespace kindred::detail {

/// A row of a sparse matrix: ascending columns, and `Numbers` numbers for each.
template <std::size_t Numbers>
struct sparse_row {
  std::span<const index> columns;
  std::array<std::span<const float>, Numbers> numbers;

  [[nodiscard]] std::size_t size() const noexcept { return columns.size(); }
};

/// A sparse matrix of `Numbers` numbers an entry, by rows. Immutable and shared by copies.
template <std::size_t Numbers>
struct sparse_rows {
  shared_array<std::uint64_t> offsets = aligned_vector<std::uint64_t>(1, 0);
  shared_array<index> columns;
  std::array<shared_array<float>, Numbers> numbers;

  [[nodiscard]] std::size_t size() const noexcept { return offsets.size() - 1; }
  /// Precondition: row < size().
  [[nodiscard]] sparse_row<Numbers> operator[](std::size_t row) const noexcept {
    const auto begin = static_cast<std::size_t>(offsets[row]);
    const std::size_t count = static_cast<std::size_t>(offsets[row + 1]) - begin;
    sparse_row<Numbers> at{columns.span().subspan(begin, count), {}};
    for (std::size_t n = 0; n < Numbers; ++n)
      at.numbers[n] = numbers[n].span().subspan(begin, count);
    return at;
  }
};

/// Some rows in the making.
template <std::size_t Numbers>
class sparse_block {
 public:
  /// Adds an entry to the present row, behind those of lower column.
  template <class... Number>
  void add(index column, Number... number) {
    static_assert(sizeof...(Number) == Numbers);
    columns_.push_back(column);
    std::size_t n = 0;
    (numbers_[n++].push_back(number), ...);
  }
  void end_row() { ends_.push_back(columns_.size()); }

  [[nodiscard]] std::span<const std::size_t> ends() const noexcept { return ends_; }
  /// Puts all entries into a matrix, from `place` on, and frees them.
  void move_to(std::size_t place, index* columns, const std::array<float*, Numbers>& numbers) {
    std::copy(columns_.begin(), columns_.end(), columns + place);
    for (std::size_t n = 0; n < Numbers; ++n)
      std::copy(numbers_[n].begin(), numbers_[n].end(), numbers[n] + place);
    *this = {};
  }

 private:
  std::vector<index> columns_;
  std::array<std::vector<float>, Numbers> numbers_;
  std::vector<std::size_t> ends_;
};

/// Makes the rows in parallel. `make_filler()` is called some times and gives a function, with the
/// memory it works in, that is called as `fill(row, block)` and adds the entries of a row.
template <std::size_t Numbers, host_backend Backend, class MakeFiller>
[[nodiscard]] sparse_rows<Numbers> build_sparse_rows(const Backend& backend, std::size_t rows,
                                                     const MakeFiller& make_filler) {
  constexpr std::size_t rows_per_block = 16;
  std::vector<sparse_block<Numbers>> blocks((rows + rows_per_block - 1) / rows_per_block);
  backend.for_range(blocks.size(), [&](std::size_t first, std::size_t last) {
    auto fill = make_filler();
    for (std::size_t row = first * rows_per_block; row < std::min(rows, last * rows_per_block);
         ++row) {
      sparse_block<Numbers>& block = blocks[row / rows_per_block];
      fill(row, block);
      block.end_row();
    }
  });

  aligned_vector<std::uint64_t> offsets(1, 0);
  offsets.reserve(rows + 1);
  for (const auto& block : blocks) {
    const std::uint64_t begin = offsets.back();
    for (const std::size_t end : block.ends()) offsets.push_back(begin + end);
  }
  const auto count = static_cast<std::size_t>(offsets.back());
  aligned_vector<index> columns(count);
  std::array<aligned_vector<float>, Numbers> numbers;
  std::array<float*, Numbers> to;
  for (std::size_t n = 0; n < Numbers; ++n) {
    numbers[n].resize(count);
    to[n] = numbers[n].data();
  }
  backend.for_range(blocks.size(), [&](std::size_t first, std::size_t last) {
    for (std::size_t b = first; b < last; ++b)
      blocks[b].move_to(static_cast<std::size_t>(offsets[b * rows_per_block]), columns.data(), to);
  });
  sparse_rows<Numbers> made{std::move(offsets), std::move(columns), {}};
  for (std::size_t n = 0; n < Numbers; ++n) made.numbers[n] = std::move(numbers[n]);
  return made;
}

/// The transpose of a square matrix. O(entries).
[[nodiscard]] inline sparse_rows<1> transposed(const sparse_rows<1>& matrix) {
  aligned_vector<std::uint64_t> offsets(matrix.size() + 1, 0);
  for (const index column : matrix.columns) ++offsets[static_cast<std::size_t>(column) + 1];
  std::partial_sum(offsets.begin(), offsets.end(), offsets.begin());
  std::vector<std::uint64_t> next(offsets.begin(), offsets.end() - 1);
  aligned_vector<index> columns(matrix.columns.size());
  aligned_vector<float> numbers(columns.size());
  for (std::size_t r = 0; r < matrix.size(); ++r) {
    const auto row = matrix[r];
    for (std::size_t n = 0; n < row.size(); ++n) {
      const auto to = static_cast<std::size_t>(next[static_cast<std::size_t>(row.columns[n])]++);
      columns[to] = static_cast<index>(r);
      numbers[to] = row.numbers[0][n];
    }
  }
  return {std::move(offsets), std::move(columns), {std::move(numbers)}};
}

/// Calls `visit(in_a, in_b)` with the positions of each number that is in both ascending lists. The
/// shorter is gone through, the longer searched.
template <class Visit>
void for_each_common(std::span<const index> a, std::span<const index> b, const Visit& visit) {
  const auto search = [](std::span<const index> few, std::span<const index> many, auto found) {
    auto at = many.begin();
    for (std::size_t k = 0; k < few.size() && at != many.end(); ++k) {
      at = std::lower_bound(at, many.end(), few[k]);
      if (at != many.end() && *at == few[k]) found(k, static_cast<std::size_t>(at - many.begin()));
    }
  };
  if (a.size() <= b.size())
    search(a, b, visit);
  else
    search(b, a, [&](std::size_t in_b, std::size_t in_a) { visit(in_a, in_b); });
}

}  // namespace kindred::detail
