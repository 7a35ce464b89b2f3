#pragma once

#include <kindred/core/random.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/kernel/axpy.hpp>
#include <kindred/kernel/dot.hpp>
#include <kindred/kernel/gathered_rows.hpp>
#include <kindred/model/detail/als/als_side.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/detail/svd/rating_times.hpp>
#include <kindred/model/detail/svd/user_batches.hpp>
#include <kindred/model/svdpp_options.hpp>
#include <kindred/train/learning_rate.hpp>
#include <kindred/train/training_loop.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

namespace kindred::detail {

/// What SVD++ learns. Rows are padded by zeros to `width`. What is of times is empty without them.
struct svdpp_parameters {
  std::size_t width = 0;
  aligned_vector<float> users;     ///< p
  aligned_vector<float> items;     ///< q
  aligned_vector<float> implicit;  ///< y
  aligned_vector<float> user_biases;
  aligned_vector<float> item_biases;
  // Of times.
  aligned_vector<float> drifts;  ///< by which a user's row moves
  aligned_vector<float> slopes;  ///< by which its bias does
  aligned_vector<float> days;    ///< biases of users on a day
  aligned_vector<float> bins;    ///< biases of an item in a part of the time: items x bins

  [[nodiscard]] bool are_finite() const noexcept {
    const auto finite = [](const aligned_vector<float>* numbers) {
      return std::ranges::all_of(*numbers, [](float x) { return std::isfinite(x); });
    };
    return std::ranges::all_of(std::array{&users, &items, &implicit, &user_biases, &item_biases,
                                          &drifts, &slopes, &days, &bins},
                               finite);
  }
};

/// Steps of gradient descent on half of the squared errors, and of the penalties that each rating
/// pays for the parameters that it depends on.
///
/// Of a batch of users, first each user steps through its ratings, a few at a time, with the items
/// fixed, in parallel; then each item that they rated steps by all of those ratings at once, with
/// the users fixed, in parallel. What y_i of all rated items have in common is summed up a user.
/// So nothing depends on the threads, and all that is costly is kernels over gathered rows.
class svdpp_trainer {
 public:
  /// All must outlive it; without `times` there is no drift.
  svdpp_trainer(const dataset& train, const svdpp_options& options, const host_loop& loop,
                const std::stop_token& stop, const rating_times* times = nullptr)
      : train_(train),
        options_(options),
        loop_(loop),
        stop_(stop),
        times_(times),
        factors_(static_cast<std::size_t>(options.factors)),
        batches_(train, static_cast<std::size_t>(options.batch), options.seed),
        errors_(train.size()),
        user_errors_(static_cast<std::size_t>(train.num_users()), 0.0),
        vectors_(batches_.most_users() * width(), 0.0F),
        pulls_(batches_.most_users() * width(), 0.0F) {
    const auto users = static_cast<std::size_t>(train.num_users());
    const auto items = static_cast<std::size_t>(train.num_items());
    now_.width = width();
    now_.users = random_rows(train.user_offsets(), 1);
    now_.items = random_rows(train.item_offsets(), 2);
    now_.implicit = random_rows(train.item_offsets(), 3);
    now_.user_biases.assign(users, 0.0F);
    now_.item_biases.assign(items, 0.0F);
    if (times_ == nullptr) return;
    now_.drifts.assign(users * width(), 0.0F);
    now_.slopes.assign(users, 0.0F);
    now_.days.assign(times_->days, 0.0F);
    now_.bins.assign(items * times_->bins, 0.0F);
  }

  epoch_result run_epoch(int epoch) {
    const double rate =
        scheduled_learning_rate(learning_rate_schedule::inverse_time, options_.learning_rate,
                                options_.learning_rate_decay, epoch);
    rate_ = static_cast<float>(rate);
    const random_permutation order(batches_.size(),
                                   options_.seed + static_cast<std::uint64_t>(epoch));
    for (std::size_t n = 0; n < batches_.size() && !stop_.stop_requested(); ++n)
      learn(static_cast<std::size_t>(order(n)));
    const double squared =
        sum_over(loop_, user_errors_.size(), [&](std::size_t u) { return user_errors_[u]; });
    return {.squared_error = squared, .learning_rate = rate};
  }

  void keep() { kept_ = now_; }
  void restore() { now_ = kept_; }

  [[nodiscard]] std::size_t factors() const noexcept { return factors_; }
  [[nodiscard]] const svdpp_parameters& parameters() const noexcept { return now_; }

  /// p_u and what the items say that each user has rated, which is all that SVD++ predicts from.
  [[nodiscard]] aligned_vector<float> user_vectors() const {
    aligned_vector<float> vectors(now_.users.size());
    loop_(user_errors_.size(), [&](std::size_t first, std::size_t last) {
      std::vector<float> weights;
      for (std::size_t u = first; u < last; ++u)
        fill_vector(static_cast<index>(u), weights, vectors.data() + u * width());
    });
    return vectors;
  }

