#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/kernel/gathered_rows.hpp>
#include <kindred/model/als_solver.hpp>
#include <kindred/model/detail/als/als_side.hpp>
#include <kindred/model/detail/als/row_problem.hpp>
#include <kindred/model/detail/als/row_solvers.hpp>
#include <kindred/model/explanation.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace kindred::detail {

/// The row problem of one user, whose entries are put together one by one.
class gathered_problem {
 public:
  /// For rows of so many numbers; `gramian`, padded, may be null and must outlive this.
  explicit gathered_problem(std::size_t factors, const float* gramian = nullptr)
      : width_(padded_factors(factors)), gramian_(gramian), ridge_(width_, 1.0F) {}

  [[nodiscard]] std::size_t size() const noexcept { return weights_.size(); }
  /// Adds an entry and returns its row, filled with `factors` and zeros.
  float* add(std::span<const float> factors, float weight, float target) {
    weights_.push_back(weight);
    targets_.push_back(target);
    rows_.resize(rows_.size() + width_, 0.0F);
    float* const row = rows_.data() + rows_.size() - width_;
    std::ranges::copy(factors, row);
    return row;
  }
  /// The penalties, one for each factor.
  [[nodiscard]] std::span<float> ridge() noexcept { return ridge_; }

  /// The row that is sought, padded; zeros without entries.
  [[nodiscard]] std::vector<float> solve() const {
    std::vector<float> row(width_, 0.0F);
    if (size() > 0) row_solver<cholesky>({}, width_).solve(problem(), row.data());
    return row;
  }

  /// y_n' A^-1 x of every entry, A being the matrix whose inverse solves the problem: times the
  /// targets, they add up to the product of the solution with `x`, which is padded (Hu, Koren,
  /// Volinsky, "Collaborative filtering for implicit feedback datasets", ICDM 2008, section 5).
  [[nodiscard]] std::vector<float> similarities(std::vector<float> x) const {
    std::vector<float> similarities(size());
    if (size() == 0) return similarities;
    block_system(width_).solve(problem(), 0, x);
    kernel::dot_rows(problem().rows, x.data(), similarities.data());
    return similarities;
  }

  [[nodiscard]] std::span<const float> targets() const noexcept { return targets_; }

 private:
  [[nodiscard]] row_problem problem() const noexcept {
    return {{rows_.data(), width_, width_, nullptr, size()},
            gramian_,
            weights_.data(),
            targets_.data(),
            ridge_.data()};
  }

  std::size_t width_;
  const float* gramian_;
  aligned_vector<float> rows_;
  std::vector<float> weights_;
  std::vector<float> targets_;
  std::vector<float> ridge_;
};

/// Why the row of a user times `x`, and something more, is `value`: what each of his interactions,
/// the entries of `problem`, adds to that; the greatest part first. O(n k^2 + k^3).
[[nodiscard]] inline explanation explain_by_entries(const gathered_problem& problem,
                                                    std::vector<float> x, float value,
                                                    std::span<const index> items,
                                                    std::span<const float> ratings) {
  explanation why{.side = axis::items, .value = value, .base = static_cast<double>(value)};
  const std::vector<float> similarities = problem.similarities(std::move(x));
  for (std::size_t n = 0; n < similarities.size(); ++n) {
    const double part =
        static_cast<double>(problem.targets()[n]) * static_cast<double>(similarities[n]);
    why.parts.push_back({items[n], similarities[n], ratings[n], part});
    why.base -= part;
  }
  std::ranges::stable_sort(why.parts, [](const auto& a, const auto& b) { return a.part > b.part; });
  return why;
}

}  // namespace kindred::detail
