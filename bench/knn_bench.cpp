// The neighbourhood models on synthetic ratings, 100 a user and 500 an item, and on MovieLens 100K
// where KINDRED_DATA names its folder (0 million ratings): fitting 50 neighbours of each item by
// cosine, learning a user's new ratings, a prediction, and the best ten items for every user. A fit
// adds up a term for each pair of ratings of a user: terms_per_second.
#include <kindred/core/random.hpp>
#include <kindred/data/build.hpp>
#include <kindred/data/load.hpp>
#include <kindred/data/synthetic.hpp>
#include <kindred/model/item_knn.hpp>
#include <kindred/serve/recommender.hpp>
#include <kindred/source/movielens.hpp>

#include <benchmark/benchmark.h>
#include <tbb/task_arena.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using kindred::dataset;
using kindred::item_knn;
using kindred::knn_predictor;
using kindred::similarity;

const kindred::knn_options options{.similarity = {.measure = similarity::cosine},
                                   .predictor = knn_predictor::plain,
                                   .neighbors = 50};

dataset read_ratings(std::int64_t millions) {
  if (millions == 0) {
    const char* folder = std::getenv("KINDRED_DATA");
    if (folder == nullptr) return {};
    return kindred::load(kindred::movielens::ratings_source(std::string(folder) + "/ml-100k"));
  }
  const auto count = static_cast<std::size_t>(millions) * 1'000'000;
  const auto users = static_cast<kindred::index>(count / 100);
  return kindred::synthetic_ratings(
      {.num_users = users, .num_items = users / 5, .num_ratings = count, .seed = 1});
}

/// One at a time, since the largest fill gigabytes; the model of the present ratings, when asked.
struct prepared {
  std::int64_t millions = -1;
  dataset ratings;
  std::optional<item_knn> model;
};

prepared& of(std::int64_t millions) {
  static prepared present;
  if (present.millions != millions) {
    present = {};
    present = {millions, read_ratings(millions), std::nullopt};
  }
  return present;
}

const item_knn& fitted(prepared& data) {
  if (!data.model) data.model.emplace(options).fit(data.ratings);
  return *data.model;
}

/// Skips what cannot run.
bool has_ratings(benchmark::State& state, const prepared& data) {
  if (data.ratings.empty()) state.SkipWithError("KINDRED_DATA is not set");
  return !data.ratings.empty();
}

double terms_of(const dataset& ratings) {
  double terms = 0;
  for (kindred::index u = 0; u < ratings.num_users(); ++u) {
    const auto count = static_cast<double>(ratings.by_user(u).size());
    terms += count * (count - 1) / 2;
  }
  return terms;
}

void fit_item_cosine(benchmark::State& state) {
  prepared& data = of(state.range(0));
  if (!has_ratings(state, data)) return;
  tbb::task_arena arena(static_cast<int>(state.range(1)));
  for ([[maybe_unused]] auto round : state) {
    item_knn model(options);
    arena.execute([&] { model.fit(data.ratings); });
    benchmark::DoNotOptimize(model);
  }
  const auto rounds = static_cast<double>(state.iterations());
  state.counters["terms_per_second"] =
      benchmark::Counter(terms_of(data.ratings) * rounds, benchmark::Counter::kIsRate);
}

/// The ratings, and 20 more by one user.
dataset with_news(const dataset& data) {
  kindred::rating_columns columns;
  for (kindred::index u = 0; u < data.num_users(); ++u)
    for (const auto [item, value] : data.by_user(u)) {
      columns.users.push_back(u);
      columns.items.push_back(item);
      columns.values.push_back(value);
    }
  const kindred::counter_rng rng(1);
  for (std::uint64_t n = 0; n < 20; ++n) {
    columns.users.push_back(data.num_users() / 2);
    columns.items.push_back(
        static_cast<kindred::index>(rng.below(n, static_cast<std::uint32_t>(data.num_items()))));
    columns.values.push_back(4);
  }
  return kindred::make_dataset(data.users(), data.items(), std::move(columns));
}

void update_item_cosine(benchmark::State& state) {
  prepared& data = of(state.range(0));
  if (!has_ratings(state, data)) return;
  const dataset news = with_news(data.ratings);
  tbb::task_arena arena(static_cast<int>(state.range(1)));
  for ([[maybe_unused]] auto round : state) {
    item_knn model = fitted(data);
    arena.execute([&] { model.update(news); });
    benchmark::DoNotOptimize(model);
  }
}

void predict(benchmark::State& state) {
  prepared& data = of(state.range(0));
  if (!has_ratings(state, data)) return;
  const item_knn& model = fitted(data);
  const kindred::counter_rng rng(2);
  const auto users = static_cast<std::uint32_t>(model.num_users());
  const auto items = static_cast<std::uint32_t>(model.num_items());
  std::uint64_t n = 0;
  for ([[maybe_unused]] auto round : state) {
    const auto user = static_cast<kindred::index>(rng.below(n++, users));
    const auto item = static_cast<kindred::index>(rng.below(n++, items));
    benchmark::DoNotOptimize(model.predict(user, item));
  }
}

void top_ten_for_all(benchmark::State& state) {
  prepared& data = of(state.range(0));
  if (!has_ratings(state, data)) return;
  const kindred::recommender served{fitted(data), data.ratings};
  std::vector<std::string_view> users;
  for (kindred::index u = 0; u < data.ratings.num_users(); ++u)
    users.push_back(data.ratings.users().id(u));
  tbb::task_arena arena(static_cast<int>(state.range(1)));
  for ([[maybe_unused]] auto round : state)
    arena.execute([&] { benchmark::DoNotOptimize(served.recommend(users, 10)); });
  const double lists = static_cast<double>(users.size()) * static_cast<double>(state.iterations());
  state.counters["users_per_second"] = benchmark::Counter(lists, benchmark::Counter::kIsRate);
}

void of_all_sizes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"millions", "threads"});
  for (const int millions : {0, 1, 10, 25})
    for (const int threads : {1, 2}) bench->Args({millions, threads});
  bench->MeasureProcessCPUTime()->UseRealTime()->Unit(benchmark::kMillisecond);
}

}  // namespace

BENCHMARK(fit_item_cosine)->Apply(of_all_sizes);
BENCHMARK(update_item_cosine)->Apply(of_all_sizes);
BENCHMARK(top_ten_for_all)->Apply(of_all_sizes);
BENCHMARK(predict)->ArgName("millions")->Arg(0)->Arg(1)->Arg(10)->Unit(benchmark::kNanosecond);