  /// The rows of what was learnt, without padding.
  [[nodiscard]] aligned_vector<float> without_padding(std::span<const float> rows) const {
    aligned_vector<float> dense(rows.size() / width() * factors_);
    for (std::size_t r = 0; r * width() < rows.size(); ++r)
      std::copy_n(rows.data() + r * width(), factors_, dense.data() + r * factors_);
    return dense;
  }

 private:
  static constexpr std::size_t step = 16;  ///< ratings that a user learns from at a time

  struct scratch {
    explicit scratch(std::size_t width) : gradient(width), implicit(width) {}

    std::vector<float> weights;
    aligned_vector<float> gradient;
    aligned_vector<float> implicit;
  };

  [[nodiscard]] std::size_t width() const noexcept { return padded_factors(factors_); }
  [[nodiscard]] kernel::gathered_rows<float> gather(const aligned_vector<float>& rows,
                                                    std::span<const index> which) const noexcept {
    return {rows.data(), width(), width(), which.data(), which.size()};
  }
  [[nodiscard]] static float norm(std::size_t ratings) noexcept {
    return 1 / std::sqrt(static_cast<float>(ratings));
  }
  /// What a penalty leaves of a parameter that a rating pays for.
  [[nodiscard]] float kept(float regularization) const noexcept {
    return std::max(0.0F, 1 - rate_ * regularization);
  }
  /// What it leaves after several.
  [[nodiscard]] float kept(double regularization, std::size_t ratings) const noexcept {
    const double once = std::max(0.0, 1 - static_cast<double>(rate_) * regularization);
    return static_cast<float>(std::pow(once, static_cast<double>(ratings)));
  }

  [[nodiscard]] aligned_vector<float> random_rows(std::span<const index> offsets,
                                                  std::uint64_t stream) const {
    const counter_rng random(options_.seed, stream);
    aligned_vector<float> rows((offsets.size() - 1) * width(), 0.0F);
    const double deviation = options_.init_scale / std::sqrt(static_cast<double>(factors_));
    for_each_index(loop_, offsets.size() - 1, [&](std::size_t r) {
      for (std::size_t f = 0; f < factors_ && offsets[r + 1] > offsets[r]; ++f)
        rows[r * width() + f] = static_cast<float>(deviation * random.normal(r * factors_ + f));
    });
    return rows;
  }

  void fill_vector(index user, std::vector<float>& weights, float* vector) const {
    const auto rated = train_.by_user(user).indices();
    std::copy_n(now_.users.data() + static_cast<std::size_t>(user) * width(), width(), vector);
    weights.assign(rated.size(), rated.empty() ? 0.0F : norm(rated.size()));
    kernel::add_rows(gather(now_.implicit, rated), weights.data(), vector);
  }

  void learn(std::size_t batch) {
    const auto users = batches_.users(batch);
    loop_(users.size(), [&](std::size_t first, std::size_t last) {
      scratch with(width());
      for (std::size_t n = first; n < last; ++n) learn_user(users[n], n, with);
    });
    loop_(batches_.items(batch), [&](std::size_t first, std::size_t last) {
      std::vector<float> weights;
      for (std::size_t n = first; n < last; ++n)
        learn_item(batches_.item(batch, n), users, weights);
    });
  }

  void learn_user(index user, std::size_t place, scratch& with) {
    const auto u = static_cast<std::size_t>(user);
    float* const vector = vectors_.data() + place * width();
    float* const pull = pulls_.data() + place * width();
    fill_vector(user, with.weights, vector);
    float* const own = now_.users.data() + u * width();
    for (std::size_t f = 0; f < width(); ++f) with.implicit[f] = vector[f] - own[f];
    std::fill_n(pull, width(), 0.0F);
    user_errors_[u] = 0;
    const std::size_t begin = static_cast<std::size_t>(train_.user_offsets()[u]);
    const std::size_t count = train_.by_user(user).size();
    for (std::size_t at = 0; at < count; at += step) {
      const std::size_t some = std::min(step, count - at);
      set_errors(u, begin + at, some, vector);
      step_user_biases(u, begin + at, some);
      step_vector(u, begin + at, some, vector, pull, with);
    }
    for (std::size_t f = 0; f < width(); ++f) own[f] = vector[f] - with.implicit[f];
  }

  /// The errors of some rows of a user, times their weights.
  void set_errors(std::size_t u, std::size_t row, std::size_t count, const float* vector) {
    const auto items = train_.row_items().subspan(row, count);
    float products[step];
    kernel::dot_rows(gather(now_.items, items), vector, products);
    if (times_ != nullptr) {
      float drifts[step];
      kernel::dot_rows(gather(now_.items, items), now_.drifts.data() + u * width(), drifts);
      for (std::size_t n = 0; n < count; ++n)
        products[n] += times_->drift[row + n] * (drifts[n] + now_.slopes[u]) +
                       now_.days[day(row + n)] + now_.bins[bin(items[n], row + n)];
    }
    const auto level = static_cast<float>(train_.mean()) + now_.user_biases[u];
    for (std::size_t n = 0; n < count; ++n) {
      const float error = train_.row_values()[row + n] - level -
                          now_.item_biases[static_cast<std::size_t>(items[n])] - products[n];
      user_errors_[u] += static_cast<double>(error) * static_cast<double>(error);
      errors_[row + n] = train_.has_weights() ? train_.row_weights()[row + n] * error : error;
    }
  }

