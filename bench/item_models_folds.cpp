// Accuracy of slope one and co-clustering on MovieLens 100K: on the five given folds and on five
// random ones, first with the defaults of the package Surprise, then with options chosen as
// tuned_folds.hpp says.
//   KINDRED_DATA=folder-of-data-sets kindred_item_models_folds
#include <kindred/data/split.hpp>
#include <kindred/evaluate/cross_validate.hpp>
#include <kindred/model/co_clustering.hpp>
#include <kindred/model/slope_one.hpp>
#include <kindred/source/movielens.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "tuned_folds.hpp"

namespace {

using kindred::co_clustering;
using kindred::co_clustering_options;
using kindred::slope_one;
using kindred::slope_one_options;
using kindred::slope_one_scheme;
using kindred::bench::fold;

std::vector<fold> random_folds(const std::string& folder) {
  const auto data = kindred::load(kindred::movielens::ratings_source(folder + "/ml-100k"));
  std::vector<fold> folds;
  for (const auto& whole : kindred::k_fold(data, {.folds = 5, .seed = 42}))
    folds.emplace_back(whole);
  return folds;
}

/// Mean RMSE of several seeds, and how far the seeds spread.
void judge_seeds(const char* name, const std::vector<fold>& folds, co_clustering_options options) {
  std::vector<kindred::split> splits;
  for (const fold& f : folds) splits.push_back(f.test);
  constexpr int seeds = 20;
  double sum = 0;
  double squares = 0;
  double most = 0;
  double least = 9;
  for (int seed = 0; seed < seeds; ++seed) {
    options.seed = static_cast<std::uint64_t>(seed);
    const double rmse = kindred::cross_validate(co_clustering(options), splits).rmse.mean;
    sum += rmse;
    squares += rmse * rmse;
    least = std::min(least, rmse);
    most = std::max(most, rmse);
  }
  const double mean = sum / seeds;
  std::printf("%-22s %d seeds: mean RMSE %.4f, deviation %.4f, from %.4f to %.4f\n", name, seeds,
              mean, std::sqrt((squares - seeds * mean * mean) / (seeds - 1)), least, most);
}

void tune_slope_one(const std::vector<fold>& folds) {
  std::vector<slope_one_options> grid;
  for (const auto scheme : {slope_one_scheme::plain, slope_one_scheme::weighted})
    for (const kindred::index min_support : {1, 2, 3, 5, 10})
      grid.push_back({.scheme = scheme, .min_support = min_support});
  const auto best = kindred::bench::choose<slope_one>(folds, grid);
  std::printf("scheme %d, min_support %d\n", static_cast<int>(best.scheme), best.min_support);
  kindred::bench::judge<slope_one>("slope_one", folds, best);
}

void tune_co_clustering(const std::vector<fold>& folds) {
  std::vector<co_clustering_options> grid;
  for (const int users : {2, 3, 5, 7, 10, 15, 20})
    for (const int items : {1, 2, 3, 5})
      for (const int epochs : {10, 20, 50})
        grid.push_back(
            {.user_clusters = users, .item_clusters = items, .epochs = epochs, .restarts = 10});
  const auto best = kindred::bench::choose<co_clustering>(folds, grid);
  std::printf("user_clusters %d, item_clusters %d, epochs %d, restarts %d\n", best.user_clusters,
              best.item_clusters, best.epochs, best.restarts);
  kindred::bench::judge<co_clustering>("co_clustering", folds, best);
}

}  // namespace

int main() {
  const char* folder = std::getenv("KINDRED_DATA");
  if (folder == nullptr) {
    std::puts("skipped: KINDRED_DATA does not name the folder of the data sets");
    return 0;
  }
  for (const bool given : {true, false}) {
    const auto folds = given ? kindred::bench::given_folds(folder) : random_folds(folder);
    std::puts(given ? "the given folds" : "five random folds");
    kindred::bench::judge<slope_one>("slope_one, plain", folds,
                                     slope_one_options{.scheme = slope_one_scheme::plain});
    judge_seeds("co_clustering", folds, {.restarts = 1});
    judge_seeds("  with its defaults", folds, {});
    tune_slope_one(folds);
    tune_co_clustering(folds);
  }
}
