#pragma once

#include <kindred/core/random.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/kernel/als_terms.hpp>
#include <kindred/kernel/dot.hpp>
#include <kindred/model/als_options.hpp>
#include <kindred/model/detail/als/als_side.hpp>
#include <kindred/model/detail/als/half_step.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/detail/rating_lists.hpp>
#include <kindred/train/training_loop.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <stop_token>
#include <tuple>
#include <utility>

namespace kindred::detail {

/// The penalty of a row with `count` ratings.
[[nodiscard]] inline float als_penalty(const als_options& options, std::size_t count,
                                       double regularization) noexcept {
  return static_cast<float>(regularization *
                            std::pow(static_cast<double>(count), options.frequency_exponent));
}

/// Users, or items, of `als`. The bias of a row is one factor more, behind the others: the side
/// that was solved for last has biases there, and the other 1.
struct rated_side : als_side {
  std::span<const float> weights;  ///< of the entries; empty if each is 1
  aligned_vector<float> biases;

  [[nodiscard]] float weight(std::size_t entry) const noexcept {
    return weights.empty() ? 1.0F : weights[entry];
  }
};

/// Alternates between users and items.
class als_trainer {
 public:
  /// All must outlive it.
  als_trainer(const dataset& train, const als_options& options, const host_loop& loop,
              const std::stop_token& stop)
      : train_(train),
        options_(options),
        loop_(loop),
        stop_(stop),
        column_weights_(weights_by_item(train)),
        users_(make_side(train.user_offsets(), train.row_items(), train.row_values(),
                         train.row_weights())),
        items_(make_side(train.item_offsets(), train.column_users(), train.column_values(),
                         column_weights_)) {
    draw_rows(loop_, items_, factors(), options_.init_scale, counter_rng(options_.seed, 0x616c73U));
  }

  epoch_result run_epoch(int /*epoch*/) {
    step(users_, items_);
    step(items_, users_);
    return {.squared_error = squared_error(), .learning_rate = 1};
  }

  [[nodiscard]] double validation_rmse(const dataset& validation) const {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    const float low = options_.clip ? train_.min_value() : -infinity;
    const float high = options_.clip ? train_.max_value() : infinity;
    const double squared =
        sum_over(loop_, static_cast<std::size_t>(validation.num_users()), [&](std::size_t u) {
          double of_user = 0;
          for (const auto [item, value] : validation.by_user(static_cast<index>(u))) {
            const float rating = predict(u, static_cast<std::size_t>(item));
            of_user += std::pow(static_cast<double>(value - std::clamp(rating, low, high)), 2);
          }
          return of_user;
        });
    return std::sqrt(squared / static_cast<double>(validation.size()));
  }

  void keep() { kept_ = {users_, items_}; }
  void restore() { std::tie(users_, items_) = kept_; }

  [[nodiscard]] aligned_vector<float> user_factors() const {
    return without_padding(users_, factors());
  }
  [[nodiscard]] aligned_vector<float> item_factors() const {
    return without_padding(items_, factors());
  }
  [[nodiscard]] const aligned_vector<float>& user_biases() const noexcept { return users_.biases; }
  [[nodiscard]] const aligned_vector<float>& item_biases() const noexcept { return items_.biases; }

 protected:
  [[nodiscard]] std::size_t factors() const noexcept {
    return static_cast<std::size_t>(options_.factors);
  }
  [[nodiscard]] const als_options& options() const noexcept { return options_; }
  [[nodiscard]] kernel::als_terms terms() const noexcept { return {.mean = mean()}; }
  [[nodiscard]] rated_side& users() noexcept { return users_; }
  [[nodiscard]] rated_side& items() noexcept { return items_; }

 private:
  /// What is expected without rows.
  [[nodiscard]] float mean() const noexcept {
    return options_.biases ? static_cast<float>(train_.mean()) : 0.0F;
  }

  [[nodiscard]] rated_side make_side(std::span<const index> offsets, std::span<const index> others,
                                     std::span<const float> values,
                                     std::span<const float> weights) const {
    const std::size_t width = padded_factors(factors() + (options_.biases ? 1 : 0));
    const std::size_t size = offsets.size() - 1;
    return {{offsets, others, values, width, aligned_vector<float>(size * width, 0.0F)},
            weights,
            aligned_vector<float>(size, 0.0F)};
  }

  void step(rated_side& own, rated_side& other) {
    const kernel::als_terms make_term = this->terms();
    const auto describe = [&](std::size_t row, row_terms& terms) {
      const std::size_t begin = own.begin(row);
      const std::size_t count = terms.weights.size();
      for (std::size_t n = 0; n < count; ++n) {
        const auto to = static_cast<std::size_t>(own.others[begin + n]);
        const kernel::als_term one =
            make_term(own.values[begin + n], own.weight(begin + n), other.biases[to]);
        terms.weights[n] = one.weight;
        terms.targets[n] = one.target;
      }
      std::fill_n(terms.ridge.begin(), factors(),
                  als_penalty(options_, count, options_.regularization));
      if (options_.biases)
        terms.ridge[factors()] = als_penalty(options_, count, options_.bias_regularization);
    };
    if (options_.biases) {
      for_each_index(loop_, own.size(),
                     [&](std::size_t r) { own.row(r)[factors()] = own.biases[r]; });
      for_each_index(loop_, other.size(), [&](std::size_t r) { other.row(r)[factors()] = 1; });
    }
    half_step(loop_, own, other, nullptr, describe, stop_).run(options_.solver);
    if (options_.biases)
      for_each_index(loop_, own.size(),
                     [&](std::size_t r) { own.biases[r] = own.row(r)[factors()]; });
  }

  /// After an epoch, whose items have biases in their rows.
  [[nodiscard]] double squared_error() const {
    return sum_over_scores(loop_, users_, items_, [&](std::size_t u, std::size_t n, float score) {
      return terms().error(users_.values[n], users_.biases[u] + score);
    });
  }

  [[nodiscard]] float predict(std::size_t user, std::size_t item) const noexcept {
    const bool known = user < users_.size() && item < items_.size();
    if (!options_.biases && !known) return static_cast<float>(train_.mean());
    float rating = mean();
    if (user < users_.size()) rating += users_.biases[user];
    if (item < items_.size()) rating += items_.biases[item];
    if (known) rating += kernel::dot(users_.row(user), items_.row(item), factors());
    return rating;
  }

  const dataset& train_;
  const als_options& options_;
  const host_loop& loop_;
  const std::stop_token& stop_;
  aligned_vector<float> column_weights_;
  rated_side users_;
  rated_side items_;
  std::pair<rated_side, rated_side> kept_;
};

}  // namespace kindred::detail
