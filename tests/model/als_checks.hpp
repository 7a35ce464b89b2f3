#pragma once

#include <kindred/data/dataset.hpp>
#include <kindred/model/als_solver.hpp>

#include <doctest/doctest.h>

#include <Eigen/Core>
#include <type_traits>
#include <utility>
#include <vector>

// What every model by alternating least squares has to keep to.
namespace kindred::test {

inline std::vector<als_solver> all_solvers() {
  return {cholesky{}, conjugate_gradient{}, block_descent{.block = 16}, block_descent{.block = 40}};
}

template <class Model>
using options_of = std::remove_cvref_t<decltype(std::declval<const Model&>().options())>;

template <class Model>
Model fitted(options_of<Model> options, const dataset& train, int epochs) {
  options.epochs = epochs;
  Model model(options);
  model.fit(train);
  return model;
}

/// Half a step after the other lowers `exact.objective(users, items)`, whatever the solver;
/// `users_of(model)` and `items_of(model)` are the matrices.
template <class Model, class Reference, class Users, class Items>
void check_half_steps(options_of<Model> options, const dataset& train, const Reference& exact,
                      int epochs, const Users& users_of, const Items& items_of) {
  for (const als_solver& solver : all_solvers()) {
    options.solver = solver;
    Model before = fitted<Model>(options, train, 1);
    for (int n = 2; n <= epochs; ++n) {
      const Model after = fitted<Model>(options, train, n);
      const double start = exact.objective(users_of(before), items_of(before));
      const double between = exact.objective(users_of(after), items_of(before));
      const double end = exact.objective(users_of(after), items_of(after));
      CHECK(between <= start * (1 + 1e-6));
      CHECK(end <= between * (1 + 1e-6));
      before = after;
    }
  }
}

/// As many steps as unknowns, or one block of all of them, are exact: `objective(solver)` is that
/// of a fit.
template <class Objective>
void check_exact_solvers(const Objective& objective) {
  const double expected = objective(cholesky{});
  CHECK(objective(conjugate_gradient{.steps = 100}) == doctest::Approx(expected).epsilon(1e-4));
  CHECK(objective(block_descent{.block = 48}) == doctest::Approx(expected).epsilon(1e-4));
}

}  // namespace kindred::test
