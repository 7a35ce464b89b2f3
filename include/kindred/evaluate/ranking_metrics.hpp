#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/types.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <span>
#include <string>
#include <vector>

namespace kindred {

/// How good the first k items of the rankings are: means over the users that were judged, but for
/// coverage and gini, which are of all their lists together.
struct ranking_cutoff {
  index k = 0;
  // By what is relevant to a user (user_ranking.hpp). In [0, 1], higher is better.
  double precision = 0;    ///< mean of precision_at
  double recall = 0;       ///< mean of recall_at
  double f_beta = 0;       ///< mean of f_beta_at, with ranking_options::beta
  double hit_rate = 0;     ///< mean of hit_rate_at
  double map = 0;          ///< mean of average_precision_at
  double mrr = 0;          ///< mean of reciprocal_rank_at
  double ndcg = 0;         ///< mean of ndcg_at
  double partial_auc = 0;  ///< mean of partial_auc_at
  // Beyond that (beyond_accuracy.hpp).
  double novelty = 0;      ///< mean of mean_inverse_user_frequency, in bits
  double popularity = 0;   ///< mean of average_popularity: training ratings of an item
  double serendipity = 0;  ///< mean of serendipity_of, in [0, 1]
  double diversity = 0;    ///< mean of intra_list_diversity; NaN without ranking_options::distance
  double coverage = 0;     ///< share of all items that are among the first k of some judged user
  double gini = 0;         ///< gini_index of how often each item is among the first k
};

namespace detail {

/// The metrics of a ranking_cutoff that every user has a value of.
inline constexpr double ranking_cutoff::*user_metric_members[] = {
    &ranking_cutoff::precision,  &ranking_cutoff::recall,      &ranking_cutoff::f_beta,
    &ranking_cutoff::hit_rate,   &ranking_cutoff::map,         &ranking_cutoff::mrr,
    &ranking_cutoff::ndcg,       &ranking_cutoff::partial_auc, &ranking_cutoff::novelty,
    &ranking_cutoff::popularity, &ranking_cutoff::serendipity, &ranking_cutoff::diversity};

/// Which of the cutoffs is at k; throws option_error if none is.
[[nodiscard]] inline std::size_t find_cutoff(std::span<const ranking_cutoff> cutoffs, index k) {
  std::string range = "the evaluated {";
  for (std::size_t c = 0; c < cutoffs.size(); ++c) {
    if (cutoffs[c].k == k) return c;
    range += (c == 0 ? "" : ", ") + to_text(cutoffs[c].k);
  }
  throw option_error("at", to_text(k), range + "}");
}

}  // namespace detail

/// How good the ranking of one user is.
struct user_metrics {
  index user = unknown_index;
  std::vector<ranking_cutoff> cutoffs{};  ///< the user's own values; neither coverage nor gini
  double auc = 0;                         ///< NaN if all candidates are relevant

  /// The metrics at a k that was asked for; throws option_error for another.
  [[nodiscard]] const ranking_cutoff& at(index k) const {
    return cutoffs[detail::find_cutoff(cutoffs, k)];
  }
};

/// How good rankings are.
struct ranking_metrics {
  std::vector<ranking_cutoff> cutoffs{};  ///< in the order of ranking_options::at
  /// Mean area under the ROC curve (auc.hpp), over the judged users for whom not all candidates are
  /// relevant; NaN if there are none.
  double auc = 0;
  std::size_t users = 0;  ///< how many were judged: those with a relevant item in the test set
  /// How many irrelevant items were drawn for each user; 0 if the rankings are of all items.
  /// Sampled metrics compare neither with exact ones nor with those of another number.
  index sampled_negatives = 0;
  /// The judged users one by one, in ascending order, if ranking_options::keep_users asked for it.
  std::vector<user_metrics> by_user{};

  /// The metrics at a k that was asked for; throws option_error for another.
  [[nodiscard]] const ranking_cutoff& at(index k) const {
    return cutoffs[detail::find_cutoff(cutoffs, k)];
  }

  /// What each judged user has of a metric at k, in the order of by_user:
  /// `metrics.values(&ranking_cutoff::ndcg, 10)`. Throws option_error for a k that was not asked
  /// for, data_error without by_user, and for coverage and gini.
  [[nodiscard]] std::vector<double> values(double ranking_cutoff::*metric, index k) const {
    const auto* const end = std::end(detail::user_metric_members);
    if (std::find(std::begin(detail::user_metric_members), end, metric) == end)
      throw data_error("coverage and gini have no value for one user");
    const std::size_t cutoff = detail::find_cutoff(cutoffs, k);
    require_users();
    std::vector<double> of_users;
    for (const user_metrics& user : by_user) of_users.push_back(user.cutoffs[cutoff].*metric);
    return of_users;
  }

  /// The same of the AUC, for the users who have one.
  [[nodiscard]] std::vector<double> auc_values() const {
    require_users();
    std::vector<double> of_users;
    for (const user_metrics& user : by_user)
      if (!std::isnan(user.auc)) of_users.push_back(user.auc);
    return of_users;
  }

 private:
  void require_users() const {
    if (by_user.empty())
      throw data_error("no metrics of single users: evaluate with ranking_options::keep_users");
  }
};

}  // namespace kindred
