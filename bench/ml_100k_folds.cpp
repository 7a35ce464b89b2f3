// Accuracy on the five given folds of MovieLens 100K, options chosen as tuned_folds.hpp says.
//   KINDRED_DATA=folder-of-data-sets kindred_ml_100k_folds
#include <kindred/model/als.hpp>
#include <kindred/model/baseline.hpp>
#include <kindred/model/matrix_factorization.hpp>

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "tuned_folds.hpp"

namespace {

using kindred::bench::choose;
using kindred::bench::fold;
using kindred::bench::judge;

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

void alternating(const std::vector<fold>& folds) {
  std::vector<kindred::als_options> grid;
  const auto add = [&](double exponent, const std::vector<double>& penalties) {
    for (const int factors : {32, 64, 128})
      for (const int epochs : {4, 8})
        for (const double penalty : penalties)
          for (const double share_of_bias : {0.4, 0.8})
            grid.push_back({.factors = factors,
                            .epochs = epochs,
                            .regularization = penalty,
                            .bias_regularization = share_of_bias * penalty,
                            .frequency_exponent = exponent});
  };
  add(1, {0.13, 0.16, 0.2});
  add(0.7, {0.4, 0.5, 0.65});
  add(0.5, {1, 1.3, 1.6});
  const auto best = choose<kindred::als>(folds, grid);
  std::printf(
      "factors %d, epochs %d, regularization %g, bias_regularization %g, frequency_exponent %g\n",
      best.factors, best.epochs, best.regularization, best.bias_regularization,
      best.frequency_exponent);
  judge<kindred::als>("als", folds, best);
  judge<kindred::als>("  with its defaults", folds, kindred::als_options{});
}

}  // namespace

int main() {
  const char* folder = std::getenv("KINDRED_DATA");
  if (folder == nullptr) {
    std::puts("skipped: KINDRED_DATA does not name the folder of the data sets");
    return 0;
  }
  const auto folds = kindred::bench::given_folds(folder);
  baseline(folds);
  factorization(folds);
  alternating(folds);
}
