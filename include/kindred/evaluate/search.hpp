#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/parallel.hpp>
#include <kindred/evaluate/detail/search_log.hpp>
#include <kindred/evaluate/search_result.hpp>
#include <kindred/evaluate/search_space.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace kindred {

/// Makes options of the parameters, fits a model on a training set, judges it by a validation set,
/// and returns a score of which more is better: an NDCG, or an RMSE with its sign turned. Called
/// from several threads at once. It may throw divergence_error; any other exception ends the
/// search.
using search_objective = std::function<double(const parameter_values&)>;

/// The same with a budget, such as a number of epochs, that halving_options speak of.
using budget_objective = std::function<double(const parameter_values&, double budget)>;

/// How to search at random.
struct random_search_options {
  int trials = 20;  ///< >= 1
  std::uint64_t seed = 42;
  /// A CSV file of finished trials: those in it are not run again, others are added as they end.
  /// The file is of one objective and space; empty for none.
  std::string log{};
};

/// How to search by successive halving.
struct halving_options {
  int trials = 27;        ///< at the least budget, >= 1
  double min_budget = 1;  ///< > 0
  double max_budget = 9;  ///< >= min_budget
  double factor = 3;      ///< by which trials get fewer and the budget grows, > 1
  std::uint64_t seed = 42;
  std::string log{};  ///< as in random_search_options
};

/// Throws option_error for the first option outside its range.
inline void check_options(const random_search_options& options) {
  require_option(options.trials >= 1, "trials", options.trials, "[1, 2147483647]");
}
inline void check_options(const halving_options& options) {
  require_option(options.trials >= 1, "trials", options.trials, "[1, 2147483647]");
  require_option(options.min_budget > 0, "min_budget", options.min_budget, "(0, inf)");
  require_option(options.max_budget >= options.min_budget && std::isfinite(options.max_budget),
                 "max_budget", options.max_budget, "[min_budget, inf)");
  require_option(options.factor > 1 && std::isfinite(options.factor), "factor", options.factor,
                 "(1, inf)");
}

namespace detail {

[[nodiscard]] inline search_result empty_result(const search_space& space) {
  search_result result;
  for (const search_parameter& parameter : space) result.names.push_back(parameter.name);
  return result;
}

/// Runs the points that the log does not know, in parallel; trials are in the order of the points.
[[nodiscard]] inline std::vector<search_trial> run_trials(
    const search_space& space, const std::vector<std::vector<double>>& points, double budget,
    const budget_objective& objective, search_log& log) {
  std::vector<search_trial> trials(points.size());
  parallel_for(points.size(), 1, [&](std::size_t first, std::size_t last) {
    for (std::size_t t = first; t < last; ++t) {
      trials[t] = {points[t], budget, std::numeric_limits<double>::quiet_NaN()};
      if (const double* known = log.find(points[t], budget)) {
        trials[t].score = *known;
        continue;
      }
      try {
        trials[t].score = objective(parameter_values(space, points[t]), budget);
      } catch (const divergence_error&) {  // the score stays that of none
      }
      log.add(trials[t]);
    }
  });
  return trials;
}

[[nodiscard]] inline search_result search_points(const search_space& space,
                                                 const std::vector<std::vector<double>>& points,
                                                 const search_objective& objective,
                                                 const std::string& path) {
  search_result result = empty_result(space);
  search_log log(path, result.names);
  const auto once = [&](const parameter_values& values, double) { return objective(values); };
  result.trials = run_trials(space, points, 1, once, log);
  return result;
}

/// The points of the best trials, best first; equal scores by their order, NaN last.
[[nodiscard]] inline std::vector<std::vector<double>> best_points(std::vector<search_trial> trials,
                                                                  std::size_t count) {
  const auto key = [](const search_trial& trial) {
    return std::isnan(trial.score) ? std::numeric_limits<double>::infinity() : -trial.score;
  };
  std::stable_sort(trials.begin(), trials.end(),
                   [&](const auto& a, const auto& b) { return key(a) < key(b); });
  std::vector<std::vector<double>> points;
  for (std::size_t t = 0; t < std::min(count, trials.size()); ++t)
    points.push_back(std::move(trials[t].values));
  return points;
}

}  // namespace detail

// Every search runs its trials in parallel in the caller's TBB arena, a model each in memory, and
// gives the same result on any number of threads if the objective does. All throw option_error for
// a space or options that are not as they should be, what the objective throws, and for the log
// io_error or format_error.

/// Tries all combinations of the values of the parameters. `log` as in random_search_options.
///
///   const auto found = kindred::search_grid(
///       {{.name = "penalty", .values = {10, 100, 1000}}}, [&](const auto& at) {
///         kindred::ease model{{.regularization = at["penalty"]}};
///         model.fit(train);
///         return kindred::evaluate_ranking(model, train, validation).at(10).ndcg;
///       });
[[nodiscard]] inline search_result search_grid(const search_space& space,
                                               const search_objective& objective,
                                               const std::string& log = {}) {
  check_options(space);
  return detail::search_points(space, detail::grid_points(space), objective, log);
}

/// Tries points at random: for as many trials better than a grid where few of the parameters matter
/// (Bergstra and Bengio, "Random search for hyper-parameter optimization", JMLR 2012). More trials
/// with the same seed begin with the same points, so that a log can be gone on with.
[[nodiscard]] inline search_result search_random(const search_space& space,
                                                 const search_objective& objective,
                                                 const random_search_options& options = {}) {
  check_options(space);
  check_options(options);
  const auto points = detail::random_points(space, options.trials, options.seed);
  return detail::search_points(space, points, objective, options.log);
}

/// Tries many points with a small budget, then a `factor`-th of them, the best, with as many times
/// the budget, and so on up to the greatest (Jamieson and Talwalkar, "Non-stochastic best arm
/// identification and hyperparameter optimization", AISTATS 2016). Every round starts anew.
[[nodiscard]] inline search_result search_halving(const search_space& space,
                                                  const budget_objective& objective,
                                                  const halving_options& options = {}) {
  check_options(space);
  check_options(options);
  search_result result = detail::empty_result(space);
  detail::search_log log(options.log, result.names);
  auto points = detail::random_points(space, options.trials, options.seed);
  double budget = options.min_budget;
  while (true) {
    auto round = detail::run_trials(space, points, budget, objective, log);
    result.trials.insert(result.trials.end(), round.begin(), round.end());
    if (budget >= options.max_budget) return result;
    const double kept = std::floor(static_cast<double>(points.size()) / options.factor);
    points = detail::best_points(std::move(round), static_cast<std::size_t>(std::max(kept, 1.0)));
    budget = std::min(budget * options.factor, options.max_budget);
  }
}

}  // namespace kindred
