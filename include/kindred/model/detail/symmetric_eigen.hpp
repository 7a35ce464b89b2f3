#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/kernel/axpy.hpp>
#include <kindred/kernel/dot.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace kindred::detail {

/// The eigenvalues, in any order, and the eigenvectors of a symmetric matrix: Householder's
/// reduction to a tridiagonal one, and the implicit QL method for that (Golub, Van Loan, "Matrix
/// computations", sections 8.3.1 and 8.3.3). O(size^3), on one thread. Eigen's takes nine tenths of
/// the time, and the compiler thrice as long as all of implicit_als without it.
class symmetric_eigen {
 public:
  /// `matrix` is row-major, both triangles; what is not finite has no eigenvectors that are.
  symmetric_eigen(aligned_vector<double> matrix, std::size_t size)
      : size_(size),
        matrix_(std::move(matrix)),
        vectors_(size * size, 0.0),
        values_(size),
        beside_(size, 0.0) {
    const std::vector<double> scales = reduce();
    collect(scales);
    for (std::size_t first = 0; first < size_; ++first)
      for (int step = 0; step < most_steps; ++step) {
        const std::size_t last = end_of_block(first);
        if (last == first) break;
        chase(first, last);
      }
  }

  [[nodiscard]] std::span<const double> values() const noexcept { return values_; }
  /// The eigenvector of the n-th eigenvalue, of length 1.
  [[nodiscard]] std::span<const double> vector(std::size_t n) const noexcept {
    return {vectors_.data() + n * size_, size_};
  }

 private:
  static constexpr int most_steps = 60;  ///< two or three are usual

  [[nodiscard]] double* row(std::size_t r) noexcept { return matrix_.data() + r * size_; }
  [[nodiscard]] double* vector_at(std::size_t r) noexcept { return vectors_.data() + r * size_; }

  /// Leaves the tridiagonal matrix in values_ and beside_, and behind the diagonal of each row the
  /// vector v of the reflection I - scale v v' that made it so; returns the scales.
  [[nodiscard]] std::vector<double> reduce() {
    std::vector<double> scales(size_, 0.0);
    std::vector<double> image(size_);
    for (std::size_t j = 0; j + 1 < size_; ++j) {
      const std::size_t first = j + 1;
      const std::size_t count = size_ - first;
      double* const v = row(j) + first;
      const double squares = kernel::dot(v, v, count);
      const double length = std::copysign(std::sqrt(squares), v[0]);
      beside_[j] = -length;
      if (squares <= v[0] * v[0]) {
        beside_[j] = v[0];
        continue;
      }
      v[0] += length;
      scales[j] = 1 / (length * v[0]);
      for (std::size_t i = 0; i < count; ++i)
        image[i] = scales[j] * kernel::dot(row(first + i) + first, v, count);
      kernel::axpy(-scales[j] / 2 * kernel::dot(v, image.data(), count), v, count, image.data());
      for (std::size_t i = 0; i < count; ++i) {
        kernel::axpy(-v[i], image.data(), count, row(first + i) + first);
        kernel::axpy(-image[i], v, count, row(first + i) + first);
      }
    }
    for (std::size_t j = 0; j < size_; ++j) values_[j] = row(j)[j];
    return scales;
  }

  /// Makes the vectors the product of the reflections, transposed.
  void collect(std::span<const double> scales) {
    for (std::size_t j = size_; j-- > 0;) {
      vector_at(j)[j] = 1;
      if (scales[j] == 0) continue;
      const double* const v = row(j) + j + 1;
      const std::size_t count = size_ - j - 1;
      for (std::size_t i = j + 1; i < size_; ++i) {
        double* const to = vector_at(i) + j + 1;
        kernel::axpy(-scales[j] * kernel::dot(to, v, count), v, count, to);
      }
    }
  }

  /// The last row of the block from `first` on that nothing negligible cuts.
  [[nodiscard]] std::size_t end_of_block(std::size_t first) const noexcept {
    std::size_t last = first;
    while (last + 1 < size_ &&
           std::abs(beside_[last]) > std::numeric_limits<double>::epsilon() *
                                         (std::abs(values_[last]) + std::abs(values_[last + 1])))
      ++last;
    return last;
  }

  /// A step of the QL method with Wilkinson's shift.
  void chase(std::size_t first, std::size_t last) {
    const double half = (values_[first + 1] - values_[first]) / (2 * beside_[first]);
    const double root = std::copysign(std::hypot(half, 1.0), half);
    double bulge = values_[last] - values_[first] + beside_[first] / (half + root);
    double sine = 1;
    double cosine = 1;
    double shift = 0;
    for (std::size_t i = last; i-- > first;) {
      const double over = sine * beside_[i];
      const double under = cosine * beside_[i];
      const double length = std::hypot(over, bulge);
      beside_[i + 1] = length;
      if (length == 0) {  // the block falls apart here
        values_[i + 1] -= shift;
        beside_[last] = 0;
        return;
      }
      sine = over / length;
      cosine = bulge / length;
      const double value = values_[i + 1] - shift;
      const double gain = (values_[i] - value) * sine + 2 * cosine * under;
      shift = sine * gain;
      values_[i + 1] = value + shift;
      bulge = cosine * gain - under;
      rotate(vector_at(i), vector_at(i + 1), sine, cosine);
    }
    values_[first] -= shift;
    beside_[first] = bulge;
    beside_[last] = 0;
  }

  void rotate(double* low, double* high, double sine, double cosine) const noexcept {
    for (std::size_t n = 0; n < size_; ++n) {
      const double before = high[n];
      high[n] = sine * low[n] + cosine * before;
      low[n] = cosine * low[n] - sine * before;
    }
  }

  std::size_t size_;
  aligned_vector<double> matrix_;
  aligned_vector<double> vectors_;  ///< row by row
  std::vector<double> values_;      ///< the diagonal
  std::vector<double> beside_;      ///< what stands beside it
};

}  // namespace kindred::detail
