#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/kernel/axpy.hpp>
#include <kindred/kernel/dot.hpp>
#include <kindred/kernel/gathered_rows.hpp>
#include <kindred/kernel/matrix_product.hpp>
#include <kindred/model/als_solver.hpp>
#include <kindred/model/detail/als/entry_system.hpp>
#include <kindred/model/detail/als/row_problem.hpp>
#include <kindred/model/detail/row_moments.hpp>
#include <kindred/model/detail/symmetric_solver.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

namespace kindred::detail {

/// The solvers of row problems, one for each alternative of `als_solver`. They keep their memory
/// from one row to the next; give each thread its own. `solve(problem, x)` starts at x; a solver
/// of several rows `at_once` takes up to so many tasks instead.
template <class Solver>
class row_solver;

/// Solves for some of the factors, the others fixed.
class block_system {
 public:
  explicit block_system(std::size_t width)
      : moments_(width), solver_(width), matrix_(moments_.matrix_size(width)) {}

  /// Leaves in `x`, of columns first .. first + x.size() - 1, the solution of
  /// (gramian + ridge + sum over the entries of weights[n] y y') x = `x` there; with `noise`, a
  /// draw around it, as kernel::symmetric_system makes it.
  void solve(const row_problem& problem, std::size_t first, std::span<float> x,
             const float* noise = nullptr) {
    solve(assemble(problem, first, x.size()), x, noise);
  }
  /// The same with the matrix that `assemble` gave.
  void solve(float* matrix, std::span<float> x, const float* noise = nullptr) {
    solver_.solve(matrix, x.size(), x.data(), noise);
  }

  /// That matrix, of `size` columns, whose upper triangle counts; it is there until the next one.
  [[nodiscard]] float* assemble(const row_problem& problem, std::size_t first, std::size_t size) {
    const std::span<float> matrix(matrix_.data(), moments_.matrix_size(size));
    if (problem.gramian == nullptr)
      std::ranges::fill(matrix, 0.0F);
    else
      for (std::size_t f = 0; f < size; ++f) {
        float* const row = matrix.data() + f * stride(size);
        std::copy_n(problem.gramian + (first + f) * problem.width() + first, size, row);
        std::fill_n(row + size, stride(size) - size, 0.0F);
      }
    const auto rows = problem.rows.columns(first, size);
    add_up(problem, matrix, [&](std::size_t begin, std::size_t end, float* part) {
      const auto add = [&](row_moments<float>& moments) {
        moments.add(rows.part(begin, end), problem.weights + begin, part);
      };
      if (problem.loop == nullptr) return add(moments_);
      row_moments<float> moments(size);
      add(moments);
    });
    for (std::size_t f = 0; f < size; ++f)
      matrix[f * (stride(size) + 1)] += problem.ridge[first + f];
    return matrix.data();
  }
  /// From one row of a matrix of that size to the next.
  [[nodiscard]] static std::size_t stride(std::size_t size) noexcept {
    return kernel::padded_columns(size);
  }

 private:
  row_moments<float> moments_;
  symmetric_solver<float> solver_;
  aligned_vector<float> matrix_;
};

template <>
class row_solver<cholesky> {
 public:
  static constexpr std::size_t at_once = 1;

  row_solver(const cholesky& /*options*/, std::size_t width) : system_(width) {}

  void solve(const row_problem& problem, float* x) {
    if (entry_system::suits(problem)) return by_entries_.solve(problem, x);
    const std::span<float> all(x, problem.width());
    float* const matrix = system_.assemble(problem, 0, all.size());  // has the rows fetched
    std::ranges::fill(all, 0.0F);
    add_up(problem, all, [&](std::size_t begin, std::size_t end, float* part) {
      kernel::add_rows(problem.rows.part(begin, end), problem.targets + begin, part);
    });
    system_.solve(matrix, all);
  }

 private:
  block_system system_;
  entry_system by_entries_;
};

template <>
class row_solver<conjugate_gradient> {
 public:
  static constexpr std::size_t at_once = 8;

  row_solver(const conjugate_gradient& options, std::size_t width)
      : steps_(options.steps),
        width_(width),
        residuals_(at_once * width),
        directions_(at_once * width),
        images_(at_once * width) {}

  /// Up to `at_once` rows of one Gramian, which is read once for all.
  void solve(std::span<const row_task> tasks) {
    for (std::size_t n = 0; n < tasks.size(); ++n) std::copy_n(tasks[n].x, width_, direction(n));
    multiply_gramian(tasks);
    for (std::size_t n = 0; n < tasks.size(); ++n) start(tasks[n].problem, tasks[n].x, n);
    for (int step = 0; step < steps_; ++step) {
      multiply_gramian(tasks);
      for (std::size_t n = 0; n < tasks.size(); ++n)
        if (norms_[n] > least) advance(tasks[n].problem, tasks[n].x, n);
    }
  }

 private:
  static constexpr float least = 1e-20F;

  [[nodiscard]] float* direction(std::size_t n) noexcept { return directions_.data() + n * width_; }
  [[nodiscard]] std::span<float> residual(std::size_t n) noexcept {
    return std::span(residuals_).subspan(n * width_, width_);
  }
  [[nodiscard]] std::span<float> image(std::size_t n) noexcept {
    return std::span(images_).subspan(n * width_, width_);
  }

