#pragma once

#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>

#include <cmath>
#include <cstddef>
#include <span>

namespace kindred::detail {

/// mean + b_u + b_i, each bias where its index is known (a negative index converts to one beyond
/// any array).
[[nodiscard]] inline double biased_mean(double mean, std::span<const float> user_biases,
                                        std::span<const float> item_biases, index user,
                                        index item) noexcept {
  const auto u = static_cast<std::size_t>(user);
  const auto i = static_cast<std::size_t>(item);
  double rating = mean;
  if (u < user_biases.size()) rating += static_cast<double>(user_biases[u]);
  if (i < item_biases.size()) rating += static_cast<double>(item_biases[i]);
  return rating;
}

/// Root mean squared error of `predict(user, item)` on ratings; there must be some.
template <class Backend, class Predict>
[[nodiscard]] double rmse_of(const Backend& backend, const dataset& ratings,
                             const Predict& predict) {
  const auto users = static_cast<std::size_t>(ratings.num_users());
  const double squared = backend.sum_range(users, [&](std::size_t first, std::size_t last) {
    double sum = 0;
    for (std::size_t u = first; u < last; ++u)
      for (const auto [item, value] : ratings.by_user(static_cast<index>(u))) {
        const double error =
            static_cast<double>(value) - static_cast<double>(predict(static_cast<index>(u), item));
        sum += error * error;
      }
    return sum;
  });
  return std::sqrt(squared / static_cast<double>(ratings.size()));
}

}  // namespace kindred::detail
