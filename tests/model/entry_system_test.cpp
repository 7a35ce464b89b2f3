#include <kindred/model/als_solver.hpp>
#include <kindred/model/detail/als/entry_system.hpp>
#include <kindred/model/detail/als/row_solvers.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <vector>

#include "random_problem.hpp"

namespace kindred::entry_system_test {

namespace {

using test::random_problem;

}  // namespace

TEST_CASE("solving by few entries is more exact than by factors") {
  detail::entry_system system;
  for (const float ridge : {1.0F, 0.01F})
    for (const std::size_t width : {32UL, 64UL, 144UL})
      for (const std::size_t count : {1UL, 2UL, 5UL, 16UL, 17UL, 40UL, 47UL, 112UL}) {
        const random_problem random(count, width, ridge);
        if (!detail::entry_system::suits(random.problem())) continue;
        std::vector<float> x(width, 7.0F);
        system.solve(random.problem(), x.data());
        std::vector<float> by_factors(width);
        detail::row_problem problem = random.problem();
        const std::vector<float> nothing(width * width);
        problem.gramian = nothing.data();
        detail::row_solver<cholesky>({}, width).solve(problem, by_factors.data());
        CAPTURE(count);
        CHECK(random.error_of(x) <= 1e-5 / static_cast<double>(ridge));
        CHECK(random.error_of(x) <= random.error_of(by_factors));
      }
}

TEST_CASE("rows with many entries, or with a Gramian, are solved for by factors") {
  detail::row_problem problem = random_problem(40, 64, 1).problem();
  CHECK(detail::entry_system::suits(problem));
  const std::vector<float> gramian(64 * 64);
  problem.gramian = gramian.data();
  CHECK_FALSE(detail::entry_system::suits(problem));
  CHECK_FALSE(detail::entry_system::suits(random_problem(49, 64, 1).problem()));
  CHECK_FALSE(detail::entry_system::suits(random_problem(0, 64, 1).problem()));
}

}  // namespace kindred::entry_system_test
