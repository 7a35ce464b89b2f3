#pragma once

#include <kindred/core/random.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/kernel/als_terms.hpp>
#include <kindred/kernel/dot.hpp>
#include <kindred/model/detail/als/als_side.hpp>
#include <kindred/model/detail/als/gramian_basis.hpp>
#include <kindred/model/detail/als/half_step.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/implicit_als_options.hpp>
#include <kindred/train/training_loop.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <span>
#include <stop_token>
#include <variant>
#include <vector>

namespace kindred::detail {

/// A pair weighs so much beyond one without an interaction; the squared errors add up to
/// unobserved_weight (the sum over all pairs of score^2) and, over the interactions,
/// weight score^2 - 2 target score + target.
[[nodiscard]] inline kernel::als_terms implicit_terms(
    const implicit_als_options& options) noexcept {
  return {.all_pairs = true,
          .alpha = static_cast<float>(options.alpha),
          .unobserved_weight = static_cast<float>(options.unobserved_weight)};
}

/// The penalty of a row with `count` interactions out of `possible`.
[[nodiscard]] inline float implicit_penalty(const implicit_als_options& options, std::size_t count,
                                            std::size_t possible) noexcept {
  const double weight =
      static_cast<double>(count) + options.unobserved_weight * static_cast<double>(possible);
  return static_cast<float>(options.regularization * std::pow(weight, options.frequency_exponent));
}

/// The Gramian that a row problem of `implicit_als` starts with, from that of the other side.
[[nodiscard]] inline aligned_vector<float> implicit_gramian(const implicit_als_options& options,
                                                            std::span<const float> gramian) {
  aligned_vector<float> scaled(gramian.begin(), gramian.end());
  for (float& element : scaled) element *= static_cast<float>(options.unobserved_weight);
  return scaled;
}

/// Alternates between users and items.
class implicit_als_trainer {
 public:
  /// All must outlive it.
  implicit_als_trainer(const dataset& train, const implicit_als_options& options,
                       const host_loop& loop, const std::stop_token& stop)
      : options_(options),
        loop_(loop),
        stop_(stop),
        size_(train.size()),
        terms_(implicit_terms(options)),
        users_(make_side(train.user_offsets(), train.row_items(), train.row_values())),
        items_(make_side(train.item_offsets(), train.column_users(), train.column_values())) {
    draw_rows(loop_, items_, factors(), options_.init_scale,
              counter_rng(options_.seed, 0x69616c73U));
    item_gramian_ = gramian_of(loop_, items_.rows, items_.width);
  }

  epoch_result run_epoch(int /*epoch*/) {
    step(users_, items_, item_gramian_);
    user_gramian_ = gramian_of(loop_, users_.rows, users_.width);
    step(items_, users_, user_gramian_);
    item_gramian_ = gramian_of(loop_, items_.rows, items_.width);
    return report(
        sum_over_entries([this](float value, float score) { return terms_.error(value, score); }));
  }

  [[nodiscard]] double validation_rmse(const dataset&) const noexcept {
    return std::numeric_limits<double>::quiet_NaN();
  }
  /// The squared errors of the pairs that are not in the training data.
  [[nodiscard]] double validation_loss(const dataset& validation) const {
    const double trained =
        sum_over_entries([](float, float score) { return static_cast<double>(score * score); });
    double sum = options_.unobserved_weight * (sum_of_all_squares() - trained);
    sum += sum_over(loop_, static_cast<std::size_t>(validation.num_users()), [&](std::size_t u) {
      double of_user = 0;
      for (const auto [item, value] : validation.by_user(static_cast<index>(u)))
        of_user += terms_.error(counted(value), score(u, static_cast<std::size_t>(item)));
      return of_user;
    });
    return sum / static_cast<double>(validation.size());
  }

  void keep() {
    kept_users_ = users_.rows;
    kept_items_ = items_.rows;
  }
  void restore() {
    users_.rows = kept_users_;
    items_.rows = kept_items_;
  }

  [[nodiscard]] aligned_vector<float> user_factors() const {
    return without_padding(users_, factors());
  }
  [[nodiscard]] aligned_vector<float> item_factors() const {
    return without_padding(items_, factors());
  }

