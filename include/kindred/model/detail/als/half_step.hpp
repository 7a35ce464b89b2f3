#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/kernel/axpy.hpp>
#include <kindred/kernel/gathered_rows.hpp>
#include <kindred/model/als_solver.hpp>
#include <kindred/model/detail/als/als_side.hpp>
#include <kindred/model/detail/als/row_problem.hpp>
#include <kindred/model/detail/als/row_solvers.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/detail/row_moments.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <stop_token>
#include <variant>
#include <vector>

namespace kindred::detail {

/// The sum of y y' over all rows y: width x width and symmetric.
[[nodiscard]] inline aligned_vector<float> gramian_of(const host_loop& loop,
                                                      std::span<const float> rows,
                                                      std::size_t width) {
  constexpr std::size_t block = 2048;
  const std::size_t count = rows.size() / width;
  const std::size_t blocks = (count + block - 1) / block;
  const std::size_t size = row_moments<float>::matrix_size(width);
  aligned_vector<float> parts(blocks * size, 0.0F);
  loop(blocks, [&](std::size_t first, std::size_t last) {
    row_moments<float> moments(width);
    for (std::size_t b = first; b < last; ++b)
      moments.add({rows.data() + b * block * width, width, width, nullptr,
                   std::min(block, count - b * block)},
                  nullptr, parts.data() + b * size);
  });
  for (std::size_t b = 1; b < blocks; ++b)
    kernel::axpy(1.0F, parts.data() + b * size, size, parts.data());
  aligned_vector<float> gramian(width * width, 0.0F);
  if (blocks == 0) return gramian;
  const std::size_t stride = kernel::padded_columns(width);
  for (std::size_t i = 0; i < width; ++i)
    for (std::size_t j = i; j < width; ++j)
      gramian[i * width + j] = gramian[j * width + i] = parts[i * stride + j];
  return gramian;
}

/// What a row is asked to make small; see row_problem.
struct row_terms {
  std::vector<float> weights;
  std::vector<float> targets;
  std::vector<float> ridge;  ///< of each factor; what is padding stays 1
};

/// Solves for all rows of one side with the other fixed, in parallel: first the long ones, each by
/// all threads, then many at a time. `describe(row, terms)` fills the terms, which have room for
/// the entries of the row. A row without entries is zero. The same bits on any number of threads.
template <class Describe>
class half_step {
 public:
  /// All must outlive it; `gramian` may be null.
  half_step(const host_loop& loop, als_side& own, const als_side& other, const float* gramian,
            const Describe& describe, const std::stop_token& stop)
      : loop_(loop),
        own_(own),
        other_(other),
        gramian_(gramian),
        describe_(describe),
        stop_(stop) {}

  void run(const als_solver& solver) {
    std::visit([&](const auto& chosen) { solve_all(chosen); }, solver);
  }

 private:
  static constexpr std::size_t long_row = 8192;

  template <class Solver>
  void solve_all(const Solver& options) {
    batch<Solver> long_rows(*this, options);
    for (std::size_t r = 0; r < own_.size() && !stop_.stop_requested(); ++r)
      if (own_.count(r) >= long_row) long_rows.add(r, &loop_);
    long_rows.solve();
    loop_(own_.size(), [&](std::size_t first, std::size_t last) {
      batch<Solver> rows(*this, options);
      for (std::size_t r = first; r < last && !stop_.stop_requested(); ++r)
        if (own_.count(r) < long_row) rows.add(r, nullptr);
      rows.solve();
    });
  }

  /// Rows that a solver takes at once, as many as it can and as the cache holds entries of.
  template <class Solver>
  class batch {
   public:
    batch(const half_step& step, const Solver& options)
        : step_(step), solver_(options, step.own_.width), terms_(at_once, step.make_terms()) {
      tasks_.reserve(at_once);
    }

    void add(std::size_t r, const host_loop* loop) {
      const std::size_t count = step_.own_.count(r);
      if (tasks_.size() == at_once || (entries_ + count) * step_.own_.width > cached) solve();
      float* const row = step_.own_.rows.data() + r * step_.own_.width;
      if (count == 0) {
        std::fill_n(row, step_.own_.width, 0.0F);
        return;
      }
      tasks_.push_back({step_.describe(r, terms_[tasks_.size()], loop), row});
      entries_ += count;
    }
    void solve() {
      if (tasks_.empty()) return;
      if constexpr (at_once > 1)
        solver_.solve(tasks_);
      else
        solver_.solve(tasks_.front().problem, tasks_.front().x);
      tasks_.clear();
      entries_ = 0;
    }

   private:
    static constexpr std::size_t cached = 1 << 17;  // numbers, 512 KiB
    static constexpr std::size_t at_once = row_solver<Solver>::at_once;

    const half_step& step_;
    row_solver<Solver> solver_;
    std::vector<row_terms> terms_;
    std::vector<row_task> tasks_;
    std::size_t entries_ = 0;
  };

  [[nodiscard]] row_terms make_terms() const {
    return {{}, {}, std::vector<float>(own_.width, 1.0F)};
  }
  [[nodiscard]] row_problem describe(std::size_t r, row_terms& terms, const host_loop* loop) const {
    terms.weights.resize(own_.count(r));
    terms.targets.resize(own_.count(r));
    describe_(r, terms);
    return {own_.entries(r, other_), gramian_,           terms.weights.data(),
            terms.targets.data(),    terms.ridge.data(), loop};
  }

  const host_loop& loop_;
  als_side& own_;
  const als_side& other_;
  const float* gramian_;
  const Describe& describe_;
  const std::stop_token& stop_;
};

}  // namespace kindred::detail
