// Accuracy of the linear item models on data sets of interactions, split in train, valid and test.
//   KINDRED_DATA=folder-of-data-sets kindred_linear_ranking data-set [ease | slim]
#include <kindred/model/ease.hpp>
#include <kindred/model/slim.hpp>

#include <cstdio>
#include <string_view>
#include <vector>

#include "tuned_ranking.hpp"

namespace {

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
  const auto data = kindred::bench::named_data(count, arguments);
  if (!data) return 0;
  const std::string_view only = count > 2 ? arguments[2] : "";
  const auto chosen = [&](std::string_view name) { return only.empty() || only == name; };
  if (chosen("ease"))
    kindred::bench::tune<kindred::ease<>>(
        "ease", *data, ease_grid(), [](const kindred::ease_options& o) {
          std::printf("regularization %g, dropout %g  ", o.regularization, o.dropout);
        });
  if (chosen("slim"))
    kindred::bench::tune<kindred::slim>(
        "slim", *data, slim_grid(data->train.num_items() > 20000),
        [](const kindred::slim_options& o) { std::printf("l1 %g, l2 %g  ", o.l1, o.l2); });
}
