#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/types.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace kindred {

/// How the items that are relevant to one user fared in a ranking.
struct user_ranking {
  /// The ranks, from 1 and ascending, at which relevant items stand. May end anywhere beyond the k
  /// that is asked about.
  std::span<const index> hits;
  index relevant = 0;  ///< how many items are relevant, found or not; > 0
};

/// |hits in the first k|.
[[nodiscard]] inline index hits_at(const user_ranking& user, index k) noexcept {
  return static_cast<index>(std::upper_bound(user.hits.begin(), user.hits.end(), k) -
                            user.hits.begin());
}

/// |hits in the first k| / k, even where there are fewer than k items to recommend.
[[nodiscard]] inline double precision_at(const user_ranking& user, index k) noexcept {
  return static_cast<double>(hits_at(user, k)) / k;
}

/// |hits in the first k| / |relevant|, as LightGCN and NGCF report it. (Mult-VAE divides by
/// min(k, |relevant|) instead.)
[[nodiscard]] inline double recall_at(const user_ranking& user, index k) noexcept {
  return static_cast<double>(hits_at(user, k)) / user.relevant;
}

/// 1 if there is a hit in the first k, else 0.
[[nodiscard]] inline double hit_rate_at(const user_ranking& user, index k) noexcept {
  return hits_at(user, k) > 0 ? 1 : 0;
}

/// 1 / rank of the first hit, 0 if it is not in the first k.
[[nodiscard]] inline double reciprocal_rank_at(const user_ranking& user, index k) noexcept {
  return hits_at(user, k) > 0 ? 1.0 / user.hits.front() : 0;
}

/// Sum over the hits in the first k of precision_at(their rank), divided by min(|relevant|, k), so
/// that 1 can be reached; as the package implicit does. (RecTools divides by |relevant|.)
[[nodiscard]] inline double average_precision_at(const user_ranking& user, index k) noexcept {
  double sum = 0;
  const index found = hits_at(user, k);
  for (index n = 0; n < found; ++n)
    sum += static_cast<double>(n + 1) / user.hits[static_cast<std::size_t>(n)];
  return sum / std::min(user.relevant, k);
}

/// DCG / ideal DCG with binary gains: DCG is the sum over the hits in the first k of
/// 1 / log2(1 + rank), and the ideal has hits at ranks 1 .. min(|relevant|, k), as in LightGCN,
/// Mult-VAE and implicit. (RecTools takes an ideal with k hits, however few items are relevant.)
/// After Jarvelin and Kekalainen, "Cumulated gain-based evaluation of IR techniques", TOIS 2002.
[[nodiscard]] inline double ndcg_at(const user_ranking& user, index k) noexcept {
  const auto gain = [](index rank) { return 1 / std::log2(1.0 + rank); };
  double dcg = 0;
  const index found = hits_at(user, k);
  for (index n = 0; n < found; ++n) dcg += gain(user.hits[static_cast<std::size_t>(n)]);
  double ideal = 0;
  for (index rank = 1; rank <= std::min(user.relevant, k); ++rank) ideal += gain(rank);
  return dcg / ideal;
}

/// How good the first k items of the rankings are: means over the users that were judged.
struct ranking_cutoff {
  index k = 0;
  double precision = 0;  ///< mean of precision_at
  double recall = 0;     ///< mean of recall_at
  double hit_rate = 0;   ///< mean of hit_rate_at
  double map = 0;        ///< mean of average_precision_at
  double mrr = 0;        ///< mean of reciprocal_rank_at
  double ndcg = 0;       ///< mean of ndcg_at
  double coverage = 0;   ///< share of all items that are among the first k of some judged user
};

/// How good rankings are; all but `users` are in [0, 1], higher is better.
struct ranking_metrics {
  std::vector<ranking_cutoff> cutoffs;  ///< in the order of ranking_options::at
  /// Mean area under the ROC curve (auc.hpp), over the judged users for whom not all candidates are
  /// relevant; NaN if there are none.
  double auc = 0;
  std::size_t users = 0;  ///< how many were judged: those with a relevant item in the test set

  /// The metrics at a k that was asked for; throws option_error for another.
  [[nodiscard]] const ranking_cutoff& at(index k) const {
    const auto found = std::find_if(cutoffs.begin(), cutoffs.end(),
                                    [&](const ranking_cutoff& cutoff) { return cutoff.k == k; });
    if (found != cutoffs.end()) return *found;
    std::string range = "the evaluated {";
    for (const ranking_cutoff& cutoff : cutoffs)
      range += (range.back() == '{' ? "" : ", ") + detail::to_text(cutoff.k);
    throw option_error("at", detail::to_text(k), range + "}");
  }
};

namespace detail {

/// Sums of the metrics of users, in the order of the cutoffs; grows to it when first added to.
class ranking_sums {
 public:
  void add_user(const user_ranking& user, std::span<const index> cutoffs) {
    sums_.resize(cutoffs.size());
    for (std::size_t c = 0; c < cutoffs.size(); ++c) {
      const index k = cutoffs[c];
      add(sums_[c], {.k = k,
                     .precision = precision_at(user, k),
                     .recall = recall_at(user, k),
                     .hit_rate = hit_rate_at(user, k),
                     .map = average_precision_at(user, k),
                     .mrr = reciprocal_rank_at(user, k),
                     .ndcg = ndcg_at(user, k)});
    }
    ++users_;
  }
  void add_auc(double auc) noexcept {
    auc_ += auc;
    ++auc_users_;
  }

  ranking_sums& operator+=(const ranking_sums& other) {
    sums_.resize(std::max(sums_.size(), other.sums_.size()));
    for (std::size_t c = 0; c < other.sums_.size(); ++c) add(sums_[c], other.sums_[c]);
    users_ += other.users_;
    auc_ += other.auc_;
    auc_users_ += other.auc_users_;
    return *this;
  }

  [[nodiscard]] std::size_t users() const noexcept { return users_; }

  /// Means; coverage is left to the caller. Precondition: users() > 0.
  [[nodiscard]] ranking_metrics metrics() const {
    ranking_metrics means{sums_, auc_ / static_cast<double>(auc_users_), users_};
    const auto n = static_cast<double>(users_);
    for (ranking_cutoff& cutoff : means.cutoffs)
      for (const auto metric : metrics_) cutoff.*metric /= n;
    return means;
  }

 private:
  static constexpr double ranking_cutoff::*metrics_[] = {
      &ranking_cutoff::precision, &ranking_cutoff::recall, &ranking_cutoff::hit_rate,
      &ranking_cutoff::map,       &ranking_cutoff::mrr,    &ranking_cutoff::ndcg};

  static void add(ranking_cutoff& sum, const ranking_cutoff& term) noexcept {
    sum.k = term.k;
    for (const auto metric : metrics_) sum.*metric += term.*metric;
  }

  std::vector<ranking_cutoff> sums_;
  std::size_t users_ = 0;
  double auc_ = 0;
  std::size_t auc_users_ = 0;
};

}  // namespace detail

}  // namespace kindred
