// What fits cost as data and models grow, one thing at a time: seconds of an epoch (a sweep, a
// whole fit of graph_filter), what is made ready included, the least of three, and the most memory
// that the fit holds above the dataset. cost_by_size.sh draws it.
//   kindred_cost_by_size        prints CSV: what grows, model, size, seconds, megabytes
#include <kindred/data/synthetic.hpp>
#include <kindred/model/als.hpp>
#include <kindred/model/bayesian_mf.hpp>
#include <kindred/model/bpr.hpp>
#include <kindred/model/graph_filter.hpp>
#include <kindred/model/implicit_als.hpp>
#include <kindred/model/matrix_factorization.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>

#include "counted_memory.hpp"

namespace {

using kindred::dataset;

template <class Model>
void measure(const char* grows, double size, const char* name, const dataset& ratings,
             const Model& unfitted) {
  double least = 0;
  std::size_t bytes = 0;
  for (int round = 0; round < 3; ++round) {
    Model model = unfitted;
    const auto start = std::chrono::steady_clock::now();
    bytes = kindred::bench::most_bytes_of([&] { model.fit(ratings); });
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    least = round == 0 ? took.count() : std::min(least, took.count());
  }
  std::printf("%s,%s,%.0f,%.4g,%.4g\n", grows, name, size, least, static_cast<double>(bytes) / 1e6);
  std::fflush(stdout);
}

/// Trains each model for an epoch.
void measure_all(const char* grows, double size, const dataset& ratings, int factors) {
  using namespace kindred;
  measure(grows, size, "matrix_factorization", ratings,
          matrix_factorization<>({.factors = factors, .epochs = 1}));
  measure(grows, size, "als", ratings, als({.factors = factors, .epochs = 1}));
  measure(grows, size, "implicit_als", ratings, implicit_als({.factors = factors, .epochs = 1}));
  measure(grows, size, "bpr", ratings, bpr({.factors = factors, .epochs = 1}));
  measure(grows, size, "bayesian_mf", ratings,
          bayesian_mf({.factors = factors, .burn_in = 0, .samples = 1, .thinning = 1}));
  measure(grows, size, "graph_filter", ratings, graph_filter({.factors = factors}));
}

dataset ratings_of(std::size_t count, std::size_t users, std::size_t items) {
  return kindred::synthetic_ratings({.num_users = static_cast<kindred::index>(users),
                                     .num_items = static_cast<kindred::index>(items),
                                     .num_ratings = count,
                                     .seed = 1});
}

}  // namespace

int main() {
  constexpr std::size_t million = 1'000'000;
  constexpr int factors = 64;
  std::puts("grows,series,x,seconds,megabytes");
  for (const std::size_t count : {million / 10, million, 4 * million})  // 100 a user, 500 an item
    measure_all("ratings", static_cast<double>(count), ratings_of(count, count / 100, count / 500),
                factors);
  for (const std::size_t users : {million / 200, million / 50, million / 10})
    measure_all("users", static_cast<double>(users), ratings_of(million, users, 2000), factors);
  for (const std::size_t items : {million / 1000, million / 200, million / 40})
    measure_all("items", static_cast<double>(items), ratings_of(million, 10'000, items), factors);
  const dataset ratings = ratings_of(million, 10'000, 2000);
  for (const int k : {16, 64, 256}) measure_all("factors", k, ratings, k);
}
