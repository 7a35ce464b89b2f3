// Accuracy of mlp_rating on the five given folds of MovieLens 100K, with ids alone and with what is
// known of users and movies; and how well networks tell 4 and 5 stars from fewer. Options are
// chosen inside the training folds, as tuned_folds.hpp says; so is the number of epochs, which is
// read off the validation losses of one long fit.
//   KINDRED_DATA=folder-of-data-sets kindred_network_folds
#include <kindred/data/binarize.hpp>
#include <kindred/evaluate/auc.hpp>
#include <kindred/model/factorization_machine.hpp>
#include <kindred/model/mlp_rating.hpp>
#include <kindred/source/movielens.hpp>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>
#include <vector>

#include "tuned_folds.hpp"

namespace {

using kindred::dataset;
using kindred::factorization_machine;
using kindred::factorization_machine_options;
using kindred::feature_set;
using kindred::mlp_rating;
using kindred::mlp_rating_options;
using kindred::bench::fold;

constexpr int most_epochs = 15;

kindred::nn::training_options& training_of(mlp_rating_options& o) { return o.training; }
kindred::nn::training_options& training_of(factorization_machine_options& o) { return o.sgd; }

feature_set features_of(const kindred::movielens::data_set& data) {
  return {
      .users = {data.users, {{"age"}, {"gender"}, {"occupation"}, {.name = "zip", .buckets = 100}}},
      .items = {data.items, {{"genres"}, {"year"}}}};
}

std::vector<mlp_rating_options> mlp_grid(const feature_set& features) {
  std::vector<mlp_rating_options> grid;
  for (const float dropout : {0.2F, 0.4F})
    for (const double l2 : {1e-4, 1e-3})
      for (const double embedding_l2 : {0.01, 0.03})
        grid.push_back({.tower = {.dropout = dropout},
                        .training = {.epochs = most_epochs, .l2 = l2, .embedding_l2 = embedding_l2},
                        .features = features});
  return grid;
}

std::vector<factorization_machine_options> machine_grid(const feature_set& features) {
  std::vector<factorization_machine_options> grid;
  for (const int factors : {16, 32})
    for (const double rate : {0.05, 0.1})
      for (const double l2 : {2e-4, 4e-4})
        grid.push_back({.factors = factors,
                        .solver = kindred::fm_solver::sgd,
                        .sgd = {.epochs = most_epochs,
                                .optimizer = kindred::nn::adagrad{.learning_rate = rate},
                                .embedding_l2 = l2},
                        .features = features});
  return grid;
}

void print(const mlp_rating_options& o) {
  std::printf("dropout %g, l2 %g", static_cast<double>(o.tower.dropout), o.training.l2);
}
void print(const factorization_machine_options& o) {
  std::printf("factors %d, learning_rate %g", o.factors,
              kindred::nn::learning_rate_of(o.sgd.optimizer));
}

/// The mean validation loss of the folds after each epoch.
template <class Model, class Options>
std::vector<double> losses_of(const std::vector<fold>& folds, const Options& options) {
  std::vector<double> losses(most_epochs, 0.0);
  for (const fold& f : folds) {
    Model model(options);
    const auto history = model.fit(f.validation.train, {.validation = f.validation.test});
    for (const auto& epoch : history.epochs)
      losses[static_cast<std::size_t>(epoch.epoch - 1)] +=
          epoch.validation_loss / static_cast<double>(folds.size());
  }
  return losses;
}

template <class Model, class Options>
Options choose_with_epochs(const std::vector<fold>& folds, const std::vector<Options>& grid) {
  Options best;
  double least = std::numeric_limits<double>::infinity();
  for (const Options& options : grid) {
    const std::vector<double> losses = losses_of<Model>(folds, options);
    for (int epoch = 1; epoch <= most_epochs; ++epoch) {
      const double loss = losses[static_cast<std::size_t>(epoch - 1)];
      if (loss >= least) continue;
      least = loss;
      best = options;
      training_of(best).epochs = epoch;
    }
  }
  std::printf("%zu settings tried, best validation loss %.4f\n", grid.size(), least);
  print(best);
  std::printf(", embedding_l2 %g, epochs %d\n", training_of(best).embedding_l2,
              training_of(best).epochs);
  return best;
}

/// Of all test ratings together.
template <class Model>
double auc_of(const Model& model, const dataset& test) {
  std::vector<float> liked;
  std::vector<float> all;
  for (kindred::index user = 0; user < test.num_users(); ++user)
    for (const auto [item, label] : test.by_user(user)) {
      all.push_back(model.predict(user, item));
      if (label > 0) liked.push_back(all.back());
    }
  kindred::auc_counter auc;
  auc.start(liked);
  auc.add(all);
  return auc.value();
}

/// Of folds of labels.
template <class Model, class Options>
void judge_labels(const char* name, const std::vector<fold>& folds, std::vector<Options> grid) {
  for (Options& options : grid) options.loss = kindred::nn::cross_entropy{};
  const Options best = choose_with_epochs<Model>(folds, grid);
  double total = 0;
  std::printf("%-22s", name);
  for (const fold& f : folds) {
    Model model(best);
    model.fit(f.test.train);
    const double auc = auc_of(model, f.test.test);
    std::printf(" %.4f", auc);
    total += auc / static_cast<double>(folds.size());
  }
  std::printf("  mean AUC %.4f\n", total);
  std::fflush(stdout);
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
  std::vector<fold> labels;
  for (const fold& f : folds)
    labels.emplace_back(
        kindred::split{kindred::binarize(f.test.train, 4), kindred::binarize(f.test.test, 4)});
  for (const bool with_features : {false, true}) {
    const feature_set features = with_features ? features_of(data) : feature_set{};
    std::puts(with_features ? "== with features" : "== ids alone");
    const auto best = choose_with_epochs<mlp_rating>(folds, mlp_grid(features));
    kindred::bench::judge<mlp_rating>("mlp_rating", folds, best);
    judge_labels<mlp_rating>("mlp_rating", labels, mlp_grid(features));
    judge_labels<factorization_machine>("factorization_machine", labels, machine_grid(features));
  }
}
