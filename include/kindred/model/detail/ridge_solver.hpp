#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/kernel/rank_update.hpp>
#include <kindred/model/latent_row.hpp>

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace kindred::detail {

/// What a row is asked to make small: see `ridge_solver`.
struct ridge_problem {
  std::size_t factors = 0;
  bool biases = true;  ///< whether the row has a bias of its own
  double mean = 0;     ///< what ratings are expected to be without rows
  double regularization = 0;
  double bias_regularization = 0;
  /// The penalty is multiplied by (mean_count / n)^frequency_exponent.
  double mean_count = 0;
  double frequency_exponent = 0;
};

/// Finds the latent row (p, b) that minimises, over n ratings r with weight w by entries (q, b'),
///   sum w (r - mean - b' - b - p.q)^2 + n (regularization |p|^2 + bias_regularization b^2),
/// the problem that training solves for a row with these ratings: it penalises a row once for each
/// of them. In double precision, on the kernel for rank updates: O(n factors^2 + factors^3).
template <class Scalar>
class ridge_solver {
 public:
  explicit ridge_solver(const ridge_problem& problem)
      : problem_(problem),
        kernel_(kernel::select_rank_update<double>()),
        unknowns_(problem.factors + (problem.biases ? 1 : 0)),
        rows_(rounded(unknowns_ + 1, kernel::update_rows)),
        columns_(rounded(unknowns_ + 1, kernel_.columns)),
        row_(std::max(rows_, columns_), 0.0),
        left_(rows_ * depth),
        right_(columns_ * depth),
        products_(rows_ * columns_) {}

  /// Entries that are not known are passed over; zeros if there are no others.
  [[nodiscard]] latent_row<Scalar> solve(std::span<const rated_entry<Scalar>> ratings) {
    latent_row<Scalar> result{std::vector<Scalar>(problem_.factors, Scalar{0}), 0};
    std::fill(products_.begin(), products_.end(), 0.0);
    std::size_t count = 0;
    std::size_t filled = 0;
    for (const rated_entry<Scalar>& rating : ratings) {
      if (!rating.other.known) continue;
      pack(rating, filled++);
      if (filled == depth) add_products(std::exchange(filled, 0));
      ++count;
    }
    if (count == 0 || unknowns_ == 0) return result;
    if (filled > 0) add_products(filled);
    add_penalties(static_cast<double>(count));
    const double* const solution = solve_products();
    for (std::size_t f = 0; f < problem_.factors; ++f)
      result.factors[f] = static_cast<Scalar>(solution[f]);
    if (problem_.biases) result.bias = static_cast<Scalar>(solution[problem_.factors]);
    return result;
  }

 private:
  static constexpr std::size_t depth = 32;  ///< ratings packed at a time; they stay in the cache

  [[nodiscard]] static std::size_t rounded(std::size_t count, std::size_t multiple) noexcept {
    return (count + multiple - 1) / multiple * multiple;
  }

  /// Puts (q, 1, r - mean - b') at place k of both packed sides: the sums of its products are the
  /// normal equations, with their right-hand side as the last row.
  void pack(const rated_entry<Scalar>& rating, std::size_t k) {
    for (std::size_t f = 0; f < problem_.factors; ++f)
      row_[f] = static_cast<double>(rating.other.factors[f]);
    if (problem_.biases) row_[problem_.factors] = 1;
    row_[unknowns_] =
        static_cast<double>(rating.rating) - problem_.mean - static_cast<double>(rating.other.bias);
    const auto weight = static_cast<double>(rating.weight);
    for (std::size_t first = 0; first < rows_; first += kernel::update_rows)
      for (std::size_t r = 0; r < kernel::update_rows; ++r)
        left_[first * depth + k * kernel::update_rows + r] = weight * row_[first + r];
    for (std::size_t first = 0; first < columns_; first += kernel_.columns)
      std::copy_n(row_.data() + first, kernel_.columns,
                  right_.data() + first * depth + k * kernel_.columns);
  }

  /// Adds the products of the packed rows to the lower triangle.
  void add_products(std::size_t filled) {
    for (std::size_t i = 0; i < rows_; i += kernel::update_rows)
      for (std::size_t j = 0; j < std::min(columns_, i + kernel::update_rows); j += kernel_.columns)
        kernel_.add(left_.data() + i * depth, right_.data() + j * depth, filled,
                    products_.data() + i * columns_ + j, columns_);
  }

  void add_penalties(double count) {
    // A trace of a penalty keeps the system regular where the options ask for none.
    constexpr double least = 1e-6;
    const double scale =
        count * std::pow(std::max(1.0, problem_.mean_count) / count, problem_.frequency_exponent);
    for (std::size_t f = 0; f < problem_.factors; ++f)
      products_[f * columns_ + f] += std::max(scale * problem_.regularization, count * least);
    if (problem_.biases)
      products_[problem_.factors * (columns_ + 1)] +=
          std::max(scale * problem_.bias_regularization, count * least);
  }

  /// Solves the normal equations in place, the right-hand side becoming the solution.
  [[nodiscard]] const double* solve_products() {
    const auto unknowns = static_cast<Eigen::Index>(unknowns_);
    Eigen::Map<Eigen::MatrixXd, 0, Eigen::OuterStride<>> columns(
        products_.data(), unknowns, unknowns,
        Eigen::OuterStride<>(static_cast<Eigen::Index>(columns_)));
    Eigen::Ref<Eigen::MatrixXd> matrix = columns;
    const Eigen::LLT<Eigen::Ref<Eigen::MatrixXd>, Eigen::Upper> cholesky(matrix);
    Eigen::Map<Eigen::VectorXd> right(products_.data() + unknowns_ * columns_, unknowns);
    cholesky.solveInPlace(right);
    return right.data();
  }

  ridge_problem problem_;
  kernel::rank_update<double> kernel_;
  std::size_t unknowns_;
  std::size_t rows_;
  std::size_t columns_;
  aligned_vector<double> row_;
  aligned_vector<double> left_;      ///< weighted rows, packed by strips of update_rows
  aligned_vector<double> right_;     ///< rows, packed by strips of kernel_.columns
  aligned_vector<double> products_;  ///< rows_ x columns_, lower triangle
};

}  // namespace kindred::detail
