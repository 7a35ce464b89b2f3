// Accuracy of graph_filter on data sets of interactions, split in train, valid and test: a grid,
// with up to so many factors, is judged by NDCG@20 on valid, of a share of the users, and the
// winner once on test.
//   KINDRED_DATA=folder-of-data-sets kindred_graph_filter_ranking data-set [factors] [share]
#include <kindred/core/parallel.hpp>
#include <kindred/data/split.hpp>
#include <kindred/evaluate/user_ranking.hpp>
#include <kindred/model/graph_filter.hpp>
#include <kindred/serve/top_k.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "tuned_ranking.hpp"

namespace {

using kindred::dataset;
using kindred::graph_filter;
using kindred::graph_filter_options;

/// Sums over users, of NDCG@20 of each setting.
struct totals {
  std::vector<double> ndcg;
  double users = 0;

  totals& operator+=(const totals& other) {
    ndcg.resize(std::max(ndcg.size(), other.ndcg.size()));
    for (std::size_t n = 0; n < other.ndcg.size(); ++n) ndcg[n] += other.ndcg[n];
    users += other.users;
    return *this;
  }
};

/// Judges a grid by scoring each user once with what its settings share: scores are those of the
/// paths, which two exponents make, scaled by the third, and low_pass times those of the vectors.
class grid_judge {
 public:
  grid_judge(const dataset& train, const dataset& valid, int most_factors)
      : train_(train), valid_(valid) {
    for (const double user : {0.5, 0.6, 0.75})
      for (const double source : {0.3, 0.5, 0.7}) {
        paths_.emplace_back(graph_filter_options{
            .user_exponent = user, .source_exponent = source, .target_exponent = 0, .low_pass = 0});
        paths_.back().fit(train);
      }
    for (int factors = most_factors / 4; factors <= most_factors; factors *= 2) {
      graph_filter_options options = paths_.front().options();
      options.factors = factors;
      options.low_pass = much;
      with_vectors_.emplace_back(options);
      with_vectors_.back().fit(train);
    }
    for (const double exponent : targets)
      for (kindred::index item = 0; item < train.num_items(); ++item)
        scales_.push_back(static_cast<float>(std::pow(
            std::max<double>(1, static_cast<double>(train.by_item(item).size())), -exponent)));
    for (const graph_filter& path : paths_)
      for (const double target : targets)
        for (const double low_pass : low_passes)
          for (const graph_filter& vectors : with_vectors_) {
            graph_filter_options options = path.options();
            options.target_exponent = target;
            options.low_pass = low_pass;
            options.factors = vectors.options().factors;
            grid_.push_back(options);
          }
  }

  /// Prints each setting, and returns the best.
  [[nodiscard]] graph_filter_options best() const {
    const totals all = kindred::parallel_sum(
        static_cast<std::size_t>(valid_.num_users()),
        [&](std::size_t begin, std::size_t end) {
          totals sum;
          for (std::size_t u = begin; u < end; ++u) add(static_cast<kindred::index>(u), sum);
          return sum;
        },
        16);
    std::size_t most = 0;
    for (std::size_t n = 0; n < grid_.size(); ++n) {
      print(grid_[n]);
      std::printf("NDCG@20 %.4f\n", all.ndcg[n] / all.users);
      if (all.ndcg[n] > all.ndcg[most]) most = n;
    }
    std::printf("best of %zu, by %.0f users: ", grid_.size(), all.users);
    print(grid_[most]);
    return grid_[most];
  }

 private:
  static constexpr std::array targets{0.25, 0.35, 0.45, 0.5};
  static constexpr std::array low_passes{0.0, 0.3, 0.6, 1.0, 1.5};
  static constexpr double much = 1000;

  static void print(const graph_filter_options& o) {
    std::printf(
        "user_exponent %g, source_exponent %g, target_exponent %g, low_pass %g, factors %d ",
        o.user_exponent, o.source_exponent, o.target_exponent, o.low_pass, o.factors);
  }

  void add(kindred::index user, totals& sum) const {
    const auto relevant = valid_.by_user(user).indices();
    if (relevant.empty()) return;
    const auto items = static_cast<std::size_t>(train_.num_items());
    std::vector<float> path(items);
    paths_.front().score(user, path);
    std::vector<std::vector<float>> smooth;
    for (const graph_filter& model : with_vectors_) {
      std::vector<float>& scores = smooth.emplace_back(items);
      model.score(user, scores);
      for (std::size_t i = 0; i < items; ++i)
        scores[i] = (scores[i] - path[i]) / static_cast<float>(much);
    }
    std::vector<float> scores(items);
    std::vector<double> ndcg;
    for (const graph_filter& model : paths_) {
      model.score(user, path);
      for (const kindred::index item : train_.by_user(user).indices())
        path[static_cast<std::size_t>(item)] = -std::numeric_limits<float>::infinity();
      for (std::size_t t = 0; t < targets.size(); ++t)
        for (const double low_pass : low_passes)
          for (const std::vector<float>& low : smooth) {
            for (std::size_t i = 0; i < items; ++i)
              scores[i] = path[i] * scales_[t * items + i] + static_cast<float>(low_pass) * low[i];
            ndcg.push_back(ndcg_at_20(scores, relevant));
          }
    }
    sum += {std::move(ndcg), 1};
  }

  static double ndcg_at_20(std::span<const float> scores,
                           std::span<const kindred::index> relevant) {
    std::array<kindred::scored_item, 20> best;
    kindred::top_k_selector selector(best);
    kindred::detail::select_scored(
        scores, std::nullopt, [](kindred::index) { return true; }, selector);
    std::vector<kindred::index> hits;
    kindred::index rank = 0;
    for (const kindred::scored_item& candidate : selector.finish()) {
      ++rank;
      if (std::binary_search(relevant.begin(), relevant.end(), candidate.item))
        hits.push_back(rank);
    }
    return kindred::ndcg_at({hits, static_cast<kindred::index>(relevant.size())}, 20);
  }

  const dataset& train_;
  const dataset& valid_;
  std::vector<graph_filter> paths_;
  std::vector<graph_filter> with_vectors_;
  std::vector<float> scales_;  ///< of items, for each target exponent
  std::vector<graph_filter_options> grid_;
};

}  // namespace

int main(int count, char** arguments) {
  const auto data = kindred::bench::named_data(count, arguments);
  if (!data) return 0;
  const int most_factors = count > 2 ? std::atoi(arguments[2]) : 256;
  const double share = count > 3 ? std::atof(arguments[3]) : 1;
  const dataset valid =
      share < 1 ? kindred::split_users(data->valid, {.test_fraction = share}).test : data->valid;
  const graph_filter_options best = grid_judge(data->train, valid, most_factors).best();
  kindred::bench::judge("graph_filter", graph_filter(best), data->train_and_valid, data->test);
}
