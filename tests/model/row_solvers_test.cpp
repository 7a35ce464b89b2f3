#include <kindred/model/als_solver.hpp>
#include <kindred/model/detail/als/row_solvers.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <span>
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
std::vector<test::random_problem> problems_with(const std::vector<float>& gramian) {
  std::vector<test::random_problem> problems;
  for (std::size_t n = 0; n < by_gradients::at_once; ++n)
    problems.emplace_back(1 + 5 * n, width, 1.0F).gramian = gramian;
  return problems;
}

/// As tasks that end in `rows`, which are made and begin at 0.5.
std::vector<detail::row_task> tasks_of(const std::vector<test::random_problem>& problems,
                                       std::vector<std::vector<float>>& rows) {
  rows.assign(problems.size(), std::vector<float>(width, 0.5F));
  std::vector<detail::row_task> tasks;
  for (std::size_t n = 0; n < problems.size(); ++n)
    tasks.push_back({problems[n].problem(), rows[n].data()});
  return tasks;
}

}  // namespace

TEST_CASE("conjugate gradients come to the solutions of all rows at once") {
  for (const auto& gramian : {std::vector<float>(), random_gramian()}) {
    const auto problems = problems_with(gramian);
    std::vector<std::vector<float>> rows;
    by_gradients({.steps = 2 * width}, width).solve(tasks_of(problems, rows));
    for (std::size_t n = 0; n < rows.size(); ++n) CHECK(problems[n].error_of(rows[n]) < 1e-4);
  }
}

TEST_CASE("a row has the same bits whatever is solved beside it") {
  for (const auto& gramian : {std::vector<float>(), random_gramian()}) {
    const auto problems = problems_with(gramian);
    std::vector<std::vector<float>> together;
    by_gradients({.steps = 3}, width).solve(tasks_of(problems, together));
    for (const std::size_t part : {1UL, 3UL, 5UL}) {
      std::vector<std::vector<float>> apart;
      const auto tasks = tasks_of(problems, apart);
      by_gradients solver({.steps = 3}, width);
      for (std::size_t first = 0; first < tasks.size(); first += part)
        solver.solve(std::span(tasks).subspan(first, std::min(part, tasks.size() - first)));
      CHECK(apart == together);
    }
  }
}

}  // namespace kindred::row_solvers_test
