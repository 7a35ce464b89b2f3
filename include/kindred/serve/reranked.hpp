#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/kernel/top_k.hpp>
#include <kindred/model/concepts.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace kindred {

/// Orders some candidates of a user anew, and leaves out what it will: the result is a list of some
/// of them, best first. Called from many threads.
using reranker =
    std::function<std::vector<scored_item>(index user, std::span<const scored_item> candidates)>;

struct rerank_options {
  int candidates = 100;  ///< 1 .. 10000
};

/// Throws option_error for an option outside its range.
inline void check_options(const rerank_options& o) {
  require_option(o.candidates >= 1 && o.candidates <= 10'000, "candidates", o.candidates,
                 "[1, 10000]");
}

/// A fitted model whose best items are ranked anew, by one of the functions of rerank_*.hpp or by
/// any other; it is a ranking model itself, for `evaluate_ranking` and `recommender`:
///
///   const kindred::reranked diverse{
///       model, train, [&](kindred::index, std::span<const kindred::scored_item> candidates) {
///         return kindred::rerank_diverse(candidates, 20, distance);
///       }};
///   const auto metrics = kindred::evaluate_ranking(diverse, train, test);
///
/// Candidates are the items that the model scores highest, but for those that the user has rated.
template <ranking_model Model>
class reranked {
 public:
  /// `train` is what the model was fitted on.
  /// Throws option_error for an option outside its range, data_error if the sizes differ.
  reranked(Model model, const dataset& train, reranker rerank, const rerank_options& options = {})
      : model_(std::move(model)), train_(train), rerank_(std::move(rerank)), options_(options) {
    check_options(options_);
    if (train.num_users() != model_.num_users() || train.num_items() != model_.num_items())
      throw data_error("reranked: the model was fitted on other data");
  }

  [[nodiscard]] index num_users() const noexcept { return model_.num_users(); }
  [[nodiscard]] index num_items() const noexcept { return model_.num_items(); }
  [[nodiscard]] const Model& model() const noexcept { return model_; }

  /// The scores of the model, except that what the reranker returns is above all else that the user
  /// has not rated, in its order, and that candidates which it leaves out are below all. If it
  /// throws, the scores are those of the model.
  void score(index user, std::span<float> scores) const noexcept {
    model_.score(user, scores);
    try {
      arrange(user, scores);
    } catch (...) {
      model_.score(user, scores);
    }
  }

 private:
  void arrange(index user, std::span<float> scores) const {
    std::vector<scored_item> best(
        std::min(static_cast<std::size_t>(options_.candidates), scores.size()));
    top_k_selector selector(best);
    auto seen =
        user >= 0 && user < num_users() ? train_.by_user(user).indices() : std::span<const index>();
    for (std::size_t i = 0; i < scores.size(); ++i) {
      const auto item = static_cast<index>(i);
      if (!seen.empty() && seen.front() == item)
        seen = seen.subspan(1);
      else
        selector.push({item, scores[i]});
    }
    const std::span<const scored_item> candidates = selector.finish();
    if (candidates.empty()) return;
    constexpr float infinity = std::numeric_limits<float>::infinity();
    const std::vector<scored_item> list = rerank_(user, candidates);
    for (const scored_item& c : candidates) at(scores, c.item) = -infinity;
    float above = candidates.front().score;
    for (std::size_t rank = list.size(); rank-- > 0;) {
      above = std::nextafter(above, infinity);
      at(scores, list[rank].item) = above;
    }
  }

  static float& at(std::span<float> scores, index item) {
    if (item < 0 || static_cast<std::size_t>(item) >= scores.size())
      throw data_error("a reranker returned item " + detail::to_text(item));
    return scores[static_cast<std::size_t>(item)];
  }

  Model model_;
  dataset train_;  // for its lists of items
  reranker rerank_;
  rerank_options options_;
};

}  // namespace kindred