  void step_user_biases(std::size_t u, std::size_t row, std::size_t count) {
    float sum = 0;
    for (std::size_t n = row; n < row + count; ++n) sum += errors_[n];
    const float kept_share = kept(options_.bias_regularization, count);
    now_.user_biases[u] = kept_share * now_.user_biases[u] + rate_ * sum;
    if (times_ == nullptr) return;
    float drift = 0;
    for (std::size_t n = row; n < row + count; ++n) {
      drift += errors_[n] * times_->drift[n];
      float& of_day = now_.days[day(n)];
      of_day = kept(times_->day_penalty[n]) * of_day + rate_ * errors_[n];
    }
    now_.slopes[u] = kept(times_->drift_penalty, count) * now_.slopes[u] + rate_ * drift;
  }

  /// Moves p_u, and with it the vector, and notes what pulls at each y.
  void step_vector(std::size_t u, std::size_t row, std::size_t count, float* vector, float* pull,
                   scratch& with) {
    const auto rows = gather(now_.items, train_.row_items().subspan(row, count));
    std::ranges::fill(with.gradient, 0.0F);
    kernel::add_rows(rows, errors_.data() + row, with.gradient.data());
    const float share = kept(options_.factor_regularization, count);
    for (std::size_t f = 0; f < width(); ++f)
      vector[f] = with.implicit[f] + share * (vector[f] - with.implicit[f]);
    kernel::axpy(rate_, with.gradient.data(), width(), vector);
    kernel::axpy(1.0F, with.gradient.data(), width(), pull);
    if (times_ == nullptr) return;
    float weights[step];
    for (std::size_t n = 0; n < count; ++n)
      weights[n] = rate_ * errors_[row + n] * times_->drift[row + n];
    float* const drifts = now_.drifts.data() + u * width();
    const float drift_share = kept(times_->drift_penalty, count);
    for (std::size_t f = 0; f < width(); ++f) drifts[f] *= drift_share;
    kernel::add_rows(rows, weights, drifts);
  }

  void learn_item(const batch_item& from, std::span<const index> users,
                  std::vector<float>& weights) {
    const std::size_t count = from.rows.size();
    float* const row = now_.items.data() + from.item * width();
    float* const implicit = now_.implicit.data() + from.item * width();
    weights.resize(count);
    float sum = 0;
    for (std::size_t n = 0; n < count; ++n) {
      weights[n] = rate_ * errors_[static_cast<std::size_t>(from.rows[n])];
      sum += weights[n];
    }
    float& bias = now_.item_biases[from.item];
    bias = kept(options_.bias_regularization, count) * bias + sum;
    shrink(row, kept(options_.factor_regularization, count));
    kernel::add_rows(gather(vectors_, from.users), weights.data(), row);
    if (times_ != nullptr) step_times(from, users, weights, row);
    for (std::size_t n = 0; n < count; ++n)
      weights[n] =
          rate_ * norm(train_.by_user(users[static_cast<std::size_t>(from.users[n])]).size());
    shrink(implicit, kept(options_.implicit_regularization, count));
    kernel::add_rows(gather(pulls_, from.users), weights.data(), implicit);
  }

  /// What the drifts of users say of an item, and its biases by time.
  void step_times(const batch_item& from, std::span<const index> users,
                  const std::vector<float>& weights, float* row) {
    for (std::size_t n = 0; n < weights.size(); ++n) {
      const auto r = static_cast<std::size_t>(from.rows[n]);
      const auto u = static_cast<std::size_t>(users[static_cast<std::size_t>(from.users[n])]);
      kernel::axpy(weights[n] * times_->drift[r], now_.drifts.data() + u * width(), width(), row);
      float& of_bin = now_.bins[bin(static_cast<index>(from.item), r)];
      of_bin = kept(times_->bin_penalty[r]) * of_bin + weights[n];
    }
  }

  void shrink(float* row, float share) const noexcept {
    for (std::size_t f = 0; f < width(); ++f) row[f] *= share;
  }
  [[nodiscard]] std::size_t day(std::size_t row) const noexcept {
    return static_cast<std::size_t>(times_->day[row]);
  }
  [[nodiscard]] std::size_t bin(index item, std::size_t row) const noexcept {
    return static_cast<std::size_t>(item) * times_->bins +
           static_cast<std::size_t>(times_->bin[row]);
  }

  const dataset& train_;
  const svdpp_options& options_;
  const host_loop& loop_;
  const std::stop_token& stop_;
  const rating_times* times_;
  std::size_t factors_;
  user_batches batches_;
  svdpp_parameters now_;
  svdpp_parameters kept_;
  float rate_ = 0;
  aligned_vector<float> errors_;  ///< of each row when its user was last learnt from
  std::vector<double> user_errors_;
  aligned_vector<float> vectors_;  ///< of the users of the batch
  aligned_vector<float> pulls_;    ///< on each y of theirs, but for the norm
};

}  // namespace kindred::detail
