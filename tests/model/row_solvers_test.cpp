#include <kindred/model/als_solver.hpp>
#include <kindred/model/detail/als/row_solvers.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "random_problem.hpp"

namespace kindred::row_solvers_test {

namespace {

using by_gradients = detail::row_solver<conjugate_gradient>;
constexpr std::size_t width = 48;

/// A tenth of the sum of y y' over 100 random rows.
std::vector<float> random_gramian() {
  const std::vector<float> rows = test::random_problem(0, width, 1).matrix;
  std::vector<float> gramian(width * width);
  for (std::size_t y = 0; y < rows.size(); y += width)
    for (std::size_t i = 0; i < width; ++i)
      for (std::size_t j = 0; j < width; ++j)
        gramian[i * width + j] += 0.1F * rows[y + i] * rows[y + j];
  return gramian;
}

/// As many as are solved at once, of 1, 6, 11 ... entries, with one Gramian.
class problems {
 public:
  explicit problems(std::vector<float> gramian) : gramian_(std::move(gramian)) {
    for (std::size_t n = 0; n < by_gradients::at_once; ++n)
      all_.emplace_back(1 + 5 * n, width, 1.0F).gramian = gramian_;
  }

  /// As tasks that end in `rows`, which are made and begin at 0.5.
  [[nodiscard]] std::vector<detail::row_task> tasks(std::vector<std::vector<float>>& rows) const {
    rows.assign(all_.size(), std::vector<float>(width, 0.5F));
    std::vector<detail::row_task> tasks;
    for (std::size_t n = 0; n < all_.size(); ++n) {
      tasks.push_back({all_[n].problem(), rows[n].data()});
      if (!gramian_.empty()) tasks.back().problem.gramian = gramian_.data();
    }
    return tasks;
  }
  [[nodiscard]] const test::random_problem& operator[](std::size_t n) const { return all_[n]; }

 private:
  std::vector<float> gramian_;
  std::vector<test::random_problem> all_;
};

}  // namespace

TEST_CASE("conjugate gradients come to the solutions of all rows at once") {
  for (const auto& gramian : {std::vector<float>(), random_gramian()}) {
    const problems of_test(gramian);
    std::vector<std::vector<float>> rows;
    by_gradients({.steps = 2 * width}, width).solve(of_test.tasks(rows));
    for (std::size_t n = 0; n < rows.size(); ++n) CHECK(of_test[n].error_of(rows[n]) < 1e-4);
  }
}

TEST_CASE("a row has the same bits whatever is solved beside it") {
  for (const auto& gramian : {std::vector<float>(), random_gramian()}) {
    const problems of_test(gramian);
    std::vector<std::vector<float>> together;
    by_gradients({.steps = 3}, width).solve(of_test.tasks(together));
    for (const std::size_t part : {1UL, 3UL, 5UL}) {
      std::vector<std::vector<float>> apart;
      const auto tasks = of_test.tasks(apart);
      by_gradients solver({.steps = 3}, width);
      for (std::size_t first = 0; first < tasks.size(); first += part)
        solver.solve(std::span(tasks).subspan(first, std::min(part, tasks.size() - first)));
      CHECK(apart == together);
    }
  }
}

}  // namespace kindred::row_solvers_test
