// What features are worth on MovieLens 100K: accuracy on the five given folds, with ids alone and
// with all that is known of users and movies, options chosen as tuned_folds.hpp says; then of
// movies that have no ratings in training.
//   KINDRED_DATA=folder-of-data-sets kindred_ml_100k_features
#include <kindred/core/random.hpp>
#include <kindred/data/binarize.hpp>
#include <kindred/data/select.hpp>
#include <kindred/evaluate/evaluate_ranking.hpp>
#include <kindred/evaluate/evaluate_ratings.hpp>
#include <kindred/model/baseline.hpp>
#include <kindred/model/factorization_machine.hpp>
#include <kindred/source/movielens.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tuned_folds.hpp"

namespace {

using kindred::baseline_model;
using kindred::dataset;
using kindred::factorization_machine;
using kindred::factorization_machine_options;
using kindred::feature_set;
using kindred::fm_solver;
using kindred::index;
using kindred::split;
using kindred::bench::fold;

/// All that is known but the titles, or the years and genres of movies alone.
feature_set movie_features(const kindred::movielens::data_set& data) {
  return {.items = {data.items, {{"year"}, {"genres"}}}};
}
feature_set all_features(const kindred::movielens::data_set& data) {
  feature_set features = movie_features(data);
  features.users = {data.users};
  return features;
}

std::vector<factorization_machine_options> als_grid(const feature_set& features) {
  std::vector<factorization_machine_options> grid;
  const bool ids_alone = features.users.table.rows() == 0;
  const auto shares = ids_alone ? std::vector{1.0} : std::vector{3.0, 5.0, 8.0};
  for (const int factors : {16, 32})
    for (const double penalty : {1.0, 1.3, 1.6, 2.0})
      for (const double of_features : shares)
        grid.push_back(
            {.factors = factors,
             .als = {.factor_regularization = penalty, .feature_regularization = of_features},
             .features = features});
  return grid;
}

std::vector<factorization_machine_options> sgd_grid(const feature_set& features) {
  std::vector<factorization_machine_options> grid;
  for (const int epochs : {8, 20})
    for (const double rate : {0.05, 0.1})
      for (const double l2 : {0.001, 0.002, 0.003, 0.005})
        grid.push_back({.solver = fm_solver::sgd,
                        .sgd = {.epochs = epochs,
                                .optimizer = kindred::nn::adagrad{.learning_rate = rate},
                                .embedding_l2 = l2},
                        .features = features});
  return grid;
}

void print(const factorization_machine_options& o) {
  if (o.solver == fm_solver::als)
    std::printf("factors %d, factor_regularization %g, feature_regularization %g\n", o.factors,
                o.als.factor_regularization, o.als.feature_regularization);
  else
    std::printf("factors %d, epochs %d, learning_rate %g, embedding_l2 %g\n", o.factors,
                o.sgd.epochs, kindred::nn::learning_rate_of(o.sgd.optimizer), o.sgd.embedding_l2);
}

template <class Model, class Options>
void report(const char* name, const std::vector<fold>& folds, const std::vector<Options>& grid) {
  const Options best = kindred::bench::choose<Model>(folds, grid);
  print(best);
  kindred::bench::judge<Model>(name, folds, best);
  std::fflush(stdout);
}

/// Holds out all ratings of a tenth of the items that have any.
split hold_out_items(const dataset& data, std::uint64_t seed) {
  const kindred::counter_rng random(seed);
  kindred::aligned_vector<std::uint8_t> kept(data.size());
  for (std::size_t row = 0; row < data.size(); ++row)
    kept[row] = random.uniform(static_cast<std::uint64_t>(data.row_items()[row])) >= 0.1 ? 1 : 0;
  split parts{kindred::select_rows(data, kept), {}};
  for (std::uint8_t& keep : kept) keep ^= 1U;
  parts.test = kindred::select_rows(data, kept);
  return parts;
}

/// Ranks items without training ratings alone.
template <class Model>
struct ranking_of_new {
  const Model& model;
  const dataset& train;

  [[nodiscard]] index num_users() const noexcept { return model.num_users(); }
  [[nodiscard]] index num_items() const noexcept { return model.num_items(); }
  void score(index user, std::span<float> scores) const noexcept {
    model.score(user, scores);
    for (std::size_t i = 0; i < scores.size(); ++i)
      if (!train.by_item(static_cast<index>(i)).empty())
        scores[i] = std::numeric_limits<float>::lowest();
  }
};

/// What there is to go by where nobody has rated an item: chance.
struct any_order {
  index users;
  index items;

