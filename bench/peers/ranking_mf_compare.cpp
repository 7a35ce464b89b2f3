// kindred's side of ranking_mf_compare.py, which calls it and reads what it prints and writes.
//   ranking_mf_compare options MODEL         how many options there are to choose from
//   ranking_mf_compare fit FOLDER PART MODEL OPTION EPOCHS THREADS WORK
//                seconds, and those of the processor, to fit bpr, warp or logistic_mf to the
//                training part of the data set in FOLDER, with the validation part where PART is
//                test; writes users, items and biases as arrays of floats, by the numbers in the
//                files
#include <kindred/model/bpr.hpp>
#include <kindred/model/logistic_mf.hpp>
#include <kindred/model/warp.hpp>

#include <tbb/global_control.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "../interaction_lists.hpp"
#include "../ranking_mf_grids.hpp"
#include "exchange.hpp"

namespace {

/// Rows of `width` numbers in the order of the external ids, which are numbers.
void write(const std::string& path, const kindred::id_map& ids, const float* rows,
           std::size_t width) {
  std::vector<float> by_number;
  for (kindred::index i = 0; i < ids.size(); ++i) {
    const auto number = static_cast<std::size_t>(std::stoul(std::string(ids.id(i))));
    by_number.resize(std::max(by_number.size(), (number + 1) * width));
    std::copy_n(rows + static_cast<std::size_t>(i) * width, width,
                by_number.begin() + static_cast<std::ptrdiff_t>(number * width));
  }
  exchange::write<float>(path, by_number);
}

template <class Model>
int run(int count, char** arguments) {
  const auto grid = kindred::bench::quick_ranking_mf_grid<typename Model::options_type>(64);
  if (count < 9) {
    std::printf("%zu\n", grid.size());
    return 0;
  }
  const auto data = kindred::bench::read_interaction_lists(arguments[2]);
  const bool test = std::string_view(arguments[3]) == "test";
  auto options = grid.at(static_cast<std::size_t>(std::atoi(arguments[5])));
  options.epochs = std::atoi(arguments[6]);
  const int threads = std::atoi(arguments[7]);
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                  static_cast<std::size_t>(threads));
  Model model(options);
  exchange::print_time_of([&] {
    tbb::task_arena(threads).execute([&] { model.fit(test ? data.train_and_valid : data.train); });
  });
  const auto latent = model.latent();
  const std::string work = arguments[8];
  write(work + "/users", data.train.users(), latent.user_factors, latent.factors);
  write(work + "/items", data.train.items(), latent.item_factors, latent.factors);
  write(work + "/biases", data.train.items(), latent.item_biases, 1);
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  const std::string_view command = count > 2 ? arguments[1] : "";
  const std::string_view model = command == "fit" && count > 4 ? arguments[4]
                                 : command == "options"        ? arguments[2]
                                                               : "";
  if (model == "bpr") return run<kindred::bpr>(count, arguments);
  if (model == "warp") return run<kindred::warp>(count, arguments);
  if (model == "logistic_mf") return run<kindred::logistic_mf>(count, arguments);
  std::puts("see ranking_mf_compare.py");
  return 1;
}
