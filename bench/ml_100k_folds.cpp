// Accuracy on the five given folds of MovieLens 100K, options chosen without the test folds: inside
// each training fold a tenth is held out, the grid is judged by the mean validation RMSE, and the
// winner is fitted on the whole training fold and judged once on the test fold.
//   KINDRED_DATA=folder-of-data-sets kindred_ml_100k_folds
#include <kindred/data/split.hpp>
#include <kindred/evaluate/evaluate_ratings.hpp>
#include <kindred/model/baseline.hpp>
#include <kindred/model/matrix_factorization.hpp>
#include <kindred/source/movielens.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>
#include <vector>

namespace {

struct fold {
  kindred::split validation;  ///< of the training fold
  kindred::split test;
};

std::vector<fold> read_folds(const std::string& folder) {
  std::vector<fold> folds;
  for (const char* name : {"u1", "u2", "u3", "u4", "u5"}) {
    const auto test = kindred::movielens::load_fold(folder + "/ml-100k", name);
    folds.push_back({kindred::split_random(test.train, {.test_fraction = 0.1, .seed = 7}), test});
  }
  return folds;
}

template <class Model, class Options>
double validation_rmse(const std::vector<fold>& folds, const Options& options) {
  double total = 0;
  for (const fold& f : folds) {
    Model model(options);
    model.fit(f.validation.train);
    total += kindred::evaluate_ratings(model, f.validation.test).rmse;
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
    const auto metrics = kindred::evaluate_ratings(model, f.test.test);
    std::printf(" %.4f", metrics.rmse);
    rmse += metrics.rmse / static_cast<double>(folds.size());
    mae += metrics.mae / static_cast<double>(folds.size());
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  std::printf("  mean RMSE %.4f MAE %.4f  %.3f s a fold\n", rmse, mae, took.count() / 5);
}

void baseline(const std::vector<fold>& folds) {
  std::vector<kindred::baseline_options> grid;
  for (const double user : {2.0, 3.0, 5.0, 7.0, 10.0, 15.0})
    for (const double item : {1.0, 2.0, 3.0, 5.0, 10.0})
      grid.push_back({.user_regularization = user, .item_regularization = item});
  const auto best = choose<kindred::baseline_model>(folds, grid);
  std::printf("user_regularization %g, item_regularization %g\n", best.user_regularization,
              best.item_regularization);
  judge<kindred::baseline_model>("baseline_model", folds, best);
}

void factorization(const std::vector<fold>& folds) {
  std::vector<kindred::matrix_factorization_options> grid;
  for (const int factors : {64, 128})
    for (const int epochs : {20, 30, 50})
      for (const double rate : {0.03, 0.05, 0.08})
        for (const double regularization : {0.1, 0.12, 0.15, 0.18})
          for (const double exponent : {0.0, 0.3, 0.5, 0.7})
            grid.push_back({.factors = factors,
                            .epochs = epochs,
                            .learning_rate = rate,
                            .regularization = regularization,
                            .frequency_exponent = exponent});
  using model = kindred::matrix_factorization<>;
  const auto best = choose<model>(folds, grid);
  std::printf("factors %d, epochs %d, learning_rate %g, regularization %g, frequency_exponent %g\n",
              best.factors, best.epochs, best.learning_rate, best.regularization,
              best.frequency_exponent);
  judge<model>("matrix_factorization", folds, best);
  judge<model>("  with its defaults", folds, kindred::matrix_factorization_options{});
}

}  // namespace

int main() {
  const char* folder = std::getenv("KINDRED_DATA");
  if (folder == nullptr) {
    std::puts("skipped: KINDRED_DATA does not name the folder of the data sets");
    return 0;
  }
  const auto folds = read_folds(folder);
  baseline(folds);
  factorization(folds);
}
