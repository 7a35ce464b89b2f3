// Coordinate descent for a factorization machine on synthetic ratings, 100 a user and 500 an item:
// ratings a second of an epoch, by millions of ratings, factors, threads, and whether users and
// items have features (a category, a number and a bag of three).
#include <kindred/core/random.hpp>
#include <kindred/data/feature_columns.hpp>
#include <kindred/data/feature_table.hpp>
#include <kindred/data/synthetic.hpp>
#include <kindred/model/factorization_machine.hpp>

#include <benchmark/benchmark.h>
#include <tbb/task_arena.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace {

using kindred::dataset;
using kindred::index;

const dataset& ratings_of(std::int64_t millions) {
  static std::int64_t present = 0;
  static dataset ratings;
  if (present != millions) {
    const auto count = static_cast<std::size_t>(millions) * 1'000'000;
    const auto users = static_cast<index>(count / 100);
    ratings = kindred::synthetic_ratings(
        {.num_users = users, .num_items = users / 5, .num_ratings = count, .seed = 1});
    present = millions;
  }
  return ratings;
}

kindred::feature_table table_of(index rows) {
  const kindred::counter_rng random(1);
  const auto name = [&](std::uint64_t draw) { return std::to_string(random.below(draw, 20)); };
  kindred::aligned_vector<float> numbers;
  std::vector<std::string> categories;
  std::vector<std::vector<std::string>> bags;
  for (std::uint64_t r = 0; r < static_cast<std::uint64_t>(rows); ++r) {
    numbers.push_back(static_cast<float>(random.uniform(5 * r)));
    categories.push_back(name(5 * r + 1));
    bags.push_back({name(5 * r + 2), name(5 * r + 3), name(5 * r + 4)});
  }
  kindred::feature_table table(rows);
  table.add("number", kindred::numeric_column(std::move(numbers)));
  table.add("category", kindred::categorical_column(categories));
  table.add("bag", kindred::multi_hot_column(bags));
  return table;
}

void epoch(benchmark::State& state) {
  const dataset& ratings = ratings_of(state.range(0));
  constexpr int epochs = 3;
  kindred::factorization_machine_options options{.factors = static_cast<int>(state.range(1)),
                                                 .als = {.epochs = epochs}};
  if (state.range(3) != 0)
    options.features = {.users = {table_of(ratings.num_users())},
                        .items = {table_of(ratings.num_items())}};
  kindred::factorization_machine model(options);
  tbb::task_arena arena(static_cast<int>(state.range(2)));
  for ([[maybe_unused]] auto round : state) {
    const auto history = arena.execute([&] { return model.fit(ratings); });
    double seconds = 0;
    for (const auto& report : history.epochs)
      seconds += static_cast<double>(ratings.size()) / report.ratings_per_second;
    state.SetIterationTime(seconds / epochs);
  }
  const auto rounds = static_cast<std::int64_t>(state.iterations());
  state.SetItemsProcessed(static_cast<std::int64_t>(ratings.size()) * rounds);
}

}  // namespace

BENCHMARK(epoch)
    ->ArgNames({"millions", "factors", "threads", "features"})
    ->ArgsProduct({{1, 10}, {8, 32, 128}, {1, 2}, {0, 1}})
    ->UseManualTime()
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);
