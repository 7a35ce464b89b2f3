#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/parallel.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/evaluate/auc.hpp>
#include <kindred/evaluate/ranking_metrics.hpp>
#include <kindred/kernel/top_k.hpp>
#include <kindred/model/concepts.hpp>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kindred {

/// What `evaluate_ranking` computes.
struct ranking_options {
  std::vector<index> at = {10, 20, 100};  ///< the cutoffs k, each >= 1; may exceed the items
  /// The least rating that makes a test item relevant; without it, every test item is.
  std::optional<float> relevant_from{};
};

namespace detail {

/// For every item, the best rank it got in any ranking. Written from many threads.
class best_ranks {
 public:
  explicit best_ranks(std::size_t items) : ranks_(items, std::numeric_limits<index>::max()) {}

  void see(index item, index rank) noexcept {
    std::atomic_ref<index> best(ranks_[static_cast<std::size_t>(item)]);
    index known = best.load(std::memory_order_relaxed);
    while (rank < known && !best.compare_exchange_weak(known, rank, std::memory_order_relaxed)) {
    }
  }

  /// The share of items that got a rank of at most k.
  [[nodiscard]] double share(index k) const noexcept {
    const auto count = std::count_if(ranks_.begin(), ranks_.end(), [&](index r) { return r <= k; });
    return static_cast<double>(count) / static_cast<double>(ranks_.size());
  }

 private:
  std::vector<index> ranks_;
};

/// Judges the ranking of one user after another, in memory that it allocates once.
template <ranking_model Model>
class ranking_judge {
 public:
  ranking_judge(const Model& model, const dataset& train, const dataset& test,
                const ranking_options& options, best_ranks& ranks)
      : model_(model),
        train_(train),
        test_(test),
        options_(options),
        ranks_(ranks),
        scores_(static_cast<std::size_t>(model.num_items())),
        best_(std::min(scores_.size(), static_cast<std::size_t>(std::ranges::max(options.at)))) {}

  /// Adds the user's metrics to the sums, unless nothing is relevant to the user.
  void judge(index user, ranking_sums& sums) {
    const std::span<const index> seen = train_.by_user(user).indices();
    find_relevant(user, seen);
    if (relevant_.empty()) return;
    score(user);

    relevant_scores_.clear();
    for (const index item : relevant_) relevant_scores_.push_back(scores_[position(item)]);
    auc_.start(relevant_scores_);
    top_k_selector selector(best_);
    rank_candidates(seen, selector);
    find_hits(selector.finish());

    sums.add_user({hits_, static_cast<index>(relevant_.size())}, options_.at);
    if (auc_.defined()) sums.add_auc(auc_.value());
  }

 private:
  static std::size_t position(index item) noexcept { return static_cast<std::size_t>(item); }

  void find_relevant(index user, std::span<const index> seen) {
    relevant_.clear();
    for (const auto [item, value] : test_.by_user(user))
      if ((!options_.relevant_from || value >= *options_.relevant_from) &&
          !std::binary_search(seen.begin(), seen.end(), item))
        relevant_.push_back(item);
  }

  void score(index user) noexcept {
    model_.score(user, scores_);
    for (float& s : scores_)
      if (std::isnan(s)) s = -std::numeric_limits<float>::infinity();
  }

  /// Goes through all items but those in `seen`, which is sorted.
  void rank_candidates(std::span<const index> seen, top_k_selector& selector) noexcept {
    std::size_t begin = 0;
    const auto rank_until = [&](std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) selector.push({static_cast<index>(i), scores_[i]});
      auc_.add(std::span<const float>(scores_).subspan(begin, end - begin));
    };
    for (const index item : seen) {
      rank_until(position(item));
      begin = position(item) + 1;
    }
    rank_until(scores_.size());
  }

  void find_hits(std::span<const scored_item> ranking) {
    hits_.clear();
    index rank = 0;
    for (const scored_item& recommended : ranking) {
      ranks_.see(recommended.item, ++rank);
      if (std::binary_search(relevant_.begin(), relevant_.end(), recommended.item))
        hits_.push_back(rank);
    }
  }

  const Model& model_;
  const dataset& train_;
  const dataset& test_;
  const ranking_options& options_;
  best_ranks& ranks_;
  std::vector<float> scores_;
  std::vector<scored_item> best_;
  std::vector<index> relevant_;
  std::vector<float> relevant_scores_;
  std::vector<index> hits_;
  auc_counter auc_;
};

inline void check_ranking_options(const ranking_options& options) {
  require_option(!options.at.empty(), "at", std::string_view("{}"), "at least one cutoff");
  for (const index k : options.at) require_option(k >= 1, "at", k, "[1, 2147483647]");
  if (options.relevant_from)
    require_option(!std::isnan(*options.relevant_from), "relevant_from", *options.relevant_from,
                   "the numbers");
}

inline void require_same_items(index items, const char* of, index model_items) {
  if (items != model_items)
    throw data_error("evaluate_ranking: the " + std::string(of) + " set has " + to_text(items) +
                     " items, the model " + to_text(model_items));
}

}  // namespace detail

/// Ranks all items for each user by the scores of a fitted model, leaves out those that the user
/// has in `train`, and judges the ranking by the user's items in `test`. Exact: no items are
/// sampled. A user to whom no test item is relevant is not judged. A pair that is in both parts is
/// neither candidate nor relevant. Equal scores rank by lower index; a score of NaN counts as minus
/// infinity.
///
/// `train` and `test` are parts of one dataset: same users, same items. In parallel in the caller's
/// TBB arena, with the same bits on any number of threads.
/// O(users * (cost of scoring + items * log(relevant items))); holds some rows of scores.
///
/// Throws option_error for a cutoff below 1, data_error if train, test and model differ in size or
/// if there is no user to judge.
template <ranking_model Model>
[[nodiscard]] ranking_metrics evaluate_ranking(const Model& model, const dataset& train,
                                               const dataset& test,
                                               const ranking_options& options = {}) {
  detail::check_ranking_options(options);
  detail::require_same_items(train.num_items(), "training", model.num_items());
  detail::require_same_items(test.num_items(), "test", model.num_items());
  if (train.num_users() != test.num_users())
    throw data_error("evaluate_ranking: the training set has " +
                     detail::to_text(train.num_users()) + " users, the test set " +
                     detail::to_text(test.num_users()));

  constexpr std::size_t users_per_block = 16;  // amortises the memory of the judge
  detail::best_ranks ranks(static_cast<std::size_t>(model.num_items()));
  const auto judge_users = [&](std::size_t first, std::size_t last) {
    detail::ranking_judge judge(model, train, test, options, ranks);
    detail::ranking_sums sums;
    for (std::size_t u = first; u < last; ++u) judge.judge(static_cast<index>(u), sums);
    return sums;
  };
  const detail::ranking_sums sums =
      parallel_sum(static_cast<std::size_t>(test.num_users()), judge_users, users_per_block);
  if (sums.users() == 0)
    throw data_error("evaluate_ranking: the test set has no relevant item for any user");

  ranking_metrics metrics = sums.metrics();
  for (ranking_cutoff& cutoff : metrics.cutoffs) cutoff.coverage = ranks.share(cutoff.k);
  return metrics;
}

}  // namespace kindred
