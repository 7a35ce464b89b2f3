// mlp_rating on synthetic ratings of the size of MovieLens 100K: training by network, batch and
// threads, and scoring all items for a user. Embeddings have 32 dimensions.
#include <kindred/data/synthetic.hpp>
#include <kindred/model/mlp_rating.hpp>

#include <benchmark/benchmark.h>
#include <tbb/global_control.h>

#include <cstddef>
#include <vector>

namespace {

const kindred::dataset& ratings() {
  static const kindred::dataset data = kindred::synthetic_ratings(
      {.num_users = 943, .num_items = 1682, .num_ratings = 100'000, .seed = 1});
  return data;
}

kindred::mlp_rating_options network(bool large) {
  return {.dimensions = 32,
          .tower = {.hidden = large ? std::vector<int>{256, 128} : std::vector<int>{64, 32}},
          .biases = false,
          .training = {.epochs = 1}};
}

/// The time of an epoch, preparation excluded.
void train(benchmark::State& state) {
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                  static_cast<std::size_t>(state.range(2)));
  auto options = network(state.range(0) != 0);
  options.training.batch_size = static_cast<int>(state.range(1));
  for ([[maybe_unused]] auto round : state) {
    kindred::mlp_rating model(options);
    const auto history = model.fit(ratings());
    state.SetIterationTime(static_cast<double>(ratings().size()) /
                           history.epochs.back().ratings_per_second);
  }
  const auto samples = static_cast<double>(ratings().size());
  state.counters["samples"] = benchmark::Counter(samples * static_cast<double>(state.iterations()),
                                                 benchmark::Counter::kIsRate);
}

void score(benchmark::State& state) {
  kindred::mlp_rating model(network(state.range(0) != 0));
  model.fit(ratings());
  std::vector<float> scores(static_cast<std::size_t>(model.num_items()));
  kindred::index user = 0;
  for ([[maybe_unused]] auto round : state) {
    model.score(user++ % model.num_users(), scores);
    benchmark::DoNotOptimize(scores.data());
  }
  state.counters["samples"] = benchmark::Counter(
      static_cast<double>(scores.size()) * static_cast<double>(state.iterations()),
      benchmark::Counter::kIsRate);
}

void predict(benchmark::State& state) {
  kindred::mlp_rating model(network(state.range(0) != 0));
  model.fit(ratings());
  kindred::index item = 0;
  for ([[maybe_unused]] auto round : state)
    benchmark::DoNotOptimize(model.predict(1, item++ % model.num_items()));
}

}  // namespace

BENCHMARK(train)
    ->ArgNames({"large", "batch", "threads"})
    ->ArgsProduct({{0, 1}, {32, 128, 1024}, {1, 2}})
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(score)->ArgName("large")->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);
BENCHMARK(predict)->ArgName("large")->Arg(0)->Arg(1)->Unit(benchmark::kNanosecond);
