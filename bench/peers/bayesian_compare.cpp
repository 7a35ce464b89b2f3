// What bayesian_compare.py races against myFM.
//   bayesian_compare FOLDER FOLD MODEL FACTORS SWEEPS THREADS
//               prints the seconds of a fit, and of processors, and the test RMSE
#include <kindred/evaluate/evaluate_ratings.hpp>
#include <kindred/model/bayesian_mf.hpp>
#include <kindred/model/factorization_machine.hpp>
#include <kindred/source/movielens.hpp>

#include <tbb/task_arena.h>

#include <cstdio>
#include <string>

#include "exchange.hpp"

namespace {

template <class Model>
void race(Model model, const kindred::split& fold, int threads) {
  tbb::task_arena(threads).execute([&] {
    exchange::print_time_of([&] { model.fit(fold.train); });
    std::printf("%.4f\n", kindred::evaluate_ratings(model, fold.test).rmse);
  });
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 7) return 1;
  const auto fold = kindred::movielens::load_fold(arguments[1], arguments[2]);
  const int factors = std::stoi(arguments[4]);
  const int sweeps = std::stoi(arguments[5]);
  const int threads = std::stoi(arguments[6]);
  const int burn_in = sweeps / 5;
  if (std::string(arguments[3]) == "machine")
    race(kindred::factorization_machine(
             {.factors = factors,
              .solver = kindred::fm_solver::mcmc,
              .mcmc = {.burn_in = burn_in, .samples = sweeps - burn_in, .thinning = 1}}),
         fold, threads);
  else
    race(kindred::bayesian_mf(
             {.factors = factors, .burn_in = burn_in, .samples = sweeps - burn_in, .thinning = 1}),
         fold, threads);
}
