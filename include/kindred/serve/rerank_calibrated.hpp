#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/types.hpp>
#include <kindred/kernel/top_k.hpp>
#include <kindred/serve/detail/pick_greedily.hpp>
#include <kindred/serve/item_categories.hpp>

#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

// Steck, "Calibrated recommendations", RecSys 2018: who watched 70 % romance and 30 % action finds
// both in about these shares among what is recommended.

namespace kindred {

struct calibration_options {
  double weight = 0.5;      ///< in [0, 1], of calibration: 0 keeps the order
  double smoothing = 0.01;  ///< in (0, 1): how much of the target is mixed into a list's shares
};

/// Throws option_error for the first option outside its range.
inline void check_options(const calibration_options& o) {
  require_option(o.weight >= 0 && o.weight <= 1, "weight", o.weight, "[0, 1]");
  require_option(o.smoothing > 0 && o.smoothing < 1, "smoothing", o.smoothing, "(0, 1)");
}

/// The share of each category in some items, by weight if there are weights, one an item; an item
/// divides its weight among its categories evenly. All 0 if no item has any.
/// Throws data_error if the number of weights is wrong, or one is negative or not finite.
[[nodiscard]] inline std::vector<double> category_shares(std::span<const index> items,
                                                         const item_categories& categories,
                                                         std::span<const float> weights = {}) {
  if (!weights.empty() && weights.size() != items.size())
    throw data_error("category_shares: " + detail::to_text(weights.size()) + " weights for " +
                     detail::to_text(items.size()) + " items");
  std::vector<double> shares(categories.count());
  double total = 0;
  for (std::size_t n = 0; n < items.size(); ++n) {
    const double weight = weights.empty() ? 1 : static_cast<double>(weights[n]);
    if (!(weight >= 0) || std::isinf(weight))
      throw data_error("category_shares: a weight of " + detail::to_text(weight));
    const std::span<const index> own = categories[items[n]];
    for (const index c : own)
      shares[static_cast<std::size_t>(c)] += weight / static_cast<double>(own.size());
    if (!own.empty()) total += weight;
  }
  for (double& share : shares) share = total > 0 ? share / total : 0;
  return shares;
}

namespace detail {

/// Throws data_error unless there is one share a category, none negative, with a sum of 0 or 1.
inline void check_target(std::span<const double> target, const item_categories& categories) {
  double sum = 0;
  bool sound = target.size() == categories.count();
  for (const double share : target) {
    sound = sound && share >= 0;
    sum += share;
  }
  if (!sound || !(sum == 0 || std::abs(sum - 1) < 1e-6))
    throw data_error("the target is not one share for each of " + to_text(categories.count()) +
                     " categories");
}

/// The categories of a list that grows.
class category_tally {
 public:
  category_tally(const item_categories& categories, std::span<const double> target,
                 double smoothing)
      : categories_(categories), target_(target), smoothing_(smoothing), sums_(target.size()) {}

  void add(index item) {
    const std::span<const index> own = categories_[item];
    for (const index c : own)
      sums_[static_cast<std::size_t>(c)] += 1 / static_cast<double>(own.size());
    if (!own.empty()) ++items_;
  }

  /// Kullback-Leibler divergence of the smoothed shares of the list from the target, in nats.
  [[nodiscard]] double divergence() const noexcept {
    double sum = 0;
    for (std::size_t c = 0; c < target_.size(); ++c) {
      if (target_[c] == 0) continue;
      const double share = items_ > 0 ? sums_[c] / items_ : 0;
      sum += target_[c] * std::log(target_[c] / std::lerp(share, target_[c], smoothing_));
    }
    return sum;
  }

  /// The same as if the item were in the list.
  [[nodiscard]] double divergence_with(index item) const {
    category_tally with = *this;
    with.add(item);
    return with.divergence();
  }

 private:
  const item_categories& categories_;
  std::span<const double> target_;
  double smoothing_;
  std::vector<double> sums_;
  double items_ = 0;
};

}  // namespace detail

/// How far a list is from calibrated: the divergence of its shares, smoothed, from the target, in
/// nats; 0 if they are the same. Throws as rerank_calibrated does.
[[nodiscard]] inline double calibration_error(std::span<const scored_item> list,
                                              std::span<const double> target,
                                              const item_categories& categories,
                                              const calibration_options& options = {}) {
  check_options(options);
  detail::check_target(target, categories);
  detail::category_tally tally(categories, target, options.smoothing);
  for (const scored_item& entry : list) tally.add(entry.item);
  return tally.divergence();
}

/// The k candidates that trade scores for calibration, in the order in which they are picked: each
/// raises (1 - weight) * (sum of scores) - weight * calibration_error most, of equals the first in
/// `candidates`. Greedy, which is within 1 - 1/e of the best list for each of its lengths. Scores
/// are scaled to [0, 1] over the candidates; items keep theirs. `target` has one share a category:
/// `category_shares` of what the user liked. O(k * candidates * categories).
/// Throws option_error for an option outside its range, data_error if a score is not finite or the
/// target has other than one share a category, adding up to 1 (or all 0: nothing is known).
[[nodiscard]] inline std::vector<scored_item> rerank_calibrated(
    std::span<const scored_item> candidates, std::size_t k, std::span<const double> target,
    const item_categories& categories, const calibration_options& options = {}) {
  check_options(options);
  detail::check_target(target, categories);
  const std::vector<double> relevance = detail::scale_scores(candidates);
  detail::category_tally tally(categories, target, options.smoothing);
  return detail::pick_greedily(
      candidates, k,
      [&](std::size_t c) {
        return (1 - options.weight) * relevance[c] -
               options.weight * tally.divergence_with(candidates[c].item);
      },
      [&](std::size_t c) { tally.add(candidates[c].item); });
}

}  // namespace kindred
