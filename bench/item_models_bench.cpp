// Time of fitting and of asking the item models, by data and threads. `share` relates the inverse
// of ease, of items^3 operations, to the multiply-adds that the threads could do in registers.
#include <kindred/backend/tbb.hpp>
#include <kindred/data/synthetic.hpp>
#include <kindred/kernel/rank_update.hpp>
#include <kindred/model/co_clustering.hpp>
#include <kindred/model/detail/linear/symmetric_inverse.hpp>
#include <kindred/model/ease.hpp>
#include <kindred/model/slim.hpp>
#include <kindred/model/slope_one.hpp>

#include <benchmark/benchmark.h>
#include <tbb/global_control.h>

#include <Eigen/Dense>
#include <chrono>
#include <cstddef>
#include <vector>

namespace {

/// The sizes of MovieLens 100K and of the positive ratings of MovieLens 1M.
const kindred::dataset& ratings_of(bool million) {
  static const kindred::dataset small = kindred::synthetic_ratings(
      {.num_users = 943, .num_items = 1682, .num_ratings = 100'000, .seed = 1});
  static const kindred::dataset large = kindred::synthetic_ratings(
      {.num_users = 6039, .num_items = 3628, .num_ratings = 590'733, .seed = 1});
  return million ? large : small;
}

/// As many threads as asked for, in the scope of a benchmark.
struct threads {
  explicit threads(const benchmark::State& state, std::size_t argument)
      : limit(tbb::global_control::max_allowed_parallelism,
              static_cast<std::size_t>(state.range(argument))) {}
  tbb::global_control limit;
};

/// Multiply-adds a second of one thread, as operations, with all that they need in the first cache.
double peak() {
  static const double operations = [] {
    const auto kernel = kindred::kernel::select_rank_update<float>();
    constexpr std::size_t depth = 128;
    std::vector<float> a(depth * kindred::kernel::update_rows, 1.0F);
    std::vector<float> b(depth * kernel.columns, 1.0F);
    std::vector<float> c(kernel.columns * kindred::kernel::update_rows);
    double best = 0;
    for (int round = 0; round < 20; ++round) {
      constexpr int calls = 2000;
      const auto start = std::chrono::steady_clock::now();
      for (int call = 0; call < calls; ++call)
        kernel.add(a.data(), b.data(), depth, c.data(), kernel.columns);
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
      const double done = 2.0 * calls * static_cast<double>(depth * c.size());
      best = std::max(best, done / took.count());
    }
    benchmark::DoNotOptimize(c.data());
    return best;
  }();
  return operations;
}

Eigen::MatrixXf positive_matrix(Eigen::Index size) {
  Eigen::MatrixXf matrix = Eigen::MatrixXf::Random(size, size);
  matrix = (matrix + matrix.transpose()).eval();
  matrix.diagonal().array() += 4 * static_cast<float>(size);
  return matrix;
}

void report_inverse(benchmark::State& state, double peak_of_threads) {
  const auto size = static_cast<double>(state.range(0));
  const double done = size * size * size * static_cast<double>(state.iterations());
  state.counters["operations"] = benchmark::Counter(done, benchmark::Counter::kIsRate);
  state.counters["share"] = benchmark::Counter(done / peak_of_threads, benchmark::Counter::kIsRate);
}

void inverse(benchmark::State& state) {
  const threads limit(state, 1);
  const Eigen::MatrixXf matrix = positive_matrix(state.range(0));
  Eigen::MatrixXf swept;
  for (auto _ : state) {
    state.PauseTiming();
    swept = matrix;
    state.ResumeTiming();
    kindred::detail::symmetric_inverse<kindred::backend::tbb, float> work(
        {}, swept.data(), static_cast<std::size_t>(state.range(0)));
    benchmark::DoNotOptimize(work.run(1));
  }
  report_inverse(state, peak() * static_cast<double>(state.range(1)));
}

void inverse_by_eigen(benchmark::State& state) {
  const Eigen::MatrixXf matrix = positive_matrix(state.range(0));
  for (auto _ : state) {
    const Eigen::LLT<Eigen::MatrixXf> factor(matrix);
    Eigen::MatrixXf result = Eigen::MatrixXf::Identity(state.range(0), state.range(0));
    factor.solveInPlace(result);
    benchmark::DoNotOptimize(result.data());
  }
  report_inverse(state, peak());
}

template <class Model>
void fit(benchmark::State& state) {
  const threads limit(state, 1);
  const kindred::dataset& data = ratings_of(state.range(0) != 0);
  for (auto _ : state) {
    Model model;
    model.fit(data);
    benchmark::DoNotOptimize(model.num_items());
  }
}

/// Ratings expected for all training pairs.
template <class Model>
void predict(benchmark::State& state) {
  const kindred::dataset& data = ratings_of(state.range(0) != 0);
  Model model;
  model.fit(data);
  for (auto _ : state)
    for (kindred::index u = 0; u < data.num_users(); ++u)
      for (const kindred::index i : data.by_user(u).indices())
        benchmark::DoNotOptimize(model.predict(u, i));
  state.counters["predictions"] =
      benchmark::Counter(static_cast<double>(data.size()) * static_cast<double>(state.iterations()),
                         benchmark::Counter::kIsRate);
}

/// Scores of all items for every user.
template <class Model>
void score(benchmark::State& state) {
  const kindred::dataset& data = ratings_of(state.range(0) != 0);
  Model model;
  model.fit(data);
  std::vector<float> scores(static_cast<std::size_t>(data.num_items()));
  for (auto _ : state)
    for (kindred::index u = 0; u < data.num_users(); ++u) {
      model.score(u, scores);
      benchmark::DoNotOptimize(scores.data());
    }
  state.counters["users"] = benchmark::Counter(
      static_cast<double>(data.num_users()) * static_cast<double>(state.iterations()),
      benchmark::Counter::kIsRate);
}

void sizes_and_threads(benchmark::internal::Benchmark* each) {
  each->ArgNames({"items", "threads"})
      ->ArgsProduct({{1000, 2000, 4000, 8000}, {1, 2}})
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
}
void data_and_threads(benchmark::internal::Benchmark* each) {
  each->ArgNames({"million", "threads"})
      ->ArgsProduct({{0, 1}, {1, 2}})
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
}
void data(benchmark::internal::Benchmark* each) {
  each->ArgName("million")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);
}

}  // namespace

BENCHMARK(inverse)->Apply(sizes_and_threads);
BENCHMARK(inverse_by_eigen)
    ->ArgName("items")
    ->Arg(1000)
    ->Arg(2000)
    ->Arg(4000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(fit<kindred::ease<>>)->Apply(data_and_threads);
BENCHMARK(fit<kindred::slim>)->Apply(data_and_threads);
BENCHMARK(fit<kindred::slope_one>)->Apply(data_and_threads);
BENCHMARK(fit<kindred::co_clustering>)->Apply(data_and_threads);
BENCHMARK(predict<kindred::slope_one>)->Apply(data);
BENCHMARK(score<kindred::ease<>>)->Apply(data);
BENCHMARK(score<kindred::slim>)->Apply(data);
BENCHMARK(score<kindred::slope_one>)->Apply(data);
