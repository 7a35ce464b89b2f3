#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/parallel.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/evaluate/rating_metrics.hpp>
#include <kindred/model/concepts.hpp>

#include <cmath>
#include <cstddef>

namespace kindred {

namespace detail {

/// Of the `n`-th rating of a user.
template <rating_model Model>
[[nodiscard]] float prediction_of(const Model& model, const dataset& test, index user, index item,
                                  [[maybe_unused]] std::size_t n) noexcept {
  if constexpr (timed_rating_model<Model>)
    if (test.has_times()) return model.predict_at(user, item, test.times_of(user)[n]);
  return model.predict(user, item);
}

}  // namespace detail

/// Compares the predictions of a fitted model with the ratings of `test`. Users and items that the
/// model does not know count with the model's fallback; one that predicts at a time is asked for
/// that of each rating, where `test` has times. Errors are taken and summed as doubles; in
/// parallel in the caller's TBB arena, with the same bits on any number of threads.
/// O(ratings * cost of a prediction). Throws data_error if `test` has no ratings.
template <rating_model Model>
[[nodiscard]] rating_metrics evaluate_ratings(const Model& model, const dataset& test) {
  if (test.empty()) throw data_error("evaluate_ratings: the test set has no ratings");
  constexpr std::size_t users_per_block = 64;
  const auto users = static_cast<std::size_t>(test.num_users());
  const auto errors_of = [&](std::size_t first, std::size_t last) {
    detail::rating_error_sums sums;
    for (std::size_t u = first; u < last; ++u) {
      const auto user = static_cast<index>(u);
      const rating_list ratings = test.by_user(user);
      if (ratings.empty()) continue;
      double squared = 0;
      double absolute = 0;
      std::size_t n = 0;
      for (const auto [item, value] : ratings) {
        const double error =
            static_cast<double>(value) - detail::prediction_of(model, test, user, item, n++);
        squared += error * error;
        absolute += std::abs(error);
      }
      sums.add_user(squared, absolute, ratings.size());
    }
    return sums;
  };
  return parallel_sum(users, errors_of, users_per_block).metrics();
}

}  // namespace kindred
