#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/kernel/gathered_rows.hpp>
#include <kindred/model/detail/als/als_side.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/detail/rating_lists.hpp>
#include <kindred/model/similarity.hpp>

#include <cstddef>
#include <stop_token>
#include <vector>

namespace kindred::detail {

/// Users, or items, and their ratings. A user's row is its bias, its factors and 1, an item's is 1,
/// its factors and its bias: so the inner product of the two is all that a rating depends on of
/// them, and either side is a linear regression on the rows of the other. Rows are padded by zeros;
/// one without ratings is nothing but zeros.
struct biased_side {
  rating_lists ratings;
  std::size_t factors = 0;
  bool items = false;
  aligned_vector<float> rows;

  biased_side(const dataset& train, axis side, std::size_t factor_count)
      : ratings(lists_of(train, side)),
        factors(factor_count),
        items(side == axis::items),
        rows(size() * width(), 0.0F) {}

  [[nodiscard]] std::size_t size() const noexcept { return ratings.rows(); }
  [[nodiscard]] std::size_t width() const noexcept { return padded_factors(factors + 2); }
  [[nodiscard]] bool rated(std::size_t row) const noexcept {
    return ratings.offsets[row + 1] > ratings.offsets[row];
  }
  /// The numbers of a row that are its own, all but the 1: `factors` + 1 from here on.
  [[nodiscard]] std::size_t first() const noexcept { return items ? 1 : 0; }
  [[nodiscard]] std::size_t bias() const noexcept { return items ? factors + 1 : 0; }
  [[nodiscard]] std::size_t one() const noexcept { return items ? 0 : factors + 1; }

  [[nodiscard]] float* row(std::size_t r) noexcept { return rows.data() + r * width(); }
  [[nodiscard]] const float* row(std::size_t r) const noexcept { return rows.data() + r * width(); }
  /// The rows of the other side that a row has ratings of.
  [[nodiscard]] kernel::gathered_rows<float> rated_rows(std::size_t r,
                                                        const biased_side& other) const noexcept {
    return {other.rows.data(), width(), width(), ratings[r].indices.data(), ratings[r].size()};
  }

  /// Sets the own numbers of all rated rows to `number(row, n)` for n in 0 .. factors.
  template <class Number>
  void fill(const host_loop& loop, const Number& number) {
    for_each_index(loop, size(), [&](std::size_t r) {
      if (!rated(r)) return;
      for (std::size_t n = 0; n <= factors; ++n)
        row(r)[first() + n] = static_cast<float>(number(r, n));
      row(r)[one()] = 1;
    });
  }
};

/// The regression of a row: a weight for each of its ratings, and that times what is left to
/// explain, which is the rating less `mean` and the bias of the other side.
struct rating_terms {
  std::vector<float> weights;
  std::vector<float> targets;

  /// Every weight is `scale` times that of the rating.
  void set(const biased_side& own, std::size_t r, const biased_side& other, double mean,
           double scale) {
    const weighted_ratings rated = own.ratings[r];
    weights.resize(rated.size());
    targets.resize(rated.size());
    for (std::size_t n = 0; n < rated.size(); ++n) {
      const float* const of_other = other.row(static_cast<std::size_t>(rated.indices[n]));
      const double left =
          static_cast<double>(rated.values[n]) - mean - static_cast<double>(of_other[other.bias()]);
      weights[n] = static_cast<float>(scale * rated.weight(n));
      targets[n] = static_cast<float>(scale * rated.weight(n) * left);
    }
  }
};

/// Calls `f(row, scratch, loop)` for all rated rows, in parallel: first for the long ones, one
/// after the other, with a loop to share the work of each, then for many at a time, where it is
/// null. `make_scratch()` makes what a thread needs. Returns early if asked to stop.
template <class MakeScratch, class Function>
void for_each_rated_row(const host_loop& loop, const biased_side& side, const std::stop_token& stop,
                        const MakeScratch& make_scratch, const Function& f) {
  constexpr std::size_t long_row = 8192;
  auto alone = make_scratch();
  for (std::size_t r = 0; r < side.size() && !stop.stop_requested(); ++r)
    if (side.ratings[r].size() >= long_row) f(r, alone, &loop);
  loop(side.size(), [&](std::size_t first, std::size_t last) {
    auto scratch = make_scratch();
    for (std::size_t r = first; r < last && !stop.stop_requested(); ++r)
      if (side.rated(r) && side.ratings[r].size() < long_row)
        f(r, scratch, static_cast<const host_loop*>(nullptr));
  });
}

/// The squared errors of mean + inner product of the rows, each times its rating's weight if
/// `weighted`. The same bits on any number of threads.
[[nodiscard]] inline double squared_errors(const host_loop& loop, const biased_side& users,
                                           const biased_side& items, double mean, bool weighted) {
  constexpr std::size_t users_per_block = 64;
  return sum_blocks(loop, users.size(), users_per_block, [&](std::size_t first, std::size_t last) {
    std::vector<float> products;
    double sum = 0;
    for (std::size_t u = first; u < last; ++u) {
      const weighted_ratings rated = users.ratings[u];
      products.resize(rated.size());
      kernel::dot_rows(users.rated_rows(u, items), users.row(u), products.data());
      for (std::size_t n = 0; n < rated.size(); ++n) {
        const double error =
            static_cast<double>(rated.values[n]) - mean - static_cast<double>(products[n]);
        sum += error * error * (weighted ? rated.weight(n) : 1);
      }
    }
    return sum;
  });
}

}  // namespace kindred::detail
