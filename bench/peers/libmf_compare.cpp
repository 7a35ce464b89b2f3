// Races matrix_factorization against LIBMF: see sgd_race.hpp.
#include <kindred/data/split.hpp>

#include <vector>

#include "exchange.hpp"
#include "mf.h"
#include "sgd_race.hpp"

namespace {

struct libmf {
  static constexpr auto& penalties = kindred::bench::sgd_ours::penalties;
  static constexpr auto& rates = kindred::bench::sgd_ours::rates;
  static constexpr auto& epochs = kindred::bench::sgd_ours::epochs;

  static kindred::bench::sgd_outcome fit(const kindred::split& data,
                                         kindred::bench::sgd_setting s) {
    std::vector<mf::mf_node> nodes;  // LIBMF reorders them in place: cheaper than its own copy
    for (kindred::index u = 0; u < data.train.num_users(); ++u)
      for (const auto [item, value] : data.train.by_user(u)) nodes.push_back({u, item, value});
    mf::mf_problem problem{data.train.num_users(), data.train.num_items(),
                           static_cast<mf::mf_long>(nodes.size()), nodes.data()};
    mf::mf_parameter parameters = mf::mf_get_default_param();
    parameters.k = s.factors;
    parameters.nr_threads = s.threads;
    parameters.nr_bins = 24;  // its default of 20 is slower on one thread
    parameters.nr_iters = s.epochs;
    parameters.lambda_p2 = parameters.lambda_q2 = s.penalty;
    parameters.eta = s.rate;
    parameters.quiet = true;
    parameters.copy_data = false;
    mf::mf_model* model = nullptr;
    const double took = exchange::seconds_of([&] { model = mf::mf_train(&problem, parameters); });
    const double rmse = kindred::bench::rmse_of(
        data.test, [&](kindred::index u, kindred::index i) { return mf::mf_predict(model, u, i); });
    mf::mf_destroy_model(&model);
    return {took, rmse};
  }
};

}  // namespace

int main(int argc, char** argv) { return kindred::bench::race_sgd<libmf>(argc, argv); }
