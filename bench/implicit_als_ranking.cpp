// Accuracy of implicit_als on data sets of interactions, split in train, valid and test.
//   KINDRED_DATA=folder-of-data-sets kindred_implicit_als_ranking data-set [factors]
//                                    [epochs unobserved_weight regularization init_scale]
#include <kindred/model/implicit_als.hpp>

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "tuned_ranking.hpp"

namespace {

using kindred::implicit_als_options;

std::vector<implicit_als_options> grid(int factors) {
  std::vector<implicit_als_options> grid;
  for (const double unobserved_weight : {0.01, 0.03, 0.1, 0.3})
    for (const double regularization : {0.003, 0.01, 0.02})
      grid.push_back({.factors = factors,
                      .epochs = 12,
                      .unobserved_weight = unobserved_weight,
                      .regularization = regularization});
  return grid;
}

void print(const implicit_als_options& o) {
  std::printf("factors %d, unobserved_weight %g, regularization %g, init_scale %g  ", o.factors,
              o.unobserved_weight, o.regularization, o.init_scale);
}

}  // namespace

int main(int count, char** arguments) {
  const auto data = kindred::bench::named_data(count, arguments);
  if (!data) return 0;
  const int factors = count > 2 ? std::atoi(arguments[2]) : 64;
  const auto options =
      count < 7 ? grid(factors)
                : std::vector<implicit_als_options>{{.factors = factors,
                                                     .epochs = std::atoi(arguments[3]),
                                                     .unobserved_weight = std::atof(arguments[4]),
                                                     .regularization = std::atof(arguments[5]),
                                                     .init_scale = std::atof(arguments[6])}};
  kindred::bench::tune<kindred::implicit_als>("als", *data, options, print);
}
