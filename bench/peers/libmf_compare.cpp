// Time to equal held-out RMSE, kindred against LIBMF, in one process, pair by pair.
//   libmf_compare synthetic|plain|RATINGS.csv [factors] [threads] [pairs] [millions of ratings]
// "synthetic" ratings have biases of users and items, which LIBMF does not model; "plain" have
// none. Both get the same grid of penalties and step sizes, judged on a part of the training
// ratings. The bar is LIBMF's RMSE on the test ratings at its best epoch count, and a thousandth.
// Each side then trains for the fewest epochs that reach it; what is timed is the whole fit,
// preparation included.
#include <kindred/data/load.hpp>
#include <kindred/data/split.hpp>
#include <kindred/data/synthetic.hpp>
#include <kindred/model/matrix_factorization.hpp>
#include <kindred/source/csv.hpp>

#include <tbb/global_control.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>
#include <vector>

#include "mf.h"

namespace {

struct setting {
  float penalty = 0;
  float rate = 0;
};

struct outcome {
  double seconds = 0;
  double rmse = 0;
};

int threads = 1;
int factors = 32;

template <class Predict>
double rmse_of(const kindred::dataset& test, const Predict& predict) {
  double total = 0;
  for (kindred::index u = 0; u < test.num_users(); ++u)
    for (const auto [item, value] : test.by_user(u)) {
      const double error = static_cast<double>(predict(u, item)) - static_cast<double>(value);
      total += error * error;
    }
  return std::sqrt(total / static_cast<double>(test.size()));
}

struct libmf {
  static constexpr const char* name = "LIBMF";
  static outcome fit(const kindred::split& data, setting s, int epochs) {
    std::vector<mf::mf_node> nodes;  // LIBMF reorders them in place: cheaper than its own copy
    for (kindred::index u = 0; u < data.train.num_users(); ++u)
      for (const auto [item, value] : data.train.by_user(u)) nodes.push_back({u, item, value});
    mf::mf_problem problem{data.train.num_users(), data.train.num_items(),
                           static_cast<mf::mf_long>(nodes.size()), nodes.data()};
    mf::mf_parameter parameters = mf::mf_get_default_param();
    parameters.k = factors;
    parameters.nr_threads = threads;
    parameters.nr_bins = 24;  // its default of 20 is slower on one thread
    parameters.nr_iters = epochs;
    parameters.lambda_p2 = parameters.lambda_q2 = s.penalty;
    parameters.eta = s.rate;
    parameters.quiet = true;
    parameters.copy_data = false;
    const auto start = std::chrono::steady_clock::now();
    mf::mf_model* model = mf::mf_train(&problem, parameters);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    const double rmse = rmse_of(
        data.test, [&](kindred::index u, kindred::index i) { return mf::mf_predict(model, u, i); });
    mf::mf_destroy_model(&model);
    return {took.count(), rmse};
  }
};

struct ours {
  static constexpr const char* name = "kindred";
  static outcome fit(const kindred::split& data, setting s, int epochs) {
    kindred::matrix_factorization<> model({.factors = factors,
                                           .epochs = epochs,
                                           .learning_rate = s.rate,
                                           .regularization = s.penalty,
                                           .clip = false});
    tbb::task_arena arena(threads);
    const auto start = std::chrono::steady_clock::now();
    arena.execute([&] { model.fit(data.train); });
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    return {took.count(), rmse_of(data.test, [&](kindred::index u, kindred::index i) {
              return model.predict(u, i);
            })};
  }
};

constexpr int epoch_counts[] = {2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40};

template <class Side>
setting tune(const kindred::split& data) {
  setting best;
  double least = std::numeric_limits<double>::infinity();
  for (const float penalty : {0.01F, 0.02F, 0.03F, 0.05F, 0.08F, 0.12F})
    for (const float rate : {0.03F, 0.05F, 0.1F}) {
      const double rmse = Side::fit(data, {penalty, rate}, 20).rmse;
      if (rmse < least) {
        least = rmse;
        best = {penalty, rate};
      }
    }
  std::printf("%-8s penalty %g, step size %g, validation RMSE %.4f\n", Side::name,
              static_cast<double>(best.penalty), static_cast<double>(best.rate), least);
  return best;
}

/// The RMSE after each of `epoch_counts`.
template <class Side>
std::vector<double> curve_of(const kindred::split& data, setting s) {
  std::vector<double> curve;
  for (const int epochs : epoch_counts) curve.push_back(Side::fit(data, s, epochs).rmse);
  return curve;
}

/// The fewest epochs that reach `bar`, or 0.
int fewest_epochs(const std::vector<double>& curve, double bar) {
  for (std::size_t n = 0; n < curve.size(); ++n)
    if (curve[n] <= bar) return epoch_counts[n];
  return 0;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

kindred::dataset read(const std::string& what, double millions) {
  if (what != "synthetic" && what != "plain") return kindred::load(kindred::csv_source{what});
  const auto count = static_cast<std::size_t>(millions * 1e6);
  const double bias = what == "plain" ? 0 : 0.4;
  return kindred::synthetic_ratings({.num_users = static_cast<kindred::index>(count / 100),
                                     .num_items = static_cast<kindred::index>(count / 500),
                                     .num_ratings = count,
                                     .user_bias = bias,
                                     .item_bias = bias,
                                     .step = 0,
                                     .seed = 5});
}

}  // namespace

int main(int argc, char** argv) {
  const auto argument = [&](int n, double otherwise) {
    return argc > n ? std::atof(argv[n]) : otherwise;
  };
  const std::string what = argc > 1 ? argv[1] : "synthetic";
  factors = static_cast<int>(argument(2, 32));
  threads = static_cast<int>(argument(3, 1));
  const int pairs = static_cast<int>(argument(4, 5));
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                  static_cast<std::size_t>(threads));
  const auto ratings = read(what, argument(5, 5));
  const kindred::split data = kindred::split_random(ratings, {.test_fraction = 0.1, .seed = 1});
  const kindred::split tuning =
      kindred::split_random(data.train, {.test_fraction = 0.1, .seed = 2});
  std::printf("%s: %zu train, %zu test; factors %d, threads %d\n", what.c_str(), data.train.size(),
              data.test.size(), factors, threads);
  const setting theirs_setting = tune<libmf>(tuning);
  const setting ours_setting = tune<ours>(tuning);
  const std::vector<double> theirs = curve_of<libmf>(data, theirs_setting);
  const double bar = *std::min_element(theirs.begin(), theirs.end()) * 1.001;
  const int theirs_epochs = fewest_epochs(theirs, bar);
  const int ours_epochs = fewest_epochs(curve_of<ours>(data, ours_setting), bar);
  std::printf("bar: RMSE %.4f; epochs: LIBMF %d, kindred %d\n", bar, theirs_epochs, ours_epochs);
  if (ours_epochs == 0) {
    std::puts("kindred does not reach the bar");
    return 1;
  }
  std::vector<double> theirs_seconds;
  std::vector<double> ours_seconds;
  std::vector<double> ratios;
  outcome a;
  outcome b;
  for (int pair = 0; pair < pairs; ++pair) {
    a = libmf::fit(data, theirs_setting, theirs_epochs);
    b = ours::fit(data, ours_setting, ours_epochs);
    theirs_seconds.push_back(a.seconds);
    ours_seconds.push_back(b.seconds);
    ratios.push_back(a.seconds / b.seconds);
  }
  const auto [low, high] = std::minmax_element(ratios.begin(), ratios.end());
  std::printf("LIBMF %.3f s at %.4f, kindred %.3f s at %.4f, ratio %.2f (%.2f .. %.2f)\n",
              median(theirs_seconds), a.rmse, median(ours_seconds), b.rmse, median(ratios), *low,
              *high);
}
