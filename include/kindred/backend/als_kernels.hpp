#pragma once

#include <kindred/backend/concepts.hpp>
#include <kindred/core/types.hpp>
#include <kindred/kernel/als_terms.hpp>

#include <concepts>
#include <cstddef>
#include <span>
#include <utility>

namespace kindred {

/// The entries of one side, users or items: the n-th row has those from offsets[n] on.
struct als_entries {
  std::span<const index> offsets;
  std::span<const index> others;     ///< rows of the other side, ascending
  std::span<const float> values;     ///< empty if each is 1
  std::span<const float> weights;    ///< likewise
  std::span<const float> penalties;  ///< of the factors of each row
};

/// What alternating least squares has to solve, again and again.
struct als_problem {
  als_entries users;
  als_entries items;
  std::size_t factors = 0;
  bool biases = false;     ///< one more factor of each row, behind the others
  float bias_penalty = 1;  ///< in terms of a row's penalty
  kernel::als_terms terms;
  int steps = 0;  ///< of conjugate gradients for a row; 0 solves it exactly

  /// Unknowns of a row.
  [[nodiscard]] std::size_t width() const noexcept { return factors + (biases ? 1 : 0); }
};

enum class als_axis { users, items };

/// Alternating least squares on a backend with memory of its own; specialised for each, and then
/// what `trainable_als` says. A host backend needs none: it runs the loops of the trainer.
template <class Backend>
class als_kernels;

/// A backend that `als` and `implicit_als` are trained on.
template <class Backend>
concept trainable_als = host_backend<Backend> ||
    (execution_backend<Backend>&& requires(als_kernels<Backend>& kernels, const Backend& backend,
                                           const als_problem& problem, als_axis axis,
                                           std::span<float> rows, std::span<const float> from,
                                           std::size_t stride) {
      /// The entries outlive it. All rows are zeros.
      als_kernels<Backend>(backend, problem);
      /// Solves for all rows of a side, the other fixed.
      kernels.solve(axis);
      /// als_terms::error, added up over all entries.
      { kernels.error() } -> std::same_as<double>;
      /// Rows of width() unknowns, `stride` apart.
      kernels.write(axis, from, stride);
      std::as_const(kernels).read(axis, rows, stride);
      /// The sum of y y' over all rows y, width() x width().
      std::as_const(kernels).read_gramian(axis, rows, stride);
    });

}  // namespace kindred
