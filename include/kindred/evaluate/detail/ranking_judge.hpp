#pragma once

#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/evaluate/auc.hpp>
#include <kindred/evaluate/beyond_accuracy.hpp>
#include <kindred/evaluate/detail/item_exposure.hpp>
#include <kindred/evaluate/detail/negative_sample.hpp>
#include <kindred/evaluate/ranking_metrics.hpp>
#include <kindred/evaluate/ranking_options.hpp>
#include <kindred/evaluate/user_ranking.hpp>
#include <kindred/kernel/top_k.hpp>
#include <kindred/model/concepts.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

namespace kindred::detail {

/// What rankings are judged by, whatever the model.
struct ranking_task {
  const dataset& train;
  const dataset& test;
  const ranking_options& options;
  const item_popularity& popularity;
};

/// Judges the ranking of one user after another, in memory that it allocates once.
template <ranking_model Model>
class ranking_judge {
 public:
  ranking_judge(const Model& model, const ranking_task& task, item_exposure& exposure)
      : model_(model),
        task_(task),
        exposure_(exposure),
        deepest_(std::ranges::max(task.options.at)),
        scores_(static_cast<std::size_t>(model.num_items())) {}

  /// The metrics of the user, or null if nothing is relevant to the user; good until the next call.
  const user_metrics* judge(index user) {
    const std::span<const index> seen = task_.train.by_user(user).indices();
    find_relevant(user, seen);
    if (relevant_.empty()) return nullptr;
    score(user);

    gather(relevant_);
    auc_.start(gathered_);
    // Down to where every relevant item outranks the irrelevant ones that partial AUC looks at.
    best_.resize(std::min(scores_.size(), static_cast<std::size_t>(deepest_) + relevant_.size()));
    top_k_selector selector(best_);
    const index candidates = task_.options.sampled_negatives > 0 ? rank_sample(user, seen, selector)
                                                                 : rank_all(seen, selector);
    find_hits(selector.finish());

    fill_metrics(user, candidates);
    return &metrics_;
  }

 private:
  static std::size_t position(index item) noexcept { return static_cast<std::size_t>(item); }

  void find_relevant(index user, std::span<const index> seen) {
    const auto& least = task_.options.relevant_from;
    relevant_.clear();
    for (const auto [item, value] : task_.test.by_user(user))
      if ((!least || value >= *least) && !std::ranges::binary_search(seen, item))
        relevant_.push_back(item);
  }

  void score(index user) noexcept {
    model_.score(user, scores_);
    for (float& s : scores_)
      if (std::isnan(s)) s = -std::numeric_limits<float>::infinity();
  }

  void gather(std::span<const index> items) {
    gathered_.clear();
    for (const index item : items) gathered_.push_back(scores_[position(item)]);
  }

  /// Goes through all items but those in `seen`, which is sorted, and returns how many they are.
  index rank_all(std::span<const index> seen, top_k_selector& selector) noexcept {
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
    return static_cast<index>(scores_.size() - seen.size());
  }

  /// Goes through the relevant items and a sample of the others, and returns how many they are.
  index rank_sample(index user, std::span<const index> seen, top_k_selector& selector) {
    sample_ = relevant_;
    sample_negatives(user, static_cast<index>(scores_.size()), seen, relevant_,
                     task_.options.sampled_negatives, task_.options.seed, sample_);
    gather(sample_);
    for (std::size_t n = 0; n < sample_.size(); ++n) selector.push({sample_[n], gathered_[n]});
    auc_.add(gathered_);
    return static_cast<index>(sample_.size());
  }

  void find_hits(std::span<const scored_item> ranking) {
    hits_.clear();
    list_.clear();
    index rank = 0;
    for (const scored_item& ranked : ranking) {
      if (rank++ < deepest_) list_.push_back(ranked.item);
      if (std::ranges::binary_search(relevant_, ranked.item)) hits_.push_back(rank);
    }
    exposure_.see(list_);
  }

  void fill_metrics(index user, index candidates) {
    metrics_.user = user;
    metrics_.auc = auc_.defined() ? auc_.value() : std::numeric_limits<double>::quiet_NaN();
    metrics_.cutoffs.clear();
    const user_ranking ranking{hits_, static_cast<index>(relevant_.size()), candidates};
    for (const index k : task_.options.at) metrics_.cutoffs.push_back(judge_at(ranking, k));
  }

  [[nodiscard]] ranking_cutoff judge_at(const user_ranking& user, index k) const {
    const auto list = std::span<const index>(list_).first(std::min(position(k), list_.size()));
    const item_distance& distance = task_.options.distance;
    return {.k = k,
            .precision = precision_at(user, k),
            .recall = recall_at(user, k),
            .f_beta = f_beta_at(user, k, task_.options.beta),
            .hit_rate = hit_rate_at(user, k),
            .map = average_precision_at(user, k),
            .mrr = reciprocal_rank_at(user, k),
            .ndcg = ndcg_at(user, k),
            .partial_auc = partial_auc_at(user, k),
            .novelty = mean_inverse_user_frequency(list, task_.popularity),
            .popularity = average_popularity(list, task_.popularity),
            .serendipity = serendipity_of(list, hits_, task_.popularity),
            .diversity = distance ? intra_list_diversity(list, distance)
                                  : std::numeric_limits<double>::quiet_NaN()};
  }

  const Model& model_;
  ranking_task task_;
  item_exposure& exposure_;
  index deepest_;
  std::vector<float> scores_;
  std::vector<float> gathered_;
  std::vector<scored_item> best_;
  std::vector<index> relevant_;
  std::vector<index> sample_;
  std::vector<index> list_;
  std::vector<index> hits_;
  auc_counter auc_;
  user_metrics metrics_;
};

}  // namespace kindred::detail