  [[nodiscard]] index num_users() const noexcept { return users; }
  [[nodiscard]] index num_items() const noexcept { return items; }
  void score(index user, std::span<float> scores) const noexcept {
    const kindred::counter_rng random(3, static_cast<std::uint64_t>(user));
    for (std::size_t i = 0; i < scores.size(); ++i)
      scores[i] = static_cast<float>(random.uniform(i));
  }
};

constexpr std::array<std::uint64_t, 5> seeds = {1, 2, 3, 4, 5};

template <class MakeModel>
void report_new_ratings(const char* name, const dataset& data, const MakeModel& make) {
  std::printf("%-34s", name);
  double total = 0;
  for (const std::uint64_t seed : seeds) {
    const split parts = hold_out_items(data, seed);
    auto model = make(parts.train);
    model.fit(parts.train);
    const double rmse = kindred::evaluate_ratings(model, parts.test).rmse;
    std::printf(" %.4f", rmse);
    total += rmse / static_cast<double>(seeds.size());
  }
  std::printf("  mean RMSE %.4f\n", total);
}

template <class MakeModel>
void report_new_ranking(const char* name, const dataset& data, const MakeModel& make) {
  double ndcg = 0;
  double recall = 0;
  for (const std::uint64_t seed : seeds) {
    const split parts = hold_out_items(data, seed);
    const auto model = make(parts.train);
    const auto at_10 =
        kindred::evaluate_ranking(ranking_of_new<decltype(model)>{model, parts.train}, parts.train,
                                  parts.test, {.at = {10}})
            .cutoffs[0];
    ndcg += at_10.ndcg / static_cast<double>(seeds.size());
    recall += at_10.recall / static_cast<double>(seeds.size());
  }
  std::printf("%-34s NDCG@10 %.4f recall@10 %.4f\n", name, ndcg, recall);
}

/// Options by the ratings of items that are held out of the training ratings once more.
factorization_machine_options choose_for_new(
    const dataset& train, const std::vector<factorization_machine_options>& grid) {
  const split parts = hold_out_items(train, 77);
  const factorization_machine_options* best = nullptr;
  double least = std::numeric_limits<double>::infinity();
  for (const auto& options : grid) {
    factorization_machine model(options);
    model.fit(parts.train);
    const double rmse = kindred::evaluate_ratings(model, parts.test).rmse;
    if (rmse >= least) continue;
    least = rmse;
    best = &options;
  }
  return *best;
}

void new_items(const kindred::movielens::data_set& data) {
  std::puts("\nall ratings of a tenth of the movies held out, five times");
  report_new_ratings("baseline_model: mean and user", data.ratings,
                     [](const dataset&) { return baseline_model(); });
  for (const auto& [name, features] : {std::pair("als, ids alone", feature_set{}),
                                       {"als, years and genres", movie_features(data)},
                                       {"als, all features", all_features(data)}})
    report_new_ratings(name, data.ratings, [&, &features = features](const dataset& train) {
      return factorization_machine(choose_for_new(train, als_grid(features)));
    });

  const dataset seen = kindred::binarize(data.ratings, 0);
  report_new_ranking("popularity has but chance", seen, [](const dataset& train) {
    return any_order{train.num_users(), train.num_items()};
  });
  for (const auto& [name, features] : {std::pair("sgd, years and genres", movie_features(data)),
                                       {"sgd, all features", all_features(data)}})
    report_new_ranking(name, seen, [&, &features = features](const dataset& train) {
      factorization_machine model{{.factors = 16,
                                   .solver = fm_solver::sgd,
                                   .sgd = {.epochs = 5, .hidden_ids = 0.5},
                                   .loss = kindred::nn::cross_entropy{},
                                   .negatives = 4,
                                   .features = features}};
      model.fit(train);
      return model;
    });
}

}  // namespace

int main() {
  const char* folder = std::getenv("KINDRED_DATA");
  if (folder == nullptr) {
    std::puts("skipped: KINDRED_DATA does not name the folder of the data sets");
    return 0;
  }
  const auto data = kindred::movielens::load(std::string(folder) + "/ml-100k");
  const auto folds = kindred::bench::given_folds(folder);
  report<factorization_machine>("als, ids alone", folds, als_grid({}));
  report<factorization_machine>("als, features", folds, als_grid(all_features(data)));
  report<factorization_machine>("sgd, ids alone", folds, sgd_grid({}));
  report<factorization_machine>("sgd, features", folds, sgd_grid(all_features(data)));
  new_items(data);
}
