#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/kernel/axpy.hpp>
#include <kindred/kernel/gathered_rows.hpp>
#include <kindred/model/detail/row_moments.hpp>
#include <kindred/model/detail/symmetric_solver.hpp>
#include <kindred/model/latent_row.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace kindred::detail {

/// What a row is asked to make small: see `ridge_solver`.
struct ridge_problem {
  std::size_t factors = 0;
  bool biases = true;  ///< whether the row has a bias of its own
  double mean = 0;     ///< what ratings are expected to be without rows
  double regularization = 0;
  double bias_regularization = 0;
  /// The penalty is multiplied by (mean_count / n)^frequency_exponent.
  double mean_count = 0;
  double frequency_exponent = 0;
};

/// Finds the latent row (p, b) that minimises, over n ratings r with weight w by entries (q, b'),
///   sum w (r - mean - b' - b - p.q)^2 + n (regularization |p|^2 + bias_regularization b^2),
/// the problem that training solves for a row with these ratings: it penalises a row once for each
/// of them. O(n factors^2 + factors^3).
///
/// In the arithmetic of `Scalar` where the penalty is well above its rounding, else in double.
template <class Scalar>
class ridge_solver {
 public:
  explicit ridge_solver(const ridge_problem& problem)
      : problem_(problem), equations_(make_equations()) {}

  /// Entries that are not known are passed over; zeros if there are no others.
  [[nodiscard]] latent_row<Scalar> solve(std::span<const rated_entry<Scalar>> ratings) {
    return std::visit([&](auto& e) { return solve(ratings, e); }, equations_);
  }

 private:
  /// Normal equations in the making: sums over ratings with r' = r - mean - b'.
  template <class Number>
  struct equations {
    static constexpr std::size_t depth = 64;  ///< ratings added at a time

    explicit equations(std::size_t factors)
        : width((factors + kernel::gathered_multiple - 1) / kernel::gathered_multiple *
                kernel::gathered_multiple),
          moments(factors),
          solver(factors),
          stride(kernel::padded_columns(factors)),
          rows(depth * width, Number{0}),
          weights(depth),
          pulls(depth),
          matrix(moments.matrix_size(factors)),
          centre(width),
          target(width) {}

    void clear() {
      for (auto* numbers : {&matrix, &centre, &target})
        std::fill(numbers->begin(), numbers->end(), Number{0});
      weight = pull = 0;
      count = filled = 0;
    }

    /// Adds the ratings that are filled in.
    void add_up(std::size_t factors) {
      if (factors > 0) {
        const kernel::gathered_rows<Number> all{rows.data(), width, width, nullptr, filled};
        moments.add(all.columns(0, factors), weights.data(), matrix.data());
        kernel::add_rows(all, weights.data(), centre.data());
        kernel::add_rows(all, pulls.data(), target.data());
      }
      for (; filled > 0; --filled) {
        weight += static_cast<double>(weights[filled - 1]);
        pull += static_cast<double>(pulls[filled - 1]);
      }
    }

    std::size_t width;
    row_moments<Number> moments;
    symmetric_solver<Number> solver;
    std::size_t stride;              ///< of the matrix
    aligned_vector<Number> rows;     ///< q of some ratings, padded to `width`
    aligned_vector<Number> weights;  ///< w of these
    aligned_vector<Number> pulls;    ///< w r'
    aligned_vector<Number> matrix;   ///< sum w q q'
    aligned_vector<Number> centre;   ///< sum w q
    aligned_vector<Number> target;   ///< sum w r' q
    double weight = 0;               ///< sum w
    double pull = 0;                 ///< sum w r'
    std::size_t count = 0;
    std::size_t filled = 0;
  };
  using any_equations = std::variant<equations<float>, equations<double>>;

