// kindred's side of surprise_compare.py, which calls it and reads what it prints.
//   surprise_compare PREFIX MODEL THREADS
//               seconds to fit PREFIX.base, and of processors, and the RMSE on PREFIX.test
#include <kindred/data/load.hpp>
#include <kindred/evaluate/evaluate_ratings.hpp>
#include <kindred/model/baseline.hpp>
#include <kindred/model/co_clustering.hpp>
#include <kindred/model/matrix_factorization.hpp>
#include <kindred/model/nmf.hpp>
#include <kindred/model/slope_one.hpp>
#include <kindred/model/svdpp.hpp>
#include <kindred/source/csv.hpp>

#include <tbb/global_control.h>

#include <cstdio>
#include <string>

#include "exchange.hpp"

namespace {

struct fold {
  kindred::dataset train;
  kindred::dataset test;
};

template <class Model>
int race(Model model, const fold& data) {
  model.fit(data.train);  // the peer's process has fitted before, too
  exchange::print_time_of([&] { model.fit(data.train); });
  std::printf("%.6f\n", kindred::evaluate_ratings(model, data.test).rmse);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const std::string prefix = argv[1];
  const std::string model = argv[2];
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                  std::stoul(argv[3]));
  const auto train = kindred::load(kindred::csv_source{prefix + ".base"});
  const fold data{train, kindred::load(kindred::csv_source{prefix + ".test"}, {.extend = train})};
  if (model == "SVD") return race(kindred::matrix_factorization<>{{.factors = 64}}, data);
  if (model == "SVDpp") return race(kindred::svdpp{{}}, data);
  if (model == "NMF") return race(kindred::nmf{{.biases = false}}, data);
  if (model == "SlopeOne") return race(kindred::slope_one{{}}, data);
  if (model == "CoClustering") return race(kindred::co_clustering{{}}, data);
  if (model == "BaselineOnly") return race(kindred::baseline_model{{}}, data);
  return 2;
}
