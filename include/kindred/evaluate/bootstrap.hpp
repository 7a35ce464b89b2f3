#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/parallel.hpp>
#include <kindred/core/random.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kindred {

/// How to learn from resamples of the users how far chance goes.
struct resampling_options {
  int resamples = 2000;      ///< in [100, 10000000]
  double confidence = 0.95;  ///< of intervals, in (0, 1)
  std::uint64_t seed = 42;
};

/// Throws option_error for the first option outside its range.
inline void check_options(const resampling_options& options) {
  require_option(options.resamples >= 100 && options.resamples <= 10'000'000, "resamples",
                 options.resamples, "[100, 10000000]");
  require_option(options.confidence > 0 && options.confidence < 1, "confidence", options.confidence,
                 "(0, 1)");
}

/// A mean over users, and between which bounds it lies.
struct mean_interval {
  double mean = 0;
  double lower = 0;
  double upper = 0;
};

namespace detail {

inline constexpr std::uint64_t bootstrap_stream = 0x626f6f7400000000;

inline void check_values(std::string_view function, std::span<const double> values) {
  if (values.empty()) throw data_error(std::string(function) + ": no values");
  for (std::size_t u = 0; u < values.size(); ++u)
    if (!std::isfinite(values[u]))
      throw data_error(std::string(function) + ": value " + to_text(u) + " is " +
                       to_text(values[u]));
}

[[nodiscard]] inline double mean_of(std::span<const double> values) noexcept {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// What `draw` makes of the resamples, each of which has a number; in parallel.
template <class Draw>
[[nodiscard]] std::vector<double> resample(int resamples, std::size_t users, const Draw& draw) {
  std::vector<double> drawn(static_cast<std::size_t>(resamples));
  parallel_for(drawn.size(), 1 + sum_block / users, [&](std::size_t first, std::size_t last) {
    for (std::size_t r = first; r < last; ++r) drawn[r] = draw(r);
  });
  return drawn;
}

/// The mean of as many values as there are, drawn with replacement; four draws from a block of
/// random bits.
[[nodiscard]] inline double resampled_mean(std::span<const double> values,
                                           const counter_rng& rng) noexcept {
  double sum = 0;
  for (std::size_t drawn = 0; drawn < values.size(); drawn += 4) {
    const auto bits = rng.block(drawn / 4);
    for (std::size_t n = 0; n < std::min<std::size_t>(4, values.size() - drawn); ++n)
      sum += values[static_cast<std::size_t>((bits[n] * std::uint64_t{values.size()}) >> 32)];
  }
  return sum / static_cast<double>(values.size());
}

/// Between the elements next to it where it falls between two. Precondition: sorted, not empty.
[[nodiscard]] inline double quantile(std::span<const double> sorted, double share) noexcept {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], place - static_cast<double>(below));
}

/// Precondition: options and values are checked.
[[nodiscard]] inline mean_interval interval_of(std::span<const double> values,
                                               const resampling_options& options) {
  auto means = resample(options.resamples, values.size(), [&](std::size_t r) {
    return resampled_mean(values, counter_rng(options.seed, bootstrap_stream + r));
  });
  std::ranges::sort(means);
  const double tail = (1 - options.confidence) / 2;
  return {mean_of(values), quantile(means, tail), quantile(means, 1 - tail)};
}

}  // namespace detail

/// The confidence interval of a mean over users, by the bootstrap: the percentiles of the means of
/// resamples of the users (Efron, "Bootstrap methods", Annals of Statistics 1979). It tells how the
/// mean varies with the users who happen to be judged, not with the training data or the seed of
/// the model. Below some 30 users it is too narrow.
///
///   const auto metrics = kindred::evaluate_ranking(model, train, test, {.keep_users = true});
///   const auto ndcg = kindred::bootstrap_mean(metrics.values(&kindred::ranking_cutoff::ndcg, 10));
///
/// O(resamples * users), in parallel in the caller's TBB arena, with the same bits on any number of
/// threads. Throws option_error for an option outside its range, data_error if there is no value,
/// or one that is not finite.
[[nodiscard]] inline mean_interval bootstrap_mean(std::span<const double> values,
                                                  const resampling_options& options = {}) {
  check_options(options);
  detail::check_values("bootstrap_mean", values);
  return detail::interval_of(values, options);
}

}  // namespace kindred
