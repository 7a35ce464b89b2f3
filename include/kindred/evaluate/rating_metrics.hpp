#pragma once

#include <cmath>
#include <cstddef>

namespace kindred {

/// How far predictions are from ratings. All are in units of a rating; lower is better.
struct rating_metrics {
  double rmse = 0;       ///< root mean squared error: sqrt(mean of (r - p)^2)
  double mae = 0;        ///< mean absolute error: mean of |r - p|
  double user_rmse = 0;  ///< mean, over the users with ratings, of each one's RMSE
  double user_mae = 0;   ///< likewise of MAE: every user counts alike, however active
  std::size_t count = 0;
};

namespace detail {

/// What rating_metrics are made of, user by user.
class rating_error_sums {
 public:
  /// Adds a user who has `count` > 0 ratings, given the sums over them.
  void add_user(double squared, double absolute, std::size_t count) noexcept {
    const auto n = static_cast<double>(count);
    squared_ += squared;
    absolute_ += absolute;
    user_rmse_ += std::sqrt(squared / n);
    user_mae_ += absolute / n;
    ++users_;
    count_ += count;
  }

  rating_error_sums& operator+=(const rating_error_sums& other) noexcept {
    squared_ += other.squared_;
    absolute_ += other.absolute_;
    user_rmse_ += other.user_rmse_;
    user_mae_ += other.user_mae_;
    users_ += other.users_;
    count_ += other.count_;
    return *this;
  }

  /// Precondition: a user was added.
  [[nodiscard]] rating_metrics metrics() const noexcept {
    const auto n = static_cast<double>(count_);
    const auto users = static_cast<double>(users_);
    return {std::sqrt(squared_ / n), absolute_ / n, user_rmse_ / users, user_mae_ / users, count_};
  }

 private:
  double squared_ = 0;
  double absolute_ = 0;
  double user_rmse_ = 0;
  double user_mae_ = 0;
  std::size_t users_ = 0;
  std::size_t count_ = 0;
};

}  // namespace detail

}  // namespace kindred
