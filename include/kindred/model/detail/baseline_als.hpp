#pragma once

#include <kindred/backend/concepts.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/model/baseline_options.hpp>
#include <kindred/model/detail/bias.hpp>
#include <kindred/model/detail/rating_lists.hpp>
#include <kindred/train/training_loop.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace kindred::detail {

/// Alternating least squares for the biases: each step solves one side exactly, given the other.
template <host_backend Backend>
class baseline_als {
 public:
  baseline_als(const Backend& backend, const dataset& train, const baseline_options& options)
      : backend_(backend),
        train_(train),
        options_(options),
        column_weights_(weights_by_item(train)),
        user_biases_(static_cast<std::size_t>(train.num_users()), 0.0F),
        item_biases_(static_cast<std::size_t>(train.num_items()), 0.0F),
        user_errors_(user_biases_.size()) {}

  epoch_result run_epoch(int /*epoch*/) {
    backend_.for_range(item_biases_.size(), [&](std::size_t first, std::size_t last) {
      for (std::size_t i = first; i < last; ++i)
        item_biases_[i] = solve(train_.by_item(static_cast<index>(i)),
                                weights(column_weights_, train_.item_offsets(), i), user_biases_,
                                options_.item_regularization);
    });
    backend_.for_range(user_biases_.size(), [&](std::size_t first, std::size_t last) {
      for (std::size_t u = first; u < last; ++u) {
        const rating_list ratings = train_.by_user(static_cast<index>(u));
        user_errors_[u] = squared_error(ratings, user_biases_[u]);
        user_biases_[u] = solve(ratings, weights(train_.row_weights(), train_.user_offsets(), u),
                                item_biases_, options_.user_regularization);
      }
    });
    double squared = 0;
    for (const double error : user_errors_) squared += error;
    return {squared, 1};
  }

  [[nodiscard]] double validation_rmse(const dataset& validation) const {
    const double low = options_.clip ? train_.min_value() : -infinity;
    const double high = options_.clip ? train_.max_value() : infinity;
    return rmse_of(backend_, validation, [&](index u, index i) {
      return std::clamp(biased_mean(train_.mean(), user_biases_, item_biases_, u, i), low, high);
    });
  }

  void keep() {
    best_user_biases_ = user_biases_;
    best_item_biases_ = item_biases_;
  }
  void restore() {
    user_biases_ = std::move(best_user_biases_);
    item_biases_ = std::move(best_item_biases_);
  }

  [[nodiscard]] aligned_vector<float> take_user_biases() { return std::move(user_biases_); }
  [[nodiscard]] aligned_vector<float> take_item_biases() { return std::move(item_biases_); }

 private:
  static constexpr double infinity = std::numeric_limits<double>::infinity();

  static std::span<const float> weights(std::span<const float> all, std::span<const index> offsets,
                                        std::size_t i) noexcept {
    if (all.empty()) return all;
    const auto begin = static_cast<std::size_t>(offsets[i]);
    return all.subspan(begin, static_cast<std::size_t>(offsets[i + 1]) - begin);
  }

  /// The bias that minimises the penalised squared error on `ratings`, given those of the others.
  [[nodiscard]] float solve(const rating_list& ratings, std::span<const float> weights,
                            std::span<const float> other_biases,
                            double regularization) const noexcept {
    if (ratings.empty()) return 0;
    double residual = 0;
    double weight = 0;
    for (std::size_t k = 0; k < ratings.size(); ++k) {
      const auto other = static_cast<std::size_t>(ratings.indices()[k]);
      const double w = weights.empty() ? 1 : static_cast<double>(weights[k]);
      residual += w * (ratings.values()[k] - train_.mean() - other_biases[other]);
      weight += w;
    }
    return static_cast<float>(residual / (regularization + weight));
  }

  [[nodiscard]] double squared_error(const rating_list& ratings, float user_bias) const noexcept {
    double sum = 0;
    for (const auto [item, value] : ratings) {
      const double error =
          value - train_.mean() - user_bias - item_biases_[static_cast<std::size_t>(item)];
      sum += error * error;
    }
    return sum;
  }

  Backend backend_;
  const dataset& train_;
  const baseline_options& options_;
  aligned_vector<float> column_weights_;
  aligned_vector<float> user_biases_;
  aligned_vector<float> item_biases_;
  std::vector<double> user_errors_;
  aligned_vector<float> best_user_biases_;
  aligned_vector<float> best_item_biases_;
};

}  // namespace kindred::detail
