// The best of 100,000 items of 64 factors, in queries a second: by the kernel for users of one
// thread, and by a recommender for one user a call and for many. A query reads the 26 MB of all
// items once if it comes alone, and shares them with others if it does not: of_copy relates the
// bytes it would read alone to the bandwidth of a plain copy outside the caches on as many threads.
// Then an index of a million items: of_read relates what a query reads to the bandwidth of reading.
#include <kindred/core/random.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/data/synthetic.hpp>
#include <kindred/kernel/top_k_scores.hpp>
#include <kindred/model/matrix_factorization.hpp>
#include <kindred/serve/item_index.hpp>
#include <kindred/serve/recommender.hpp>

#include <benchmark/benchmark.h>
#include <tbb/task_arena.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "memory_bandwidth.hpp"

namespace {

constexpr std::size_t items = 100'000;
constexpr std::size_t factors = 64;

/// `queries` are those of an iteration.
void count_queries(benchmark::State& state, std::size_t queries) {
  const double done = static_cast<double>(queries) * static_cast<double>(state.iterations());
  state.counters["queries_per_second"] = benchmark::Counter(done, benchmark::Counter::kIsRate);
}

void count_bytes(benchmark::State& state, std::size_t queries, int threads) {
  const double done = static_cast<double>(queries) * static_cast<double>(state.iterations());
  const double bytes = done * static_cast<double>(items * factors * sizeof(float));
  state.counters["of_copy"] = benchmark::Counter(
      bytes / kindred::bench::known_copy_bandwidth(threads), benchmark::Counter::kIsRate);
}

kindred::aligned_vector<float> random_rows(std::size_t rows, std::uint64_t seed) {
  const kindred::counter_rng rng(seed);
  kindred::aligned_vector<float> values(rows * factors);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(rng.uniform(i)) - 0.5F;
  return values;
}

void select_by_kernel(benchmark::State& state) {
  const auto users = static_cast<std::size_t>(state.range(0));
  const auto k = static_cast<std::size_t>(state.range(1));
  static const auto item_factors = random_rows(items, 1);
  const auto user_factors = random_rows(users, 2);
  const kindred::kernel::item_rows<float> rows{item_factors.data(), nullptr, items, factors};
  std::vector<const float*> user_rows;
  for (std::size_t u = 0; u < users; ++u) user_rows.push_back(user_factors.data() + u * factors);
  std::vector<kindred::scored_item> best(users * k);
  for ([[maybe_unused]] auto round : state) {
    std::vector<kindred::top_k_selector> selectors;
    for (std::size_t u = 0; u < users; ++u)
      selectors.emplace_back(std::span(best).subspan(u * k, k));
    kindred::kernel::select_top_k_batch<float>(
        rows, user_rows, [](std::size_t, kindred::index) { return true; }, selectors);
    benchmark::DoNotOptimize(best.data());
  }
  count_queries(state, users);
  count_bytes(state, users, 1);
}

constexpr kindred::index num_users = 20'000;

const auto& recommender() {
  static const auto made = [] {
    const kindred::dataset ratings =
        kindred::synthetic_ratings({.num_users = num_users,
                                    .num_items = static_cast<kindred::index>(items),
                                    .num_ratings = 2'000'000,
                                    .seed = 1});
    kindred::matrix_factorization<> model{{.factors = factors, .epochs = 1}};
    model.fit(ratings);
    return kindred::recommender{std::move(model), ratings};
  }();
  return made;
}

void recommend_to_one(benchmark::State& state) {
  const auto& recommender = ::recommender();
  kindred::index user = state.thread_index() * 1000;
  for ([[maybe_unused]] auto round : state) {
    user = (user + 1) % num_users;
    benchmark::DoNotOptimize(recommender.recommend(recommender.users().id(user), 10).size());
  }
  count_queries(state, 1);
}

void recommend_to_many(benchmark::State& state) {
  const auto& recommender = ::recommender();
  const auto threads = static_cast<int>(state.range(1));
  std::vector<std::string_view> users;
  for (kindred::index u = 0; u < state.range(0); ++u) users.push_back(recommender.users().id(u));
  tbb::task_arena arena(threads);
  for ([[maybe_unused]] auto round : state)
    arena.execute([&] { benchmark::DoNotOptimize(recommender.recommend(users, 10).data()); });
  count_queries(state, users.size());
  count_bytes(state, users.size(), threads);
}

constexpr std::size_t many_items = 1'000'000;

/// Vectors of one length, so that every query reads all of them.
kindred::item_index index_of_many(kindred::item_storage storage, bool exact) {
  const kindred::counter_rng rng(3);
  std::vector<float> rows(many_items * factors);
  for (std::size_t i = 0; i < rows.size(); i += factors) {
    double square = 0;
    for (std::size_t f = i; f < i + factors; ++f) {
      rows[f] = static_cast<float>(rng.uniform(f)) - 0.5F;
      square += static_cast<double>(rows[f]) * static_cast<double>(rows[f]);
    }
    for (std::size_t f = i; f < i + factors; ++f) rows[f] /= static_cast<float>(std::sqrt(square));
  }
  return {rows, factors, {}, {.storage = storage, .exact = exact}};
}

void search_index(benchmark::State& state) {
  const auto storage = static_cast<kindred::item_storage>(state.range(0));
  const auto index = index_of_many(storage, state.range(1) != 0);
  const auto queries = random_rows(64, 4);
  kindred::item_index::workspace memory(index);
  std::vector<kindred::scored_item> best(10);
  std::size_t query = 0;
  for ([[maybe_unused]] auto round : state) {
    query = (query + 1) % 64;
    benchmark::DoNotOptimize(
        index.search(std::span(queries).subspan(query * factors, factors), best, memory).data());
  }
  count_queries(state, 1);
  static const double bandwidth = kindred::bench::read_bandwidth();
  constexpr double widths[] = {4, 2, 1};
  const double bytes = static_cast<double>(state.iterations()) *
                       static_cast<double>(many_items * factors) *
                       widths[static_cast<std::size_t>(storage)];
  state.counters["of_read"] = benchmark::Counter(bytes / bandwidth, benchmark::Counter::kIsRate);
}

BENCHMARK(search_index)
    ->ArgNames({"storage", "exact"})
    ->ArgsProduct({{0, 1, 2}, {0, 1}})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(select_by_kernel)
    ->ArgNames({"users", "k"})
    ->ArgsProduct({{1, 6, 192}, {10, 100}})
    ->Unit(benchmark::kMillisecond);
BENCHMARK(recommend_to_one)->Threads(1)->Threads(2)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(recommend_to_many)
    ->ArgNames({"users", "threads"})
    ->ArgsProduct({{1000}, {1, 2}})
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
