#pragma once

#include <kindred/core/error.hpp>
#include <kindred/model/als_solver.hpp>

#include <string>
#include <variant>

namespace kindred::detail {

/// Writes the choice of a solver to a model file.
template <class Writer>
void write_solver(Writer& out, const als_solver& solver) {
  std::visit(
      [&](const auto& chosen) {
        out.set("solver", chosen.name);
        if constexpr (requires { chosen.steps; }) out.set("solver.steps", chosen.steps);
        if constexpr (requires { chosen.block; }) out.set("solver.block", chosen.block);
      },
      solver);
}

/// Reads what write_solver wrote. Throws data_error for the name of no solver.
template <class Reader>
[[nodiscard]] als_solver read_solver(const Reader& in) {
  const auto name = in.template get<std::string>("solver");
  if (name == cholesky::name) return cholesky{};
  if (name == conjugate_gradient::name)
    return conjugate_gradient{.steps = in.template get<int>("solver.steps")};
  if (name == block_descent::name)
    return block_descent{.block = in.template get<int>("solver.block")};
  throw data_error("solver is unknown: " + quoted(name));
}

}  // namespace kindred::detail
