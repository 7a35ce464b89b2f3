// kindred's side of mlp_compare.py, which calls it and reads what it prints.
//   mlp_compare RATINGS HIDDEN BATCH THREADS EPOCHS
//     HIDDEN is 64,32 or the like. Prints the mean loss of each epoch, then the seconds that the
//     epochs after the first took, then the seconds to score all items for 100 users.
#include <kindred/data/load.hpp>
#include <kindred/model/mlp_rating.hpp>
#include <kindred/source/csv.hpp>

#include <tbb/global_control.h>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fputs("see the head of mlp_compare.cpp\n", stderr);
    return 2;
  }
  const auto ratings = kindred::load(kindred::csv_source{argv[1]});
  const auto threads = static_cast<std::size_t>(std::atoi(argv[4]));
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
  std::vector<int> hidden;
  std::istringstream list(argv[2]);
  for (std::string part; std::getline(list, part, ',');) hidden.push_back(std::stoi(part));

  kindred::mlp_rating model{
      {.dimensions = 32,
       .tower = {.hidden = hidden},
       .biases = false,
       .training = {.epochs = std::atoi(argv[5]), .batch_size = std::atoi(argv[3])}}};
  const auto history = model.fit(ratings);
  double seconds = 0;
  for (const auto& epoch : history.epochs) {
    std::printf("%.5f ", epoch.train_loss);
    if (epoch.epoch > 1) seconds += static_cast<double>(ratings.size()) / epoch.ratings_per_second;
  }
  std::vector<float> scores(static_cast<std::size_t>(ratings.num_items()));
  const auto start = std::chrono::steady_clock::now();
  for (kindred::index user = 0; user < 100; ++user) model.score(user, scores);
  const std::chrono::duration<double> scoring = std::chrono::steady_clock::now() - start;
  std::printf("%.6f %.6f\n", seconds, scoring.count());
}
