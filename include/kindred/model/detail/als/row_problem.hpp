#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/kernel/axpy.hpp>
#include <kindred/kernel/gathered_rows.hpp>
#include <kindred/model/detail/host_loop.hpp>

#include <algorithm>
#include <cstddef>
#include <span>

namespace kindred::detail {

/// The row x, of a user say, that makes least, over the entries n with rows y of the other side,
///   x' gramian x + sum ridge[f] x[f]^2 + sum over n of weights[n] (y_n x)^2 - 2 targets[n] y_n x.
struct row_problem {
  kernel::gathered_rows<float> rows;  ///< of the entries
  const float* gramian = nullptr;     ///< width x width and symmetric, or null
  const float* weights = nullptr;     ///< of each entry, >= 0
  const float* targets = nullptr;     ///< likewise
  const float* ridge = nullptr;       ///< of each factor, > 0
  const host_loop* loop = nullptr;    ///< for a row so long that it is worth it; else null

  [[nodiscard]] std::size_t width() const noexcept { return rows.width; }
};

/// A problem, and the row where a search for its solution starts and ends.
struct row_task {
  row_problem problem;
  float* x = nullptr;
};

/// out += what `add(begin, end, part)` adds to `part` for all entries: at once or, in a long row,
/// in parallel over fixed blocks and then block by block in order.
template <class Add>
void add_up(const row_problem& problem, std::span<float> out, const Add& add) {
  constexpr std::size_t block = 2048;
  const std::size_t count = problem.rows.count;
  if (problem.loop == nullptr) return add(std::size_t{0}, count, out.data());
  const std::size_t blocks = (count + block - 1) / block;
  aligned_vector<float> parts(blocks * out.size(), 0.0F);
  for_each_index(*problem.loop, blocks, [&](std::size_t b) {
    add(b * block, std::min(count, (b + 1) * block), parts.data() + b * out.size());
  });
  for (std::size_t b = 0; b < blocks; ++b)
    kernel::axpy(1.0F, parts.data() + b * out.size(), out.size(), out.data());
}

/// out += sum over the entries of factor(n, y_n x) y_n. Each row is read from the cache the second
/// time.
template <class Factor>
void add_projections(const row_problem& problem, const float* x, std::span<float> out,
                     const Factor& factor) {
  constexpr std::size_t group = 32;
  add_up(problem, out, [&](std::size_t begin, std::size_t end, float* part) {
    float products[group];
    for (std::size_t first = begin; first < end; first += group) {
      const auto rows = problem.rows.part(first, std::min(end, first + group));
      kernel::dot_rows(rows, x, products);
      for (std::size_t n = 0; n < rows.count; ++n) products[n] = factor(first + n, products[n]);
      kernel::add_rows(rows, products, part);
    }
  });
}

/// out -= (gramian + ridge) x, of the columns from `first` on of both.
inline void subtract_penalized(const row_problem& problem, const float* x, std::size_t first,
                               std::span<float> out, std::span<float> scratch) {
  const std::size_t width = problem.width();
  if (problem.gramian != nullptr) {
    for (std::size_t f = 0; f < width; ++f) scratch[f] = -x[f];
    kernel::add_rows({problem.gramian + first, width, out.size(), nullptr, width}, scratch.data(),
                     out.data());
  }
  for (std::size_t f = 0; f < out.size(); ++f) out[f] -= problem.ridge[first + f] * x[first + f];
}

}  // namespace kindred::detail
