#pragma once

#include <kindred/core/error.hpp>
#include <kindred/evaluate/item_distance.hpp>
#include <kindred/kernel/top_k.hpp>
#include <kindred/serve/detail/pick_greedily.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

namespace kindred {

struct diversity_options {
  double relevance = 0.7;  ///< in [0, 1]: 1 keeps the order, 0 looks at distances alone
};

/// Throws option_error for an option outside its range.
inline void check_options(const diversity_options& o) {
  require_option(o.relevance >= 0 && o.relevance <= 1, "relevance", o.relevance, "[0, 1]");
}

/// The k candidates of maximal marginal relevance, in the order in which they are picked: each is
/// the one with the highest relevance * score - (1 - relevance) * (likeness to the most alike of
/// those before it). Scores are scaled to [0, 1] over the candidates; likeness is 1 - distance; of
/// equals the first in `candidates` wins. Items keep their scores.
/// Carbonell and Goldstein, "The use of MMR, diversity-based reranking for reordering documents and
/// producing summaries", SIGIR 1998. O(k * candidates * cost of a distance).
/// Throws option_error for an option outside its range, data_error if a score is not finite.
[[nodiscard]] inline std::vector<scored_item> rerank_diverse(
    std::span<const scored_item> candidates, std::size_t k, const item_distance& distance,
    const diversity_options& options = {}) {
  check_options(options);
  const std::vector<double> relevance = detail::scale_scores(candidates);
  std::vector<double> nearest(candidates.size(), 1);  // before there is any
  bool first = true;
  return detail::pick_greedily(
      candidates, k,
      [&](std::size_t c) {
        return options.relevance * relevance[c] - (1 - options.relevance) * (1 - nearest[c]);
      },
      [&](std::size_t picked) {
        for (std::size_t c = 0; c < candidates.size(); ++c) {
          const double far = distance(candidates[c].item, candidates[picked].item);
          nearest[c] = first ? far : std::min(nearest[c], far);
        }
        first = false;
      });
}

}  // namespace kindred
