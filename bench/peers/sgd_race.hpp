#pragma once

// Time to equal held-out RMSE, kindred against a peer in one process, pair by pair.
//   PROGRAM DATA FACTORS PAIRS THREADS ...
// DATA is a file of ratings, or a number of millions of synthetic ratings, which have biases of
// users and items, or none if "-plain" follows. Both sides get their grids of penalties and step
// sizes, judged on a part of the training ratings. The bar is the peer's RMSE on the test ratings
// at its best number of epochs, and a thousandth. Each side then trains for the fewest epochs that
// reach it, or for the most if none does; what is timed is the whole fit, preparation included.
// Prints, a line each:
//   size RATINGS
//   curve kindred|peer EPOCHS SECONDS RMSE
//   pair THREADS SECONDS RMSE EPOCHS SECONDS RMSE EPOCHS    kindred's, then the peer's

#include <kindred/data/load.hpp>
#include <kindred/data/split.hpp>
#include <kindred/data/synthetic.hpp>
#include <kindred/model/matrix_factorization.hpp>
#include <kindred/source/csv.hpp>

#include <tbb/global_control.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>
#include <vector>

#include "exchange.hpp"

namespace kindred::bench {

struct sgd_setting {
  float penalty = 0;
  float rate = 0;
  int epochs = 0;
  int factors = 0;
  int threads = 0;
};

struct sgd_outcome {
  double seconds = 0;
  double rmse = 0;
};

template <class Predict>
double rmse_of(const dataset& test, const Predict& predict) {
  double total = 0;
  for (index u = 0; u < test.num_users(); ++u)
    for (const auto [item, value] : test.by_user(u)) {
      const double error = static_cast<double>(predict(u, item)) - static_cast<double>(value);
      total += error * error;
    }
  return std::sqrt(total / static_cast<double>(test.size()));
}

/// kindred's side. A peer's has the same members.
struct sgd_ours {
  static constexpr float penalties[] = {0.01F, 0.02F, 0.03F, 0.05F, 0.08F, 0.12F};
  static constexpr float rates[] = {0.03F, 0.05F, 0.1F};
  static constexpr int epochs[] = {2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40};

  static sgd_outcome fit(const split& data, sgd_setting s) {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                    static_cast<std::size_t>(s.threads));
    matrix_factorization<> model({.factors = s.factors,
                                  .epochs = s.epochs,
                                  .learning_rate = s.rate,
                                  .regularization = s.penalty,
                                  .clip = false});
    tbb::task_arena arena(s.threads);
    const double took =
        exchange::seconds_of([&] { arena.execute([&] { model.fit(data.train); }); });
    return {took, rmse_of(data.test, [&](index u, index i) { return model.predict(u, i); })};
  }
};

/// The setting of the grid that is best on the test part of `data`, at 20 epochs.
template <class Side>
sgd_setting tuned(const split& data, sgd_setting s) {
  sgd_setting best;
  double least = std::numeric_limits<double>::infinity();
  s.epochs = 20;
  for (const float penalty : Side::penalties)
    for (const float rate : Side::rates) {
      s.penalty = penalty;
      s.rate = rate;
      const double rmse = Side::fit(data, s).rmse;
      if (rmse < least) {
        least = rmse;
        best = s;
      }
    }
  return best;
}

/// What `Side` reaches by its numbers of epochs, printed.
template <class Side>
std::vector<double> curve_of(const char* name, const split& data, sgd_setting s) {
  std::vector<double> curve;
  for (const int epochs : Side::epochs) {
    s.epochs = epochs;
    const auto [seconds, rmse] = Side::fit(data, s);
    std::printf("curve %s %d %.6f %.6f\n", name, epochs, seconds, rmse);
    curve.push_back(rmse);
  }
  return curve;
}

/// The fewest epochs that reach `bar`, or the most.
template <class Side>
int fewest_epochs(const std::vector<double>& curve, double bar) {
  for (std::size_t n = 0; n < curve.size(); ++n)
    if (curve[n] <= bar) return Side::epochs[n];
  return *std::max_element(std::begin(Side::epochs), std::end(Side::epochs));
}

inline dataset sgd_ratings(const std::string& what) {
  const double millions = std::atof(what.c_str());
  if (millions == 0) return load(csv_source{what});
  const auto count = static_cast<std::size_t>(millions * 1e6);
  const double bias = what.ends_with("-plain") ? 0 : 0.4;
  return synthetic_ratings({.num_users = static_cast<index>(count / 100),
                            .num_items = static_cast<index>(count / 500),
                            .num_ratings = count,
                            .user_bias = bias,
                            .item_bias = bias,
                            .step = 0,
                            .seed = 5});
}

template <class Peer>
int race_sgd(int argc, char** argv) {
  if (argc < 5) return 2;
  std::vector<int> threads;
  for (int n = 4; n < argc; ++n) threads.push_back(std::atoi(argv[n]));
  const auto ratings = sgd_ratings(argv[1]);
  const split data = split_random(ratings, {.test_fraction = 0.1, .seed = 1});
  const split tuning = split_random(data.train, {.test_fraction = 0.1, .seed = 2});
  std::printf("size %zu\n", data.train.size());
  const sgd_setting asked{.factors = std::atoi(argv[2]),
                          .threads = *std::max_element(threads.begin(), threads.end())};
  sgd_setting theirs = tuned<Peer>(tuning, asked);
  sgd_setting ours = tuned<sgd_ours>(tuning, asked);
  const auto their_curve = curve_of<Peer>("peer", data, theirs);
  const double bar = *std::min_element(their_curve.begin(), their_curve.end()) * 1.001;
  theirs.epochs = fewest_epochs<Peer>(their_curve, bar);
  ours.epochs = fewest_epochs<sgd_ours>(curve_of<sgd_ours>("kindred", data, ours), bar);
  for (const int count : threads) {
    ours.threads = theirs.threads = count;
    for (int pair = 0; pair < std::atoi(argv[3]); ++pair) {
      const auto b = Peer::fit(data, theirs);
      const auto a = sgd_ours::fit(data, ours);
      std::printf("pair %d %.6f %.6f %d %.6f %.6f %d\n", count, a.seconds, a.rmse, ours.epochs,
                  b.seconds, b.rmse, theirs.epochs);
    }
  }
  return 0;
}

}  // namespace kindred::bench
