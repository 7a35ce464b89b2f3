#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/random.hpp>
#include <kindred/core/types.hpp>
#include <kindred/evaluate/bootstrap.hpp>
#include <kindred/evaluate/ranking_metrics.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

namespace kindred {

/// How one model differs from another on the same users.
struct paired_comparison {
  double difference = 0;  ///< mean of the first less the second
  double lower = 0;       ///< bounds of the difference, by the bootstrap
  double upper = 0;
  /// How likely a difference at least as far from 0 would be, either way, if it were a matter of
  /// chance for each user which model is which. At least 1 / (resamples + 1).
  double p_value = 1;
  std::size_t users = 0;
};

namespace detail {

inline constexpr std::uint64_t sign_flip_stream = 0x666c697000000000;

/// The sum of the values, each with its sign or the other.
[[nodiscard]] inline double randomly_signed_sum(std::span<const double> values,
                                                const counter_rng& rng) noexcept {
  double sum = 0;
  for (std::size_t begin = 0; begin < values.size(); begin += 64) {
    std::uint64_t signs = rng.bits(begin / 64);
    for (const double value :
         values.subspan(begin, std::min<std::size_t>(64, values.size() - begin))) {
      sum += (signs & 1) != 0 ? value : -value;
      signs >>= 1;
    }
  }
  return sum;
}

/// Precondition: options and values are checked.
[[nodiscard]] inline double sign_flip_p_value(std::span<const double> differences,
                                              const resampling_options& options) {
  const auto sums = resample(options.resamples, differences.size(), [&](std::size_t r) {
    return std::abs(
        randomly_signed_sum(differences, counter_rng(options.seed, sign_flip_stream + r)));
  });
  double magnitude = 0;
  for (const double d : differences) magnitude += std::abs(d);
  // Sums that are equal but for rounding are equal.
  const double observed = std::abs(std::accumulate(differences.begin(), differences.end(), 0.0));
  const double least = observed - 1e-12 * magnitude;
  const auto as_far = std::ranges::count_if(sums, [&](double sum) { return sum >= least; });
  return (1 + static_cast<double>(as_far)) / (1 + static_cast<double>(sums.size()));
}

}  // namespace detail

/// Compares two models by what each user has of them: value u of both belongs to one user. The
/// interval is that of bootstrap_mean on the differences; the p-value is of the paired
/// randomisation test, which flips signs of differences at random (Smucker, Allan and Carterette,
/// "A comparison of statistical significance tests for information retrieval evaluation", CIKM
/// 2007). O(resamples * users), in parallel in the caller's TBB arena, with the same bits on any
/// number of threads. Throws option_error for an option outside its range, data_error if there are
/// not as many values of both, none at all, or one that is not finite.
[[nodiscard]] inline paired_comparison compare_values(std::span<const double> first,
                                                      std::span<const double> second,
                                                      const resampling_options& options = {}) {
  check_options(options);
  if (first.size() != second.size())
    throw data_error("compare_values: " + detail::to_text(first.size()) + " values and " +
                     detail::to_text(second.size()));
  detail::check_values("compare_values", first);
  detail::check_values("compare_values", second);
  std::vector<double> differences;
  for (std::size_t u = 0; u < first.size(); ++u) differences.push_back(first[u] - second[u]);
  const mean_interval interval = detail::interval_of(differences, options);
  return {interval.mean, interval.lower, interval.upper,
          detail::sign_flip_p_value(differences, options), differences.size()};
}

/// The same by a metric at k of two results of evaluate_ranking with keep_users:
///
///   const auto better = kindred::compare_rankings(a, b, &kindred::ranking_cutoff::ndcg, 10);
///
/// Throws what compare_values and ranking_metrics::values throw, and data_error if the results are
/// not of the same users, or not both exact or of as many sampled negatives.
[[nodiscard]] inline paired_comparison compare_rankings(const ranking_metrics& first,
                                                        const ranking_metrics& second,
                                                        double ranking_cutoff::*metric, index k,
                                                        const resampling_options& options = {}) {
  if (first.sampled_negatives != second.sampled_negatives)
    throw data_error("compare_rankings: " + detail::to_text(first.sampled_negatives) + " and " +
                     detail::to_text(second.sampled_negatives) + " sampled negatives");
  const std::vector<double> of_first = first.values(metric, k);
  const std::vector<double> of_second = second.values(metric, k);
  const auto same_user = [](const user_metrics& a, const user_metrics& b) {
    return a.user == b.user;
  };
  if (!std::equal(first.by_user.begin(), first.by_user.end(), second.by_user.begin(),
                  second.by_user.end(), same_user))
    throw data_error("compare_rankings: the results are of different users");
  return compare_values(of_first, of_second, options);
}

}  // namespace kindred
