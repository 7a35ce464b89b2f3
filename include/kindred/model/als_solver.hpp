#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/option_fields.hpp>

#include <string_view>
#include <variant>

/// How alternating least squares finds a row of users, or items, with the other side fixed: the
/// minimum of a parabola in k factors. All of them start at the row that there was before.
namespace kindred {

/// Exactly: O(n k^2 + k^3) for a row with n entries, O(n^2 k + n^3) where these are fewer than k.
struct cholesky {
  static constexpr std::string_view name = "cholesky";
  friend bool operator==(const cholesky&, const cholesky&) = default;
};

/// A few steps of the conjugate gradient method, O(n k + k^2) each (Takacs, Pilaszy, Tikk,
/// "Applications of the conjugate gradient method for implicit feedback collaborative filtering",
/// RecSys 2011).
struct conjugate_gradient {
  static constexpr std::string_view name = "conjugate_gradient";
  int steps = 3;  ///< in [1, 1000]
  friend bool operator==(const conjugate_gradient&, const conjugate_gradient&) = default;
};

/// Exactly for one block of factors after the other, the others fixed: O(n k + k^2) for each of the
/// k / b blocks, and O(n k b + k b^2) in all (Rendle, Krichene, Zhang, Koren, "iALS++: speeding up
/// matrix factorization with subspace optimization", 2021).
struct block_descent {
  static constexpr std::string_view name = "block_descent";
  int block = 64;  ///< factors, rounded up to a multiple of 16; in [1, 4096]
  friend bool operator==(const block_descent&, const block_descent&) = default;
};

template <maybe_const<cholesky> Solver, class Field>
void for_each_option(Solver& /*cholesky*/, const Field& /*field*/) {}

template <maybe_const<conjugate_gradient> Solver, class Field>
void for_each_option(Solver& o, const Field& field) {
  field("steps", o.steps);
}

template <maybe_const<block_descent> Solver, class Field>
void for_each_option(Solver& o, const Field& field) {
  field("block", o.block);
}

/// Any of them, so that one is chosen as `.solver = block_descent{.block = 32}`.
using als_solver = std::variant<cholesky, conjugate_gradient, block_descent>;

/// Throws option_error for the first field outside its range.
inline void check_option(const als_solver& solver) {
  if (const auto* const chosen = std::get_if<conjugate_gradient>(&solver))
    require_option(chosen->steps >= 1 && chosen->steps <= 1000, "conjugate_gradient.steps",
                   chosen->steps, "[1, 1000]");
  if (const auto* const chosen = std::get_if<block_descent>(&solver))
    require_option(chosen->block >= 1 && chosen->block <= 4096, "block_descent.block",
                   chosen->block, "[1, 4096]");
}

}  // namespace kindred
