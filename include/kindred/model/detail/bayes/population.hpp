#pragma once

#include <kindred/model/detail/bayes/variates.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace kindred::detail {

/// A square matrix, by rows.
class square_matrix {
 public:
  square_matrix() = default;
  explicit square_matrix(std::size_t size) : size_(size), numbers_(size * size, 0.0) {}

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] double& operator()(std::size_t i, std::size_t j) noexcept {
    return numbers_[i * size_ + j];
  }
  [[nodiscard]] double operator()(std::size_t i, std::size_t j) const noexcept {
    return numbers_[i * size_ + j];
  }

 private:
  std::size_t size_ = 0;
  std::vector<double> numbers_;
};

/// What some rows x come to.
struct row_totals {
  double count = 0;
  std::vector<double> sum;  ///< of x
  square_matrix squares;    ///< of x x'
};

/// What is believed of a population before any row is seen: its precision is Wishart with as many
/// degrees of freedom as there are numbers in a row and a unit scale matrix, and its mean, given
/// the precision P, is normal around 0 with the precision `strength` P.
struct population_prior {
  double strength = 2;
};

/// A normal distribution that rows come from.
class population {
 public:
  population() = default;

  /// A draw from what is to be believed of the population after rows were seen (Salakhutdinov,
  /// Mnih, "Bayesian probabilistic matrix factorization using Markov chain Monte Carlo", ICML 2008,
  /// eq. 14). The precision is made as by Bartlett (1933). O(size^3).
  population(const population_prior& prior, const row_totals& rows, variates& random)
      : mean_(rows.sum), root_(scale_of(prior, rows)), spread_(rows.sum.size()) {
    const std::size_t size = mean_.size();
    const double strength = prior.strength + rows.count;
    for (std::size_t i = 0; i < size; ++i) {
      const double freedom = static_cast<double>(size - i) + rows.count;
      spread_(i, i) = std::sqrt(2 * random.gamma(freedom / 2));
      for (std::size_t j = 0; j < i; ++j) spread_(i, j) = random.normal();
    }
    set_precision();
    std::vector<double> offset(size);
    for (double& x : offset) x = random.normal() / std::sqrt(strength);
    spread(offset);
    for (std::size_t f = 0; f < size; ++f) mean_[f] = mean_[f] / strength + offset[f];
  }

  [[nodiscard]] std::span<const double> mean() const noexcept { return mean_; }
  [[nodiscard]] const square_matrix& precision() const noexcept { return precision_; }

  /// Turns independent standard normal numbers into a deviation from the mean. O(size^2).
  void spread(std::span<double> x) const noexcept {
    // With the precision P = C'^-1 A A' C^-1, C A'^-1 is a square root of its inverse.
    for (std::size_t i = x.size(); i-- > 0;) {
      for (std::size_t k = i + 1; k < x.size(); ++k) x[i] -= spread_(k, i) * x[k];
      x[i] /= spread_(i, i);
    }
    for (std::size_t i = x.size(); i-- > 0;) {
      x[i] *= root_(i, i);
      for (std::size_t k = 0; k < i; ++k) x[i] += root_(i, k) * x[k];
    }
  }

 private:
  /// The lower Cholesky factor of the inverse of the Wishart distribution's scale matrix.
  static square_matrix scale_of(const population_prior& prior, const row_totals& rows) {
    const std::size_t size = rows.sum.size();
    const double strength = prior.strength + rows.count;
    square_matrix root(size);
    for (std::size_t i = 0; i < size; ++i)
      for (std::size_t j = 0; j <= i; ++j) {
        double sum = (i == j ? 1 : 0) + rows.squares(i, j) - rows.sum[i] * rows.sum[j] / strength;
        for (std::size_t k = 0; k < j; ++k) sum -= root(i, k) * root(j, k);
        // Of the unit matrix and something more, no pivot is below 1 but by rounding.
        root(i, j) = i == j ? std::sqrt(std::max(sum, 1.0)) : sum / root(j, j);
      }
    return root;
  }

  void set_precision() {
    const std::size_t size = mean_.size();
    square_matrix factor = spread_;  // C'^-1 A
    for (std::size_t i = size; i-- > 0;)
      for (std::size_t j = 0; j < size; ++j) {
        for (std::size_t k = i + 1; k < size; ++k) factor(i, j) -= root_(k, i) * factor(k, j);
        factor(i, j) /= root_(i, i);
      }
    precision_ = square_matrix(size);
    for (std::size_t i = 0; i < size; ++i)
      for (std::size_t j = 0; j <= i; ++j) {
        double sum = 0;
        for (std::size_t k = 0; k < size; ++k) sum += factor(i, k) * factor(j, k);
        precision_(i, j) = precision_(j, i) = sum;
      }
  }

  std::vector<double> mean_;
  square_matrix root_;    ///< C, lower triangular
  square_matrix spread_;  ///< A, lower triangular
  square_matrix precision_;
};

}  // namespace kindred::detail
