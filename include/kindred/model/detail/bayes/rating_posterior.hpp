#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/kernel/dot.hpp>
#include <kindred/model/detail/als/als_side.hpp>
#include <kindred/model/detail/als/gathered_problem.hpp>
#include <kindred/model/detail/bayes/sampled_rows.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace kindred::detail {

/// What predictions are made of: draws of both sides.
struct rating_posterior {
  double mean = 0;            ///< of the training ratings
  double noise_variance = 0;  ///< of a rating around what a draw predicts, on average
  sampled_rows users;
  sampled_rows items;
  shared_array<float> noise_variances;  ///< of each draw
  /// Of the population of users in each draw: bias, then factors; rows padded as for row_problem.
  shared_array<float> user_precisions;

  [[nodiscard]] double expected(index user, index item) const noexcept {
    const std::size_t u = users.expected(user);
    const std::size_t i = items.expected(item);
    const float dot = kernel::dot(users.vector(u), items.vector(i), users.width());
    return mean + static_cast<double>(users.mean_bias(u) + items.mean_bias(i) + dot);
  }

  /// Of what the draws predict, without the noise.
  [[nodiscard]] double variance(index user, index item) const noexcept {
    const std::size_t u = users.drawn(user);
    const std::size_t i = items.drawn(item);
    const std::size_t k = users.factors();
    const auto draws = static_cast<double>(users.draws());
    double sum = 0;
    double squares = 0;
    for (std::size_t s = 0; s < users.draws(); ++s) {
      const auto dot =
          static_cast<double>(kernel::dot(users.vector(u) + s * k, items.vector(i) + s * k, k));
      const double rating =
          static_cast<double>(users.biases(u)[s] + items.biases(i)[s]) + draws * dot;
      sum += rating;
      squares += rating * rating;
    }
    return std::max(0.0, squares / draws - sum / draws * (sum / draws));
  }

  /// The vector of somebody new, laid out as those of users: in each draw the mean of its
  /// distribution given these ratings and all of that draw (Salakhutdinov, Mnih 2008, eq. 12),
  /// which is that of the population without a rating. Unknown items are skipped.
  /// O(draws * (ratings * factors^2 + factors^3)).
  [[nodiscard]] std::vector<float> place(std::span<const index> rated,
                                         std::span<const float> ratings) const {
    const std::size_t k = users.factors();
    const std::size_t width = padded_factors(k + 1);
    const float scale = std::sqrt(static_cast<float>(users.draws()));
    const std::size_t people = users.expected(unknown_index);
    std::vector<float> placed(users.width());
    std::vector<float> row(k + 1, 1.0F);  // of an item: 1, which takes the bias, and its factors
    for (std::size_t s = 0; s < users.draws(); ++s) {
      gathered_problem deviation(k + 1, user_precisions.data() + s * width * width);
      std::fill_n(deviation.ridge().begin(), k + 1, 0.0F);
      const float* const average = users.vector(people) + s * k;
      const float precision = 1 / noise_variances[s];
      for (std::size_t n = 0; n < rated.size(); ++n) {
        if (rated[n] < 0 || rated[n] >= items.size()) continue;
        const std::size_t i = items.expected(rated[n]);
        const float* const q = items.vector(i) + s * k;
        for (std::size_t f = 0; f < k; ++f) row[f + 1] = scale * q[f];
        const float expected = static_cast<float>(mean) + users.biases(people)[s] +
                               items.biases(i)[s] + scale * scale * kernel::dot(average, q, k);
        deviation.add(row, precision, precision * (ratings[n] - expected));
      }
      const std::vector<float> found = deviation.solve();
      for (std::size_t f = 0; f < k; ++f) placed[s * k + f] = average[f] + found[f + 1] / scale;
    }
    return placed;
  }
};

}  // namespace kindred::detail
