// Accuracy of bpr, warp and logistic_mf on data sets of interactions, split in train, valid and
// test.
//   KINDRED_DATA=folder-of-data-sets kindred_ranking_mf_ranking data-set [model] [factors]
#include <kindred/model/bpr.hpp>
#include <kindred/model/logistic_mf.hpp>
#include <kindred/model/warp.hpp>

#include <cstdlib>
#include <string_view>

#include "ranking_mf_grids.hpp"
#include "tuned_ranking.hpp"

namespace {

template <class Model>
void tune(const kindred::bench::interaction_lists& data, std::string_view only, int factors) {
  using options = typename Model::options_type;
  if (only.empty() || only == options::kind)
    kindred::bench::tune<Model>(options::kind.data(), data,
                                kindred::bench::ranking_mf_grid<options>(factors),
                                kindred::bench::print_ranking_mf<options>);
}

}  // namespace

int main(int count, char** arguments) {
  const auto data = kindred::bench::named_data(count, arguments);
  if (!data) return 0;
  const std::string_view only = count > 2 ? arguments[2] : "";
  const int factors = count > 3 ? std::atoi(arguments[3]) : 64;
  tune<kindred::bpr>(*data, only, factors);
  tune<kindred::warp>(*data, only, factors);
  tune<kindred::logistic_mf>(*data, only, factors);
}
