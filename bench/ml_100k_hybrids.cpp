// Do hybrids, contexts and time decay pay on MovieLens? On the five given folds of MovieLens 100K:
// whatever is fitted, weights included, is fitted on the training fold alone, and judged once on
// the test fold. The options of the factorization are those that kindred_ml_100k_folds chooses.
//   KINDRED_DATA=folder-of-data-sets kindred_ml_100k_hybrids
#include <kindred/data/calendar.hpp>
#include <kindred/data/split.hpp>
#include <kindred/data/time_decay.hpp>
#include <kindred/evaluate/evaluate_ranking.hpp>
#include <kindred/evaluate/evaluate_ratings.hpp>
#include <kindred/model/baseline.hpp>
#include <kindred/model/cascade_hybrid.hpp>
#include <kindred/model/contextual_postfilter.hpp>
#include <kindred/model/contextual_prefilter.hpp>
#include <kindred/model/item_knn.hpp>
#include <kindred/model/matrix_factorization.hpp>
#include <kindred/model/popularity.hpp>
#include <kindred/model/stacked_hybrid.hpp>
#include <kindred/model/switching_hybrid.hpp>
#include <kindred/model/user_knn.hpp>
#include <kindred/model/weighted_hybrid.hpp>
#include <kindred/model/weighted_ranking.hpp>
#include <kindred/source/movielens.hpp>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

using kindred::baseline_model;
using kindred::cascade_hybrid;
using kindred::dataset;
using kindred::item_knn;
using kindred::popularity_model;
using kindred::rating_context;
using kindred::split;
using kindred::stacked_hybrid;
using kindred::switching_hybrid;
using kindred::user_knn;
using kindred::weighted_hybrid;
using kindred::weighted_ranking;

kindred::matrix_factorization<> factors(std::uint64_t seed = 42) {
  return kindred::matrix_factorization<>{
      {.regularization = 0.12, .frequency_exponent = 0.3, .seed = seed}};
}

const baseline_model biases{{.item_regularization = 2}};

const kindred::knn_options neighbors{
    .similarity = {.measure = kindred::similarity::baseline_pearson, .shrinkage = 50},
    .predictor = kindred::knn_predictor::baseline,
    .k = 40};

/// Prints what `figure(fold)` is on each fold, and the mean.
template <class Figure>
void report(const std::string& name, const std::vector<split>& folds, const Figure& figure) {
  double sum = 0;
  std::printf("%-44s", name.c_str());
  for (const split& fold : folds) {
    const double of_fold = figure(fold);
    std::printf(" %.4f", of_fold);
    sum += of_fold;
  }
  std::printf("  mean %.4f\n", sum / static_cast<double>(folds.size()));
}

template <class Model>
void rmse(const std::string& name, const std::vector<split>& folds, const Model& model) {
  report(name, folds, [&](const split& fold) {
    Model fitted = model;
    fitted.fit(fold.train);
    return kindred::evaluate_ratings(fitted, fold.test).rmse;
  });
}

template <class Model>
double ndcg_of(const Model& model, const dataset& train, const dataset& test) {
  return kindred::evaluate_ranking(model, train, test, {.at = {10}, .relevant_from = 4})
      .at(10)
      .ndcg;
}

template <class Model>
void ndcg(const std::string& name, const std::vector<split>& folds, const Model& model) {
  report(name, folds, [&](const split& fold) {
    Model fitted = model;
    fitted.fit(fold.train);
    return ndcg_of(fitted, fold.train, fold.test);
  });
}

void ratings(const std::vector<split>& folds) {
  std::puts("RMSE of hybrids");
  const item_knn items{neighbors};
  const user_knn users{neighbors};
  rmse("factorization", folds, factors());
  rmse("item_knn", folds, items);
  rmse("user_knn", folds, users);
  rmse("baseline", folds, biases);
  rmse("switching: baseline, factorization", folds, switching_hybrid{biases, factors()});
  rmse("weighted: factorization, baseline", folds, weighted_hybrid{factors(), biases});
  rmse("stacked: factorization, baseline", folds, stacked_hybrid{factors(), biases});
  rmse("weighted: factorization, item_knn", folds, weighted_hybrid{factors(), items});
  rmse("stacked: factorization, item_knn", folds, stacked_hybrid{factors(), items});
  rmse("weighted: all four", folds, weighted_hybrid{factors(), items, users, biases});
  rmse("stacked: all four", folds, stacked_hybrid{factors(), items, users, biases});
  rmse("weighted: 4 factorizations, the others", folds,
       weighted_hybrid{factors(), factors(1), factors(2), factors(3), items, users, biases});
  rmse("stacked: 4 factorizations, the others", folds,
       stacked_hybrid{factors(), factors(1), factors(2), factors(3), items, users, biases});
}