  [[nodiscard]] any_equations make_equations() const {
    constexpr double enough = 1e-3;
    if (std::is_same_v<Scalar, float> && problem_.regularization >= enough)
      return any_equations(std::in_place_type<equations<float>>, problem_.factors);
    return any_equations(std::in_place_type<equations<double>>, problem_.factors);
  }

  template <class Number>
  [[nodiscard]] latent_row<Scalar> solve(std::span<const rated_entry<Scalar>> ratings,
                                         equations<Number>& e) const {
    e.clear();
    for (std::size_t n = 0; n < ratings.size(); ++n) {
      prefetch(ratings[std::min(n + 8, ratings.size() - 1)].other);
      add(ratings[n], e);
    }
    if (e.filled > 0) e.add_up(problem_.factors);
    latent_row<Scalar> result{std::vector<Scalar>(problem_.factors, Scalar{0}), 0};
    if (e.count == 0) return result;
    const double bias_curvature = e.weight + penalty(e.count, problem_.bias_regularization);
    if (problem_.factors > 0) {
      if (problem_.biases) eliminate_bias(static_cast<Number>(1 / bias_curvature), e);
      const auto ridge = static_cast<Number>(penalty(e.count, problem_.regularization));
      for (std::size_t f = 0; f < problem_.factors; ++f) e.matrix[f * (e.stride + 1)] += ridge;
      e.solver.solve(e.matrix.data(), problem_.factors, e.target.data());
    }
    double explained = 0;
    for (std::size_t f = 0; f < problem_.factors; ++f) {
      result.factors[f] = static_cast<Scalar>(e.target[f]);
      explained += static_cast<double>(e.centre[f]) * static_cast<double>(e.target[f]);
    }
    if (problem_.biases) result.bias = static_cast<Scalar>((e.pull - explained) / bias_curvature);
    return result;
  }

  /// Rows lie too far apart for the processor to guess them.
  void prefetch(const latent_entry<Scalar>& entry) const noexcept {
    if (!entry.known) return;
    for (std::size_t f = 0; f < problem_.factors; f += 64 / sizeof(Scalar))
      __builtin_prefetch(entry.factors + f);
  }

  template <class Number>
  void add(const rated_entry<Scalar>& rating, equations<Number>& e) const {
    if (!rating.other.known) return;
    Number* const row = e.rows.data() + e.filled * e.width;
    if constexpr (std::is_same_v<Number, Scalar>)
      std::copy_n(rating.other.factors, problem_.factors, row);
    else
      for (std::size_t f = 0; f < problem_.factors; ++f)
        row[f] = static_cast<Number>(rating.other.factors[f]);
    const double pull =
        static_cast<double>(rating.rating) - problem_.mean - static_cast<double>(rating.other.bias);
    e.weights[e.filled] = static_cast<Number>(rating.weight);
    e.pulls[e.filled] = static_cast<Number>(static_cast<double>(rating.weight) * pull);
    ++e.count;
    if (++e.filled == e.depth) e.add_up(problem_.factors);
  }

  /// Puts in place of b what is best for each p: (sum w r' - p.sum w q) / curvature.
  template <class Number>
  void eliminate_bias(Number inverse_curvature, equations<Number>& e) const {
    for (std::size_t f = 0; f < problem_.factors; ++f) {
      const Number share = inverse_curvature * e.centre[f];
      kernel::axpy(-share, e.centre.data(), problem_.factors, e.matrix.data() + f * e.stride);
      e.target[f] -= static_cast<Number>(e.pull) * share;
    }
  }

  [[nodiscard]] double penalty(std::size_t ratings, double regularization) const {
    // A trace of a penalty keeps the system regular where the options ask for none.
    constexpr double least = 1e-6;
    const auto count = static_cast<double>(ratings);
    const double scale =
        std::pow(std::max(1.0, problem_.mean_count) / count, problem_.frequency_exponent);
    return count * std::max(scale * regularization, least);
  }

  ridge_problem problem_;
  any_equations equations_;
};

}  // namespace kindred::detail
