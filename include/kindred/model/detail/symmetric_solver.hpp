#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/kernel/symmetric_solve.hpp>

#include <algorithm>
#include <cstddef>

namespace kindred::detail {

/// Solves symmetric positive definite systems, one after the other.
template <class Number>
class symmetric_solver {
 public:
  /// For up to `width` unknowns.
  explicit symmetric_solver(std::size_t width)
      : inverses_(width), x_(kernel::padded_columns(width)), multipliers_(x_.size() * x_.size()) {}

  /// Leaves the solution of `matrix` x = `x` in `x`, or a draw around it: see
  /// kernel::symmetric_system for the matrix, which becomes scratch, and for the noise.
  void solve(Number* matrix, std::size_t width, Number* x, const Number* noise = nullptr) {
    std::ranges::fill(std::copy_n(x, width, x_.begin()), x_.end(), Number{0});
    kernel::solve_symmetric<Number>({.size = width,
                                     .matrix = matrix,
                                     .stride = kernel::padded_columns(width),
                                     .x = x_.data(),
                                     .noise = noise,
                                     .multipliers = multipliers_.data(),
                                     .inverses = inverses_.data()});
    std::copy_n(x_.begin(), width, x);
  }

 private:
  aligned_vector<Number> inverses_;
  aligned_vector<Number> x_;
  aligned_vector<Number> multipliers_;
};

}  // namespace kindred::detail
