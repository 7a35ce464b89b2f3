#pragma once

#include <kindred/core/types.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

namespace kindred {

/// How the items that are relevant to one user fared in a ranking.
struct user_ranking {
  /// The ranks, from 1 and ascending, at which relevant items stand. May end anywhere beyond the k
  /// that is asked about.
  std::span<const index> hits;
  index relevant = 0;    ///< how many items are relevant, found or not; > 0
  index candidates = 0;  ///< how many items were to be ranked; only partial_auc_at asks
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

/// F-beta: the harmonic mean of precision and recall in which recall weighs beta^2 times as much; 0
/// without a hit. After van Rijsbergen, "Information Retrieval", 1979. Precondition: beta > 0.
[[nodiscard]] inline double f_beta_at(const user_ranking& user, index k, double beta) noexcept {
  // (1 + b^2) p r / (b^2 p + r), with p = hits / k and r = hits / |relevant|.
  return (1 + beta * beta) * hits_at(user, k) / (beta * beta * user.relevant + k);
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

/// Partial AUC: of the pairs of a relevant item and one of the k irrelevant items that rank
/// highest, the share in which the relevant one ranks higher; 1 if there is no irrelevant one. With
/// all of them it is the AUC, but for ties, which here the ranking has broken. As in RecTools;
/// after Dodd and Pepe, "Partial AUC estimation and regression", Biometrics 2003. Precondition: the
/// hits are known down to rank k + |relevant|.
[[nodiscard]] inline double partial_auc_at(const user_ranking& user, index k) noexcept {
  const index irrelevant = std::min(k, user.candidates - user.relevant);
  if (irrelevant <= 0) return 1;
  double won = 0;
  index found = 0;
  for (const index rank : user.hits) won += std::max(0, irrelevant - (rank - ++found));
  return won / (static_cast<double>(irrelevant) * user.relevant);
}

}  // namespace kindred
