#pragma once

#include <kindred/core/parallel.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cstddef>
#include <tuple>

namespace kindred::detail {

/// What least squares need to know of any number of samples: sums of products of `Size` features
/// and a target.
template <std::size_t Size>
class normal_equations {
 public:
  using vector = std::array<double, Size>;

  void add(const vector& features, double target) noexcept {
    for (std::size_t j = 0; j < Size; ++j) {
      for (std::size_t k = 0; k <= j; ++k) products_[j][k] += features[j] * features[k];
      targets_[j] += features[j] * target;
    }
  }

  normal_equations& operator+=(const normal_equations& other) noexcept {
    for (std::size_t j = 0; j < Size; ++j) {
      for (std::size_t k = 0; k <= j; ++k) products_[j][k] += other.products_[j][k];
      targets_[j] += other.targets_[j];
    }
    return *this;
  }

  /// Minimises the sum of (target - weights . features)^2 and of penalty_j (weights_j - prior_j)^2.
  [[nodiscard]] vector solve(const vector& penalty, const vector& prior) const {
    constexpr auto size = static_cast<Eigen::Index>(Size);
    constexpr double least = 1e-10;  // keeps the system regular, whatever the features
    Eigen::MatrixXd matrix(size, size);
    Eigen::VectorXd right(size);
    for (std::size_t j = 0; j < Size; ++j) {
      const auto row = static_cast<Eigen::Index>(j);
      for (std::size_t k = 0; k <= j; ++k)
        matrix(row, static_cast<Eigen::Index>(k)) = products_[j][k];
      const double ridge = std::max(penalty[j], least * (1 + matrix(row, row)));
      matrix(row, row) += ridge;
      right[row] = targets_[j] + ridge * prior[j];
    }
    const Eigen::VectorXd solution = matrix.selfadjointView<Eigen::Lower>().llt().solve(right);
    vector weights;
    std::copy_n(solution.data(), Size, weights.begin());
    return weights;
  }

 private:
  std::array<vector, Size> products_{};  ///< the lower triangle
  vector targets_{};
};

/// The sums over ratings of `features(user, item) -> array` and of the ratings less `center`; the
/// same bits on any number of threads.
template <class Features>
[[nodiscard]] auto normal_equations_of(const dataset& ratings, double center,
                                       const Features& features) {
  using sums = normal_equations<std::tuple_size_v<decltype(features(index{}, index{}))>>;
  const auto users = static_cast<std::size_t>(ratings.num_users());
  constexpr std::size_t users_per_block = 64;
  return parallel_sum(
      users,
      [&](std::size_t first, std::size_t last) {
        sums block;
        for (std::size_t u = first; u < last; ++u)
          for (const auto [item, value] : ratings.by_user(static_cast<index>(u)))
            block.add(features(static_cast<index>(u), item), static_cast<double>(value) - center);
        return block;
      },
      users_per_block);
}

}  // namespace kindred::detail
