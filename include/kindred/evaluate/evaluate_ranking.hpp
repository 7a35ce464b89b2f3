#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/parallel.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/evaluate/beyond_accuracy.hpp>
#include <kindred/evaluate/detail/item_exposure.hpp>
#include <kindred/evaluate/detail/ranking_judge.hpp>
#include <kindred/evaluate/detail/ranking_sums.hpp>
#include <kindred/evaluate/ranking_metrics.hpp>
#include <kindred/evaluate/ranking_options.hpp>
#include <kindred/model/concepts.hpp>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace kindred {

namespace detail {

inline void require_same_items(index items, const char* of, index model_items) {
  if (items != model_items)
    throw data_error("evaluate_ranking: the " + std::string(of) + " set has " + to_text(items) +
                     " items, the model " + to_text(model_items));
}

inline void check_parts(const dataset& train, const dataset& test, index model_items) {
  require_same_items(train.num_items(), "training", model_items);
  require_same_items(test.num_items(), "test", model_items);
  if (train.num_users() != test.num_users())
    throw data_error("evaluate_ranking: the training set has " + to_text(train.num_users()) +
                     " users, the test set " + to_text(test.num_users()));
}

/// Judges all users; puts each one's metrics into its place of `by_user`, unless that is empty.
template <ranking_model Model>
[[nodiscard]] ranking_sums judge_users(const Model& model, const ranking_task& task,
                                       item_exposure& exposure,
                                       std::vector<user_metrics>& by_user) {
  constexpr std::size_t users_per_block = 16;  // amortises the memory of the judge
  const auto judge_block = [&](std::size_t first, std::size_t last) {
    ranking_judge judge(model, task, exposure);
    ranking_sums sums;
    for (std::size_t u = first; u < last; ++u) {
      const user_metrics* metrics = judge.judge(static_cast<index>(u));
      if (metrics == nullptr) continue;
      sums.add(*metrics);
      if (!by_user.empty()) by_user[u] = *metrics;
    }
    return sums;
  };
  return parallel_sum(static_cast<std::size_t>(task.test.num_users()), judge_block,
                      users_per_block);
}

}  // namespace detail

/// Ranks all items for each user by the scores of a fitted model, leaves out those that the user
/// has in `train`, and judges the ranking by the user's items in `test`. Exact, unless options ask
/// for sampled negatives. A user to whom no test item is relevant is not judged. A pair that is in
/// both parts is neither candidate nor relevant. Equal scores rank by lower index; a score of NaN
/// counts as minus infinity.
///
/// `train` and `test` are parts of one dataset: same users, same items. In parallel in the caller's
/// TBB arena, with the same bits on any number of threads. For intervals see bootstrap.hpp, for one
/// model against another compare.hpp.
/// O(users * (cost of scoring + items * log(relevant items) + cutoffs * k)), k^2 with a distance;
/// holds some rows of scores and a count for each cutoff and item.
///
/// Throws option_error for an option outside its range, data_error if train, test and model differ
/// in size or if there is no user to judge.
template <ranking_model Model>
[[nodiscard]] ranking_metrics evaluate_ranking(const Model& model, const dataset& train,
                                               const dataset& test,
                                               const ranking_options& options = {}) {
  check_options(options);
  detail::check_parts(train, test, model.num_items());

  const item_popularity popularity(train);
  detail::item_exposure exposure(static_cast<std::size_t>(model.num_items()), options.at);
  std::vector<user_metrics> by_user(options.keep_users ? static_cast<std::size_t>(test.num_users())
                                                       : 0);
  const detail::ranking_sums sums =
      detail::judge_users(model, {train, test, options, popularity}, exposure, by_user);
  if (sums.users() == 0)
    throw data_error("evaluate_ranking: the test set has no relevant item for any user");

  ranking_metrics metrics = sums.metrics();
  metrics.sampled_negatives = options.sampled_negatives;
  for (ranking_cutoff& cutoff : metrics.cutoffs) {
    const std::vector<index> counts = exposure.counts(cutoff.k);
    cutoff.coverage = catalogue_coverage(counts);
    cutoff.gini = gini_index(counts);
  }
  std::erase_if(by_user, [](const user_metrics& user) { return user.cutoffs.empty(); });
  metrics.by_user = std::move(by_user);
  return metrics;
}

}  // namespace kindred
