#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/types.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>

namespace kindred {

/// Ratings r = mean + b_u + b_i + p_u . q_i + noise, all terms normal, rounded to the nearest step
/// and cut to the range. Which pairs are rated is independent of the ratings.
struct synthetic_options {
  index num_users = 1000;            ///< >= 1
  index num_items = 500;             ///< >= 1
  std::size_t num_ratings = 50'000;  ///< in [1, num_users * num_items]
  int factors = 8;                   ///< of the hidden model; in [0, 4096]
  double mean = 3.5;
  double user_bias = 0.4;  ///< standard deviation of b_u; >= 0, as the next three
  double item_bias = 0.4;  ///< of b_i
  double signal = 0.6;     ///< of p_u . q_i; without factors there is none
  double noise = 0.5;
  /// The item of rank n is rated, and the user of rank n rates, in proportion to n^-exponent, as
  /// far as nobody can rate more than all items. In [0, 2]; 0 is uniform.
  double popularity_exponent = 0.8;
  double activity_exponent = 0.5;
  float min_rating = 0.5F;
  float max_rating = 5.0F;  ///< > min_rating
  float step = 0.5F;        ///< from one rating to the next, counted from min_rating; 0: continuous
  bool with_times = false;  ///< uniform over the three years from 2015 on
  std::uint64_t seed = 42;
};

/// What is known of synthetic ratings.
struct synthetic_report {
  /// Root mean squared error of the hidden model itself, mean + b_u + b_i + p_u . q_i cut to the
  /// range, on the ratings as they came out: about sqrt(noise^2 + step^2 / 12), less where ratings
  /// are cut off. A model that knew everything but the noise could do no better.
  double noise_floor = 0;
};

namespace detail {

inline void check_options(const synthetic_options& o) {
  require_option(o.num_users >= 1, "num_users", o.num_users, "[1, 2147483647]");
  require_option(o.num_items >= 1, "num_items", o.num_items, "[1, 2147483647]");
  const auto pairs =
      static_cast<std::uint64_t>(o.num_users) * static_cast<std::uint64_t>(o.num_items);
  require_option(o.num_ratings >= 1 && o.num_ratings <= pairs && o.num_ratings <= 2147483647U,
                 "num_ratings", o.num_ratings, "[1, num_users * num_items], at most 2147483647");
  require_option(o.factors >= 0 && o.factors <= 4096, "factors", o.factors, "[0, 4096]");
  require_option(std::isfinite(o.mean), "mean", o.mean, "the finite numbers");
  const auto deviation = [](double value, const char* name) {
    require_option(std::isfinite(value) && value >= 0, name, value, "[0, inf)");
  };
  deviation(o.user_bias, "user_bias");
  deviation(o.item_bias, "item_bias");
  deviation(o.signal, "signal");
  deviation(o.noise, "noise");
  const auto exponent = [](double value, const char* name) {
    require_option(value >= 0 && value <= 2, name, value, "[0, 2]");
  };
  exponent(o.popularity_exponent, "popularity_exponent");
  exponent(o.activity_exponent, "activity_exponent");
  require_option(std::isfinite(o.min_rating), "min_rating", o.min_rating, "the finite numbers");
  require_option(std::isfinite(o.max_rating) && o.max_rating > o.min_rating, "max_rating",
                 o.max_rating, "(min_rating, inf)");
  require_option(o.step >= 0 && o.step <= o.max_rating - o.min_rating, "step", o.step,
                 "[0, max_rating - min_rating]");
}

}  // namespace detail

}  // namespace kindred