  /// The images of the directions under the Gramian alone.
  void multiply_gramian(std::span<const row_task> tasks) {
    const float* const gramian = tasks.front().problem.gramian;
    if (gramian == nullptr) {
      std::ranges::fill(images_, 0.0F);
      return;
    }
    kernel::multiply<float>({.rows = tasks.size(),
                             .depth = width_,
                             .columns = width_,
                             .a = directions_.data(),
                             .a_row = width_,
                             .b = gramian,
                             .b_stride = width_,
                             .c = images_.data(),
                             .c_stride = width_});
  }

  /// The residual at x, which is the first direction.
  void start(const row_problem& problem, const float* x, std::size_t n) {
    kernel::add_products(problem.ridge, x, width_, image(n).data());
    const std::span<float> left = residual(n);
    std::ranges::fill(left, 0.0F);
    kernel::axpy(-1.0F, image(n).data(), width_, left.data());
    add_projections(problem, x, left, [&](std::size_t entry, float product) {
      return problem.targets[entry] - problem.weights[entry] * product;
    });
    std::ranges::copy(left, direction(n));
    norms_[n] = kernel::dot(left.data(), left.data(), width_);
  }

  /// One step along the direction, and the next direction.
  void advance(const row_problem& problem, float* x, std::size_t n) {
    float* const along = direction(n);
    const std::span<float> moved = image(n);
    kernel::add_products(problem.ridge, along, width_, moved.data());
    add_projections(problem, along, moved, [&](std::size_t entry, float product) {
      return problem.weights[entry] * product;
    });
    float* const left = residual(n).data();
    const float length = norms_[n] / kernel::dot(along, moved.data(), width_);
    kernel::axpy(length, along, width_, x);
    kernel::axpy(-length, moved.data(), width_, left);
    const float before = std::exchange(norms_[n], kernel::dot(left, left, width_));
    kernel::xpay(left, norms_[n] / before, width_, along);
  }

  int steps_;
  std::size_t width_;
  aligned_vector<float> residuals_;  ///< a row for each task, as in the others
  aligned_vector<float> directions_;
  aligned_vector<float> images_;  ///< of the directions
  float norms_[at_once] = {};     ///< of the residuals, squared
};

template <>
class row_solver<block_descent> {
 public:
  static constexpr std::size_t at_once = 1;

  row_solver(const block_descent& options, std::size_t width)
      : block_(std::min(
            width, (static_cast<std::size_t>(options.block) + multiple - 1) / multiple * multiple)),
        system_(block_),
        step_(block_),
        scratch_(width) {}

  void solve(const row_problem& problem, float* x) {
    products_.resize(problem.rows.count);
    for_each_part(problem, [&](const kernel::gathered_rows<float>& rows, std::size_t begin) {
      kernel::dot_rows(rows, x, products_.data() + begin);
    });
    for (std::size_t first = 0; first < problem.width(); first += block_)
      step(problem, first, x, first + block_ >= problem.width());
  }

 private:
  static constexpr std::size_t multiple = kernel::gathered_multiple;

  /// Moves the block at `first` to where the others would have it.
  void step(const row_problem& problem, std::size_t first, float* x, bool last) {
    const std::span<float> step(step_.data(), std::min(block_, problem.width() - first));
    const auto rows = problem.rows.columns(first, step.size());
    std::ranges::fill(step, 0.0F);
    subtract_penalized(problem, x, first, step, scratch_);
    add_up(problem, step, [&](std::size_t begin, std::size_t end, float* part) {
      constexpr std::size_t group = 256;
      float factors[group];
      for (std::size_t at = begin; at < end; at += group) {
        const std::size_t count = std::min(group, end - at);
        for (std::size_t n = 0; n < count; ++n)
          factors[n] = problem.targets[at + n] - problem.weights[at + n] * products_[at + n];
        kernel::add_rows(rows.part(at, at + count), factors, part);
      }
    });
    system_.solve(problem, first, step);
    kernel::axpy(1.0F, step.data(), step.size(), x + first);
    if (last) return;
    for_each_part(problem, [&](const kernel::gathered_rows<float>& all, std::size_t begin) {
      constexpr std::size_t group = 256;
      float growth[group];
      const auto part = all.columns(first, step.size());
      for (std::size_t at = 0; at < part.count; at += group) {
        const std::size_t count = std::min(group, part.count - at);
        kernel::dot_rows(part.part(at, at + count), step.data(), growth);
        for (std::size_t n = 0; n < count; ++n) products_[begin + at + n] += growth[n];
      }
    });
  }

  /// Calls `f(rows, begin)` for parts that cover all entries, in parallel for a long row.
  template <class Function>
  static void for_each_part(const row_problem& problem, const Function& f) {
    if (problem.loop == nullptr) return f(problem.rows, 0);
    (*problem.loop)(problem.rows.count, [&](std::size_t begin, std::size_t end) {
      f(problem.rows.part(begin, end), begin);
    });
  }

  std::size_t block_;
  block_system system_;
  aligned_vector<float> products_;  ///< y_n x
  aligned_vector<float> step_;
  aligned_vector<float> scratch_;
};

}  // namespace kindred::detail