struct named_context {
  const char* name;
  rating_context context;
};

std::vector<named_context> contexts() {
  return {{"weekend", kindred::weekend()},
          {"time of day", kindred::time_of_day()},
          {"season", kindred::season()}};
}

/// Over all contexts of the test ratings, each with the model for it.
double rmse_in_context(const split& fold, const rating_context& context,
                       const kindred::prefilter_options& options) {
  kindred::contextual_prefilter model{options, factors(), context};
  model.fit(fold.train);
  double squared = 0;
  for (int c = 0; c < context.count(); ++c) {
    const dataset test = kindred::select_context(fold.test, context, c);
    if (test.empty()) continue;
    const auto metrics = kindred::evaluate_ratings(model.in(c), test);
    squared += metrics.rmse * metrics.rmse * static_cast<double>(test.size());
  }
  return std::sqrt(squared / static_cast<double>(fold.test.size()));
}

void prefilters(const std::vector<split>& folds) {
  std::puts("RMSE of factorizations by context");
  for (const auto& [name, context] : contexts()) {
    report(std::string(name) + ": where it pays", folds,
           [&, &of = context](const split& fold) { return rmse_in_context(fold, of, {}); });
    report(std::string(name) + ": always", folds, [&, &of = context](const split& fold) {
      return rmse_in_context(fold, of, {.held_out = 0});
    });
  }
}

void rankings(const std::vector<split>& folds) {
  std::puts("NDCG@10, items with 4 or 5 stars");
  ndcg("factorization", folds, factors());
  ndcg("baseline", folds, biases);
  ndcg("popularity", folds, popularity_model{});
  ndcg("weighted: popularity, factorization", folds,
       weighted_ranking{popularity_model{}, factors()});
  ndcg("weighted: popularity, factorization, baseline", folds,
       weighted_ranking{popularity_model{}, factors(), biases});
  for (const int count : {20, 100})
    ndcg("cascade: popularity, " + std::to_string(count) + " to factorization", folds,
         cascade_hybrid{{.candidates = count}, popularity_model{}, factors()});
}

/// The mean over the contexts of the test ratings, with `contextual` on or off.
void postfilters(const std::vector<split>& folds) {
  std::puts("NDCG@10 of popularity in context, mean over contexts: without and with post-filter");
  for (const auto& [name, context] : contexts())
    for (const bool adjusted : {false, true})
      report(std::string(name) + (adjusted ? ": popular then" : ": popular"), folds,
             [&, adjusted, &of = context](const split& fold) {
               kindred::contextual_postfilter model{popularity_model{}, of};
               model.fit(fold.train);
               double sum = 0;
               int judged = 0;
               for (int c = 0; c < of.count(); ++c) {
                 const dataset test = kindred::select_context(fold.test, of, c);
                 if (test.empty()) continue;
                 sum += ndcg_of(model.in(adjusted ? c : -1), fold.train, test);
                 ++judged;
               }
               return sum / judged;
             });
}

void decay(const char* data, const std::vector<split>& folds, const std::vector<int>& half_lives) {
  std::printf("RMSE with time decay, %s\n", data);
  rmse("factorization without", folds, factors());
  rmse("baseline without", folds, biases);
  for (const int days : half_lives) {
    std::vector<split> decayed;
    for (const split& fold : folds)
      decayed.push_back(
          {kindred::weight_by_age(fold.train, {.half_life = std::chrono::days(days)}), fold.test});
    const std::string half_life = ", half-life " + std::to_string(days) + " days";
    rmse("factorization" + half_life, decayed, factors());
    rmse("baseline" + half_life, decayed, biases);
  }
}

}  // namespace

int main() {
  const char* folder = std::getenv("KINDRED_DATA");
  if (folder == nullptr) {
    std::puts("skipped: KINDRED_DATA does not name the folder of the data sets");
    return 0;
  }
  const std::string path = folder;
  std::vector<split> folds;
  for (const char* name : {"u1", "u2", "u3", "u4", "u5"})
    folds.push_back(kindred::movielens::load_fold(path + "/ml-100k", name));
  ratings(folds);
  prefilters(folds);
  rankings(folds);
  postfilters(folds);
  decay("five folds", folds, {60, 240});
  const auto latest = [&](const char* name) {
    return kindred::split_temporal(kindred::movielens::load(path + name).ratings);
  };
  decay("latest fifth of 100K, 7 months", {latest("/ml-100k")}, {60, 240});
  decay("latest fifth of latest-small, 20 years", {latest("/ml-latest-small")},
        {180, 365, 730, 1460, 2920});
}
