#pragma once

// Accuracy on folds, with options chosen without the test folds: inside each training fold a tenth
// is held out, a grid is judged by the mean validation RMSE, and the winner is fitted on the whole
// training fold and judged once on the test fold.

#include <kindred/data/load.hpp>
#include <kindred/data/split.hpp>
#include <kindred/evaluate/evaluate_ratings.hpp>
#include <kindred/source/movielens.hpp>

#include <chrono>
#include <cstdio>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace kindred::bench {

struct fold {
  explicit fold(split whole)
      : validation(split_random(whole.train, {.test_fraction = 0.1, .seed = 7})),
        test(std::move(whole)) {}

  split validation;  ///< of the training fold
  split test;
};

/// u1 .. u5 of MovieLens 100K.
inline std::vector<fold> given_folds(const std::string& folder) {
  std::vector<fold> folds;
  for (const char* name : {"u1", "u2", "u3", "u4", "u5"})
    folds.emplace_back(movielens::load_fold(folder + "/ml-100k", name));
  return folds;
}

/// Five random ones of the same ratings.
inline std::vector<fold> random_folds(const std::string& folder) {
  const auto data = load(movielens::ratings_source(folder + "/ml-100k"));
  std::vector<fold> folds;
  for (const auto& whole : k_fold(data, {.folds = 5, .seed = 42})) folds.emplace_back(whole);
  return folds;
}

template <class Model, class Options>
double validation_rmse(const std::vector<fold>& folds, const Options& options) {
  double total = 0;
  for (const fold& f : folds) {
    Model model(options);
    model.fit(f.validation.train);
    total += evaluate_ratings(model, f.validation.test).rmse;
  }
  return total / static_cast<double>(folds.size());
}

template <class Model, class Options>
Options choose(const std::vector<fold>& folds, const std::vector<Options>& grid) {
  Options best;
  double least = std::numeric_limits<double>::infinity();
  for (const Options& options : grid) {
    const double rmse = validation_rmse<Model>(folds, options);
    if (rmse < least) {
      least = rmse;
      best = options;
    }
  }
  std::printf("%zu settings tried, best validation RMSE %.4f\n", grid.size(), least);
  return best;
}

template <class Model, class Options>
void judge(const char* name, const std::vector<fold>& folds, const Options& options) {
  double rmse = 0;
  double mae = 0;
  std::printf("%-22s", name);
  const auto start = std::chrono::steady_clock::now();
  for (const fold& f : folds) {
    Model model(options);
    model.fit(f.test.train);
    const auto metrics = evaluate_ratings(model, f.test.test);
    std::printf(" %.4f", metrics.rmse);
    rmse += metrics.rmse / static_cast<double>(folds.size());
    mae += metrics.mae / static_cast<double>(folds.size());
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  std::printf("  mean RMSE %.4f MAE %.4f  %.3f s a fold\n", rmse, mae,
              took.count() / static_cast<double>(folds.size()));
}

}  // namespace kindred::bench
