// Accuracy of the models of explicit ratings on MovieLens: on the five given folds of 100K, with
// options chosen as tuned_folds.hpp says, and, for what time is worth, on the latest fifth.
//   KINDRED_DATA=folder-of-data-sets kindred_rating_models_folds
#include <kindred/data/load.hpp>
#include <kindred/data/split.hpp>
#include <kindred/evaluate/evaluate_ratings.hpp>
#include <kindred/model/bayesian_mf.hpp>
#include <kindred/model/factorization_machine.hpp>
#include <kindred/model/nmf.hpp>
#include <kindred/model/svdpp.hpp>
#include <kindred/model/time_svdpp.hpp>
#include <kindred/source/movielens.hpp>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "tuned_folds.hpp"

namespace {

using kindred::bayesian_mf;
using kindred::evaluate_ratings;
using kindred::nmf;
using kindred::svdpp;
using kindred::time_svdpp;
using kindred::bench::choose;
using kindred::bench::fold;
using kindred::bench::judge;

kindred::svdpp_options tune_svdpp(const std::vector<fold>& folds) {
  std::vector<kindred::svdpp_options> grid;
  for (const int factors : {32, 64})
    for (const double factor : {0.06, 0.08, 0.12})
      for (const double implicit : {0.04, 0.08, 0.16})
        grid.push_back({.factors = factors,
                        .factor_regularization = factor,
                        .implicit_regularization = implicit});
  const auto best = choose<svdpp>(folds, grid);
  std::printf("factors %d, factor_regularization %g, implicit_regularization %g\n", best.factors,
              best.factor_regularization, best.implicit_regularization);
  judge<svdpp>("svdpp", folds, best);
  judge<svdpp>("  with its defaults", folds, kindred::svdpp_options{});
  return best;
}

void tune_nmf(const std::vector<fold>& folds, bool biases) {
  std::vector<kindred::nmf_options> grid;
  for (const double exponent : {0.5, 0.7, 1.0})
    for (const double regularization : {0.07, 0.1, 0.14, 0.2})
      // What a row of 60 ratings pays is the same for all exponents.
      grid.push_back({.regularization = regularization * std::pow(60, 1 - exponent),
                      .frequency_exponent = exponent,
                      .biases = biases});
  const auto best = choose<nmf>(folds, grid);
  std::printf("regularization %g, frequency_exponent %g\n", best.regularization,
              best.frequency_exponent);
  judge<nmf>(biases ? "nmf" : "nmf without biases", folds, best);
}

/// The model without penalties: as it is, and with other lengths of the vectors.
void judge_bayesian(const std::vector<fold>& folds) {
  for (const int factors : {14, 30})
    judge<bayesian_mf>(("bayesian_mf, " + std::to_string(factors) + " factors").c_str(), folds,
                       kindred::bayesian_mf_options{.factors = factors});
}

/// The machine that is the mean of a chain, with ids alone and with all that is known but titles.
void judge_machines(const std::string& folder, const std::vector<fold>& folds) {
  kindred::factorization_machine_options options{.factors = 16, .solver = kindred::fm_solver::mcmc};
  judge<kindred::factorization_machine>("factorization_machine", folds, options);
  const auto data = kindred::movielens::load(folder + "/ml-100k");
  options.features = {.users = {data.users}, .items = {data.items, {{"year"}, {"genres"}}}};
  judge<kindred::factorization_machine>("  with features", folds, options);
}

/// How often the truth lies within one and two deviations of what is predicted.
void judge_doubt(const std::vector<fold>& folds) {
  bayesian_mf model({.clip = false});
  model.fit(folds[0].test.train);
  const kindred::dataset& test = folds[0].test.test;
  double within_one = 0;
  double within_two = 0;
  for (kindred::index u = 0; u < test.num_users(); ++u)
    for (const auto [item, value] : test.by_user(u)) {
      const double error = std::abs(value - model.predict(u, item));
      const double deviation = std::sqrt(model.predict_variance(u, item));
      within_one += error < deviation ? 1 : 0;
      within_two += error < 2 * deviation ? 1 : 0;
    }
  const auto count = static_cast<double>(test.size());
  std::printf(
      "u1: %.3f within one deviation, %.3f within two; of a normal variable .683 and .954\n",
      within_one / count, within_two / count);
}

void compare_in_time(const std::string& folder, const kindred::svdpp_options& best) {
  for (const char* name : {"ml-100k", "ml-latest-small"}) {
    const auto data = kindred::load(kindred::movielens::ratings_source(folder + "/" + name));
    const auto [train, test] = kindred::split_temporal(data, {.test_fraction = 0.2});
    svdpp without(best);
    without.fit(train);
    std::printf("%s, the latest fifth: svdpp %.4f", name, evaluate_ratings(without, test).rmse);
    for (const int bins : {1, 10, 30}) {
      time_svdpp with({.svdpp = best, .bins = bins});
      with.fit(train);
      std::printf(", time_svdpp with %d bins %.4f", bins, evaluate_ratings(with, test).rmse);
    }
    std::puts("");
  }
}

}  // namespace

int main() {
  const char* folder = std::getenv("KINDRED_DATA");
  if (folder == nullptr) {
    std::puts("skipped: KINDRED_DATA does not name the folder of the data sets");
    return 0;
  }
  const auto folds = kindred::bench::given_folds(folder);
  judge_bayesian(folds);
  judge_doubt(folds);
  judge_machines(folder, folds);
  const auto best = tune_svdpp(folds);
  judge<time_svdpp>("time_svdpp", folds, kindred::time_svdpp_options{.svdpp = best});
  compare_in_time(folder, best);
  for (const bool biases : {true, false}) tune_nmf(folds, biases);
}
