#pragma once

#include <kindred/model/bpr.hpp>
#include <kindred/model/logistic_mf.hpp>
#include <kindred/model/warp.hpp>

#include <cstdio>
#include <vector>

namespace kindred::bench {

/// What is tried of the options of bpr, warp or logistic_mf.
template <class Options>
[[nodiscard]] std::vector<Options> ranking_mf_grid(int factors) {
  std::vector<Options> grid;
  const double least = Options().regularization;
  for (const double regularization : {least, least * 2, least * 4})
    for (const double popularity_power : {0.0, 0.5})
      grid.push_back({.factors = factors,
                      .popularity_power = popularity_power,
                      .regularization = regularization});
  return grid;
}

/// What is tried to come to some accuracy soon: longer steps and fewer draws for each interaction,
/// too.
template <class Options>
[[nodiscard]] std::vector<Options> quick_ranking_mf_grid(int factors) {
  std::vector<Options> grid;
  for (const int stronger : {1, 4})
    for (const double longer : {1.0, 1.5, 2.0})
      for (const bool fewer : {true, false}) {
        Options& o = grid.emplace_back(Options{.factors = factors, .popularity_power = 0.5});
        o.regularization *= stronger;
        o.learning_rate *= longer;
        if (!fewer) continue;
        if constexpr (requires { o.trials; })
          o.trials = 8;
        else
          o.negatives = 1;
      }
  return grid;
}

template <class Options>
void print_ranking_mf(const Options& o) {
  std::printf("factors %d, regularization %g, popularity_power %g  ", o.factors, o.regularization,
              o.popularity_power);
}

}  // namespace kindred::bench
