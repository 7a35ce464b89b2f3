// Accuracy of the linear item models on data sets of interactions, split in train, valid and test:
// the grid is judged by NDCG@20 on valid, and the winner is fitted on train and valid together and
// judged once on test. All items that the user has in neither are candidates.
//   KINDRED_DATA=folder-of-data-sets kindred_linear_ranking data-set [ease | slim]
#include <kindred/evaluate/evaluate_ranking.hpp>
#include <kindred/model/ease.hpp>
#include <kindred/model/popularity.hpp>
#include <kindred/model/slim.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "interaction_lists.hpp"

namespace {

using kindred::bench::interaction_lists;

void print(const kindred::ease_options& o) {
  std::printf("regularization %g, dropout %g  ", o.regularization, o.dropout);
}
void print(const kindred::slim_options& o) { std::printf("l1 %g, l2 %g  ", o.l1, o.l2); }

/// Fits, judges and prints; returns NDCG@20.
template <class Model>
double judge(const char* name, Model model, const kindred::dataset& train,
             const kindred::dataset& test) {
  const auto start = std::chrono::steady_clock::now();
  model.fit(train);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  const auto at_20 = kindred::evaluate_ranking(model, train, test, {.at = {20}}).cutoffs[0];
  std::printf("%-10s Recall@20 %.4f NDCG@20 %.4f  fit %.2f s\n", name, at_20.recall, at_20.ndcg,
              took.count());
  std::fflush(stdout);
  return at_20.ndcg;
}

template <class Model, class Options>
void tune(const char* name, const interaction_lists& data, const std::vector<Options>& grid) {
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

std::vector<kindred::ease_options> ease_grid() {
  std::vector<kindred::ease_options> grid;
  for (const double regularization : {10.0, 30.0, 100.0, 300.0, 1000.0})
    for (const double dropout : {0.0, 0.3, 0.5, 0.7})
      grid.push_back({.regularization = regularization, .dropout = dropout});
  return grid;
}

/// A coarse one where fits take minutes.
std::vector<kindred::slim_options> slim_grid(bool coarse) {
  std::vector<kindred::slim_options> grid;
  for (const double l1 : {0.1, 0.3, 1.0, 3.0})
    for (const double l2 : {10.0, 30.0, 100.0, 300.0})
      if (!coarse || ((l1 == 0.3 || l1 == 1) && l2 < 300)) grid.push_back({.l1 = l1, .l2 = l2});
  return grid;
}

}  // namespace

int main(int count, char** arguments) {
  const char* folder = std::getenv("KINDRED_DATA");
  if (folder == nullptr || count < 2) {
    std::puts("skipped: needs KINDRED_DATA, the folder of the data sets, and the name of one");
    return 0;
  }
  const auto data =
      kindred::bench::read_interaction_lists(std::string(folder) + '/' + arguments[1]);
  const std::string_view only = count > 2 ? arguments[2] : "";
  judge("popularity", kindred::popularity_model(), data.train_and_valid, data.test);
  if (only != "slim") tune<kindred::ease<>>("ease", data, ease_grid());
  if (only != "ease") tune<kindred::slim>("slim", data, slim_grid(data.train.num_items() > 20000));
}
