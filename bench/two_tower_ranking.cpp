// Accuracy of two_tower, by ids alone, on data sets of interactions, split in train, valid and
// test.
//   KINDRED_DATA=folder-of-data-sets kindred_two_tower_ranking data-set [in_batch | bpr]
#include <kindred/model/two_tower.hpp>

#include <cstdio>
#include <string_view>
#include <variant>
#include <vector>

#include "tuned_ranking.hpp"

namespace {

namespace nn = kindred::nn;
using kindred::two_tower_options;

std::vector<two_tower_options> in_batch_grid() {
  std::vector<two_tower_options> grid;
  for (const double temperature : {0.1, 0.15, 0.2})
    for (const int dimensions : {64, 128})
      for (const int epochs : {10, 20})
        grid.push_back({.dimensions = dimensions,
                        .unit_length = true,
                        .loss = nn::in_batch_softmax{.temperature = temperature},
                        .training = {.epochs = epochs,
                                     .batch_size = 256,
                                     .optimizer = nn::adam{.learning_rate = 0.002}}});
  return grid;
}

std::vector<two_tower_options> bpr_grid() {
  std::vector<two_tower_options> grid;
  for (const double l2 : {1e-5, 1e-4, 1e-3})
    for (const int epochs : {10, 20})
      grid.push_back({.dimensions = 64,
                      .loss = nn::bpr{},
                      .training = {.epochs = epochs,
                                   .batch_size = 256,
                                   .optimizer = nn::adam{.learning_rate = 0.002},
                                   .embedding_l2 = l2}});
  return grid;
}

void print(const two_tower_options& o) {
  if (const auto* loss = std::get_if<nn::in_batch_softmax>(&o.loss))
    std::printf("temperature %g, ", loss->temperature);
  else
    std::printf("embedding_l2 %g, ", o.training.embedding_l2);
  std::printf("dimensions %d, epochs %d  ", o.dimensions, o.training.epochs);
}

}  // namespace

int main(int count, char** arguments) {
  const auto data = kindred::bench::named_data(count, arguments);
  if (!data) return 0;
  const std::string_view only = count > 2 ? arguments[2] : "";
  if (only != "bpr")
    kindred::bench::tune<kindred::two_tower>("in_batch", *data, in_batch_grid(), print);
  if (only != "in_batch") kindred::bench::tune<kindred::two_tower>("bpr", *data, bpr_grid(), print);
}
