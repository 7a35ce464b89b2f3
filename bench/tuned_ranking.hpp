#pragma once

#include <kindred/data/dataset.hpp>
#include <kindred/evaluate/evaluate_ranking.hpp>
#include <kindred/model/popularity.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "interaction_lists.hpp"

namespace kindred::bench {

/// Fits, judges and prints; returns NDCG@20.
template <class Model>
double judge(const char* name, Model model, const dataset& train, const dataset& test) {
  const auto start = std::chrono::steady_clock::now();
  model.fit(train);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  const auto at_20 = evaluate_ranking(model, train, test, {.at = {20}}).cutoffs[0];
  std::printf("%-10s Recall@20 %.4f NDCG@20 %.4f  fit %.2f s\n", name, at_20.recall, at_20.ndcg,
              took.count());
  std::fflush(stdout);
  return at_20.ndcg;
}

/// Judges a grid by NDCG@20 on valid; fits the winner on train and valid together and judges it
/// once on test. All items that a user has in neither are candidates. `print(options)` precedes
/// each line.
template <class Model, class Options, class Print>
void tune(const char* name, const interaction_lists& data, const std::vector<Options>& grid,
          const Print& print) {
  const Options* best = nullptr;
  double most = -1;
  for (const Options& options : grid) {
    print(options);
    const double ndcg = judge("valid", Model(options), data.train, data.valid);
    if (ndcg <= most) continue;
    most = ndcg;
    best = &options;
  }
  std::printf("best of %zu: ", grid.size());
  print(*best);
  judge(name, Model(*best), data.train_and_valid, data.test);
}

/// The data set that the command line names, after it has judged what is popular; nothing, with a
/// word, if there is none.
inline std::optional<interaction_lists> named_data(int count, char** arguments) {
  const char* folder = std::getenv("KINDRED_DATA");
  if (folder == nullptr || count < 2) {
    std::puts("skipped: needs KINDRED_DATA, the folder of the data sets, and the name of one");
    return std::nullopt;
  }
  interaction_lists data = read_interaction_lists(std::string(folder) + '/' + arguments[1]);
  judge("popularity", popularity_model(), data.train_and_valid, data.test);
  return data;
}

}  // namespace kindred::bench
