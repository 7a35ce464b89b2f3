// Accuracy of the neighbourhood models on MovieLens 100K: on the five given folds and on five
// random ones, first with the defaults of the package Surprise, then with options chosen as
// tuned_folds.hpp says.
//   KINDRED_DATA=folder-of-data-sets kindred_knn_folds
#include <kindred/model/item_knn.hpp>
#include <kindred/model/user_knn.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "tuned_folds.hpp"

namespace {

using kindred::knn_options;
using kindred::knn_predictor;
using kindred::similarity;
using kindred::similarity_norms;
using kindred::similarity_options;
using kindred::bench::fold;

struct named_predictor {
  const char* name;
  knn_predictor predictor;
};
constexpr named_predictor predictors[] = {{"plain", knn_predictor::plain},
                                          {"mean_centered", knn_predictor::mean_centered},
                                          {"z_score", knn_predictor::z_score},
                                          {"baseline", knn_predictor::baseline}};

/// Surprise's KNNBasic, KNNWithMeans, KNNWithZScore and KNNBaseline as they come.
void with_defaults_of_surprise(const std::vector<fold>& folds) {
  for (const auto& [name, predictor] : predictors) {
    const knn_options options{.similarity = {.measure = similarity::mean_squared_difference},
                              .predictor = predictor,
                              .k = 40,
                              .min_k = 1,
                              .neighbors = 0,
                              .baseline = {.user_regularization = 15, .item_regularization = 10}};
    kindred::bench::judge<kindred::user_knn>(name, folds, options);
  }
}

std::vector<knn_options> grid_of(knn_predictor predictor) {
  std::vector<knn_options> grid;
  for (const similarity_options& alike :
       {similarity_options{.measure = similarity::cosine},
        similarity_options{.measure = similarity::adjusted_cosine},
        similarity_options{.measure = similarity::pearson},
        similarity_options{.measure = similarity::baseline_pearson},
        similarity_options{.measure = similarity::baseline_pearson,
        .norms = similarity_norms::common},
        similarity_options{.measure = similarity::mean_squared_difference}})
    for (const double shrinkage : {0.0, 20.0, 50.0, 100.0})
      for (const int k : {20, 40, 60}) {
        knn_options options{.similarity = alike, .predictor = predictor, .k = k, .neighbors = 0};
        options.similarity.shrinkage = shrinkage;
        grid.push_back(options);
      }
  return grid;
}

template <class Model>
void tuned(const std::vector<fold>& folds) {
  for (const auto& [name, predictor] : predictors) {
    const auto best = kindred::bench::choose<Model>(folds, grid_of(predictor));
    std::printf("measure %d, norms %d, shrinkage %g, k %d\n",
                static_cast<int>(best.similarity.measure), static_cast<int>(best.similarity.norms),
                best.similarity.shrinkage, best.k);
    kindred::bench::judge<Model>((std::string(Model::kind) + ' ' + name).c_str(), folds, best);
  }
  kindred::bench::judge<Model>("with its defaults", folds, knn_options{});
}

}  // namespace

int main() {
  const char* folder = std::getenv("KINDRED_DATA");
  if (folder == nullptr) {
    std::puts("skipped: KINDRED_DATA does not name the folder of the data sets");
    return 0;
  }
  for (const bool given : {true, false}) {
    std::printf("== %s folds\n", given ? "the given" : "random");
    const auto folds =
        given ? kindred::bench::given_folds(folder) : kindred::bench::random_folds(folder);
    with_defaults_of_surprise(folds);
    tuned<kindred::item_knn>(folds);
    tuned<kindred::user_knn>(folds);
  }
}
