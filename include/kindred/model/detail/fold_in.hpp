#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/types.hpp>
#include <kindred/kernel/dot.hpp>
#include <kindred/model/concepts.hpp>
#include <kindred/model/matrix_factorization_options.hpp>

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace kindred::detail {

/// Minimises sum (r - mean - b_i - b - p.q_i)^2 + n (regularization |p|^2 + bias_regularization
/// b^2) over p and b for n ratings, and returns p. Training penalises a row once for each of its
/// ratings, hence the n.
template <class Scalar>
[[nodiscard]] std::vector<Scalar> fold_in_user(const latent_view<Scalar>& model, double mean,
                                               const matrix_factorization_options& options,
                                               std::span<const index> items,
                                               std::span<const float> ratings) {
  if (items.size() != ratings.size())
    throw data_error("fold-in: " + to_text(items.size()) + " items and " + to_text(ratings.size()) +
                     " ratings");
  const auto factors = static_cast<Eigen::Index>(model.factors);
  const bool biases = options.biases;
  const Eigen::Index unknowns = factors + (biases ? 1 : 0);
  Eigen::MatrixXd normal = Eigen::MatrixXd::Zero(unknowns, unknowns);
  Eigen::VectorXd target = Eigen::VectorXd::Zero(unknowns);
  Eigen::VectorXd row = Eigen::VectorXd::Ones(unknowns);
  double count = 0;
  for (std::size_t n = 0; n < items.size(); ++n) {
    const index i = items[n];
    if (!std::isfinite(ratings[n]))
      throw data_error("fold-in: rating " + to_text(ratings[n]) + " is not finite");
    if (i < 0 || i >= model.num_items) continue;
    row.head(factors) =
        Eigen::Map<const Eigen::Matrix<Scalar, Eigen::Dynamic, 1>>(model.item(i).data(), factors)
            .template cast<double>();
    const double residual = static_cast<double>(ratings[n]) - mean -
                            static_cast<double>(model.item_biases[static_cast<std::size_t>(i)]);
    normal.selfadjointView<Eigen::Lower>().rankUpdate(row);
    target += residual * row;
    count += 1;
  }
  if (count == 0) return std::vector<Scalar>(model.factors, Scalar{0});
  // A trace of a penalty keeps the system regular where the options ask for none.
  constexpr double least = 1e-6;
  normal.diagonal().head(factors).array() += count * std::max(options.regularization, least);
  if (biases) normal(factors, factors) += count * std::max(options.bias_regularization, least);
  const Eigen::VectorXd solution = normal.selfadjointView<Eigen::Lower>().llt().solve(target);
  std::vector<Scalar> p(model.factors);
  for (std::size_t f = 0; f < p.size(); ++f)
    p[f] = static_cast<Scalar>(solution[static_cast<Eigen::Index>(f)]);
  return p;
}

}  // namespace kindred::detail