 protected:
  [[nodiscard]] const implicit_als_options& options() const noexcept { return options_; }
  [[nodiscard]] als_side& users() noexcept { return users_; }
  [[nodiscard]] als_side& items() noexcept { return items_; }
  [[nodiscard]] aligned_vector<float>& user_gramian() noexcept { return user_gramian_; }
  [[nodiscard]] aligned_vector<float>& item_gramian() noexcept { return item_gramian_; }

  /// Of an epoch, with what the interactions add to the loss.
  [[nodiscard]] epoch_result report(double of_interactions) const {
    const double of_pairs = options_.unobserved_weight * sum_of_all_squares();
    return {.squared_error = std::numeric_limits<double>::quiet_NaN(),
            .learning_rate = 1,
            .loss = (of_pairs + of_interactions) / static_cast<double>(size_)};
  }

 private:
  [[nodiscard]] std::size_t factors() const noexcept {
    return static_cast<std::size_t>(options_.factors);
  }

  [[nodiscard]] als_side make_side(std::span<const index> offsets, std::span<const index> others,
                                   std::span<const float> values) const {
    const std::size_t width = padded_factors(factors());
    return {offsets, others,
            options_.values == interaction_value::rating ? values : std::span<const float>(), width,
            aligned_vector<float>((offsets.size() - 1) * width, 0.0F)};
  }

  [[nodiscard]] float counted(float value) const noexcept {
    return options_.values == interaction_value::rating ? value : 1.0F;
  }

  void step(als_side& own, const als_side& other, std::span<const float> gramian) {
    const aligned_vector<float> scaled = implicit_gramian(options_, gramian);
    if (!std::holds_alternative<cholesky>(options_.solver) ||
        !basis_pays(own, other.size(), factors()))
      return solve(own, other, scaled.data(), std::vector<float>(factors(), 0.0F));
    const gramian_basis basis(scaled, factors());
    als_side turned = other;
    basis.enter(loop_, turned.rows);
    solve(own, turned, nullptr, basis.values());
    basis.leave(loop_, own.rows);
  }

  /// Where there is a Gramian, `more` is 0; else it is what the ridge of each factor has beside the
  /// penalty.
  void solve(als_side& own, const als_side& other, const float* gramian,
             std::span<const float> more) {
    const auto describe = [&](std::size_t row, row_terms& terms) {
      const std::size_t begin = own.begin(row);
      for (std::size_t n = 0; n < terms.weights.size(); ++n) {
        const kernel::als_term one = terms_(own.value(begin + n), 1, 0);
        terms.weights[n] = one.weight;
        terms.targets[n] = one.target;
      }
      const float penalty = implicit_penalty(options_, terms.weights.size(), other.size());
      for (std::size_t f = 0; f < more.size(); ++f) terms.ridge[f] = penalty + more[f];
    };
    half_step(loop_, own, other, gramian, describe, stop_).run(options_.solver);
  }

  [[nodiscard]] float score(std::size_t user, std::size_t item) const noexcept {
    if (user >= users_.size() || item >= items_.size()) return 0;
    return kernel::dot(users_.row(user), items_.row(item), users_.width);
  }
  [[nodiscard]] double sum_of_all_squares() const {
    return std::inner_product(
        user_gramian_.begin(), user_gramian_.end(), item_gramian_.begin(), 0.0, std::plus<>(),
        [](float a, float b) { return static_cast<double>(a) * static_cast<double>(b); });
  }

  /// Adds up `f(value, score)` over the interactions.
  template <class Function>
  [[nodiscard]] double sum_over_entries(const Function& f) const {
    return sum_over_scores(loop_, users_, items_, [&](std::size_t, std::size_t n, float score) {
      return f(users_.value(n), score);
    });
  }

  const implicit_als_options& options_;
  const host_loop& loop_;
  const std::stop_token& stop_;
  std::size_t size_;
  kernel::als_terms terms_;
  als_side users_;
  als_side items_;
  aligned_vector<float> user_gramian_;
  aligned_vector<float> item_gramian_;
  aligned_vector<float> kept_users_;
  aligned_vector<float> kept_items_;
};

}  // namespace kindred::detail
