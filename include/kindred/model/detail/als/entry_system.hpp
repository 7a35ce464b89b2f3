#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/kernel/gathered_rows.hpp>
#include <kindred/model/detail/als/row_problem.hpp>
#include <kindred/model/detail/row_moments.hpp>
#include <kindred/model/detail/symmetric_solver.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>

namespace kindred::detail {

/// Solves row problems that have fewer entries than factors, and no Gramian, exactly by as many
/// unknowns as there are entries: with the rows Y of the entries, their weights W and targets t,
/// and the ridge D,
///   x = D^-1 Y' W^1/2 (I + W^1/2 Y D^-1 Y' W^1/2)^-1 W^-1/2 t
/// (Woodbury's identity; the dual form of ridge regression). A target counts only where its weight
/// is not 0. O(n^2 k + n^3) for n entries.
class entry_system {
 public:
  [[nodiscard]] static bool suits(const row_problem& problem) noexcept {
    return problem.gramian == nullptr && problem.loop == nullptr && problem.rows.count > 0 &&
           kernel::padded_columns(problem.rows.count) < problem.width();
  }

  /// Leaves the row that is sought in `x`.
  void solve(const row_problem& problem, float* x) {
    const std::size_t count = problem.rows.count;
    reserve(count, problem.width());
    for (std::size_t f = 0; f < problem.width(); ++f) scales_[f] = 1 / std::sqrt(problem.ridge[f]);
    for (std::size_t n = 0; n < count; ++n) {
      roots_[n] = std::sqrt(problem.weights[n]);
      pulls_[n] = roots_[n] > 0 ? problem.targets[n] / roots_[n] : 0;
    }
    std::fill_n(matrix_.begin(), row_moments<float>::matrix_size(count), 0.0F);
    moments_->add_columns(problem.rows, roots_.data(), scales_.data(), matrix_.data());
    const std::size_t stride = kernel::padded_columns(count);
    for (std::size_t n = 0; n < count; ++n) matrix_[n * (stride + 1)] += 1;
    solver_->solve(matrix_.data(), count, pulls_.data());
    for (std::size_t n = 0; n < count; ++n) pulls_[n] *= roots_[n];
    std::fill_n(x, problem.width(), 0.0F);
    kernel::add_rows(problem.rows, pulls_.data(), x);
    for (std::size_t f = 0; f < problem.width(); ++f) x[f] /= problem.ridge[f];
  }

 private:
  /// Most rows have few entries, so that memory for as many as there may be would be too much.
  void reserve(std::size_t count, std::size_t width) {
    if (scales_.size() < width) scales_.resize(width);
    if (roots_.size() >= count) return;
    const std::size_t most = std::max(count, 2 * roots_.size());
    moments_.emplace(most);
    solver_.emplace(most);
    matrix_.resize(row_moments<float>::matrix_size(most));
    roots_.resize(most);
    pulls_.resize(most);
  }

  std::optional<row_moments<float>> moments_;
  std::optional<symmetric_solver<float>> solver_;
  aligned_vector<float> matrix_;
  aligned_vector<float> scales_;  ///< 1 / sqrt(ridge)
  aligned_vector<float> roots_;   ///< of the weights
  aligned_vector<float> pulls_;   ///< what each row has to be multiplied with
};

}  // namespace kindred::detail
