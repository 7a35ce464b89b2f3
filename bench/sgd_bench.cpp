// Ratings a second of one epoch of matrix factorization, by ratings, factors and threads.
// bytes_per_rating is what a step reads and writes if nothing stays in a cache: the rating, both
// rows twice, and what goes with them. of_copy relates the product to the bandwidth of a plain copy
// outside the caches, measured on as many threads: above 1, the tiles were served by the caches.
#include <kindred/backend/mf_kernels.hpp>
#include <kindred/backend/tbb.hpp>
#include <kindred/data/synthetic.hpp>

#include <benchmark/benchmark.h>
#include <tbb/task_arena.h>

#include <cstddef>
#include <map>

#include "memory_bandwidth.hpp"

namespace {

const kindred::dataset& ratings_of(std::size_t count) {
  static std::map<std::size_t, kindred::dataset> made;
  if (!made.contains(count)) {
    made.clear();  // one at a time: the largest fills a gigabyte
    const auto users = static_cast<kindred::index>(count / 100);
    made[count] = kindred::synthetic_ratings(
        {.num_users = users, .num_items = users / 5, .num_ratings = count, .seed = 1});
  }
  return made.at(count);
}

void sgd_epoch(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const auto factors = static_cast<std::size_t>(state.range(1));
  const auto threads = static_cast<int>(state.range(2));
  const kindred::dataset& ratings = ratings_of(count);
  tbb::task_arena arena(threads);
  using kernels_type = kindred::mf_kernels<kindred::backend::tbb, float>;
  auto kernels = arena.execute([&] {
    return kernels_type({}, ratings, {.factors = factors, .init_scale = 0.05, .seed = 42});
  });
  const kindred::kernel::sgd_step<float> step{.mean = static_cast<float>(ratings.mean()),
                                              .learning_rate = 0.05F,
                                              .bias_learning_rate = 0.05F,
                                              .regularization = 0.05F,
                                              .bias_regularization = 0.02F,
                                              .per_factor = 1.0F / static_cast<float>(factors),
                                              .adagrad = true};
  int epoch = 0;
  for (auto _ : state)
    arena.execute([&] { benchmark::DoNotOptimize(kernels.epoch(step, ++epoch, {})); });
  const double done = static_cast<double>(ratings.size()) * static_cast<double>(state.iterations());
  const double bytes = 12 + 4.0 * 4.0 * static_cast<double>(factors) + 4.0 * 16.0;
  state.counters["ratings_per_second"] = benchmark::Counter(done, benchmark::Counter::kIsRate);
  state.counters["bytes_per_rating"] = bytes;
  state.counters["of_copy"] = benchmark::Counter(
      done * bytes / kindred::bench::known_copy_bandwidth(threads), benchmark::Counter::kIsRate);
}

}  // namespace

BENCHMARK(sgd_epoch)
    ->ArgNames({"ratings", "factors", "threads"})
    ->ArgsProduct({{1'000'000, 10'000'000, 50'000'000}, {16, 32, 64, 128}, {1, 2}})
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
