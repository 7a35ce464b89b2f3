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
  if constexpr (requires(Options & o) { o.trials; }) {
    for (const double regularization : {0.3, 0.5, 1.0})
      for (const int trials : {32, 64})
        grid.push_back({.factors = factors, .trials = trials, .regularization = regularization});
  } else {
    const double strong = Options().regularization;
    for (const double regularization : {strong, strong * 2, strong * 4})
      for (const double popularity_power : {0.0, 0.5})
        grid.push_back({.factors = factors,
                        .popularity_power = popularity_power,
                        .regularization = regularization});
  }
  return grid;
}

template <class Options>
void print_ranking_mf(const Options& o) {
  std::printf("factors %d, regularization %g, ", o.factors, o.regularization);
  if constexpr (requires { o.trials; })
    std::printf("trials %d  ", o.trials);
  else
    std::printf("popularity_power %g  ", o.popularity_power);
}

}  // namespace kindred::bench
