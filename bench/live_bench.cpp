// What it costs to follow ratings as users, items and ratings grow, with 64 factors. A rating is
// one of a known user for a known item, both drawn at random; swap_us is the part of an apply in
// which the next snapshot takes the place of the last.
#include <kindred/core/random.hpp>
#include <kindred/data/rating_source.hpp>
#include <kindred/data/synthetic.hpp>
#include <kindred/model/matrix_factorization.hpp>
#include <kindred/serve/live_recommender.hpp>

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

constexpr int factors = 64;
using live_mf = kindred::live_recommender<kindred::matrix_factorization<>>;

struct size {
  kindred::index users;
  kindred::index items;
  std::size_t ratings;
};
constexpr size sizes[] = {
    {10'000, 10'000, 1'000'000}, {100'000, 100'000, 5'000'000}, {1'000'000, 100'000, 20'000'000}};

std::unique_ptr<live_mf> make_live(const size& s) {
  const kindred::dataset ratings = kindred::synthetic_ratings(
      {.num_users = s.users, .num_items = s.items, .num_ratings = s.ratings, .seed = 1});
  kindred::matrix_factorization<> model{{.factors = factors, .epochs = 1}};
  model.fit(ratings);
  // Merges only where it is asked to, so that no other thread is measured.
  return std::make_unique<live_mf>(std::move(model), ratings,
                                   kindred::live_options{.compact_share = 1e6});
}

/// Made anew where the size changes; what one run applied, the next one finds merged.
live_mf& live_of(benchmark::State& state) {
  static std::int64_t made = -1;
  static std::unique_ptr<live_mf> live;
  const std::int64_t wanted = state.range(0);
  if (made == wanted) {
    live->compact();
  } else {
    live.reset();
    live = make_live(sizes[wanted]);
    made = wanted;
  }
  const auto m = live->metrics();
  state.SetLabel(std::to_string(m.users) + " users, " + std::to_string(m.items) + " items");
  return *live;
}

/// Random ratings, each time others.
class rating_stream {
 public:
  explicit rating_stream(const live_mf& live) : snapshot_(live.snapshot()) {}

  [[nodiscard]] const kindred::rating_batch& next(std::size_t count) {
    batch_.clear();
    for (std::size_t n = 0; n < count; ++n, ++drawn_) {
      batch_.users.texts.push_back(random_id(snapshot_->users(), 3 * drawn_));
      batch_.items.texts.push_back(random_id(snapshot_->items(), 3 * drawn_ + 1));
      batch_.values.push_back(static_cast<float>(rng_.uniform(3 * drawn_ + 2)) * 4 + 1);
    }
    return batch_;
  }

 private:
  [[nodiscard]] std::string_view random_id(const kindred::id_map& ids, std::uint64_t draw) const {
    const auto bound = static_cast<std::uint32_t>(ids.size());
    return ids.id(static_cast<kindred::index>(rng_.below(draw, bound)));
  }

  kindred::counter_rng rng_{7};
  std::uint64_t drawn_ = 0;
  live_mf::snapshot_ptr snapshot_;  ///< whose ids the batch points to
  kindred::rating_batch batch_;
};

void apply(benchmark::State& state) {
  live_mf& live = live_of(state);
  const auto count = static_cast<std::size_t>(state.range(1));
  rating_stream ratings(live);
  double swaps = 0;
  for ([[maybe_unused]] auto round : state) {
    live.apply(ratings.next(count));
    swaps += live.metrics().last_swap.count();
  }
  const auto rounds = static_cast<double>(state.iterations());
  state.counters["ratings_per_second"] =
      benchmark::Counter(static_cast<double>(count) * rounds, benchmark::Counter::kIsRate);
  state.counters["swap_us"] = swaps * 1e6 / rounds;
}

void compact(benchmark::State& state) {
  live_mf& live = live_of(state);
  rating_stream ratings(live);
  for ([[maybe_unused]] auto round : state) {
    state.PauseTiming();
    live.apply(ratings.next(1000));
    state.ResumeTiming();
    live.compact();
  }
}

live_mf& small_live() {
  static const auto live = make_live(sizes[0]);
  return *live;
}

void snapshot(benchmark::State& state) {
  const live_mf& live = small_live();
  for ([[maybe_unused]] auto round : state) benchmark::DoNotOptimize(live.snapshot().get());
}

/// The best 10 of 100,000 items, of which so many in a thousand are newer than the base.
void recommend(benchmark::State& state) {
  const auto newer = static_cast<kindred::index>(100 * state.range(0));
  const auto live = make_live({10'000, 100'000 - newer, 1'000'000});
  const auto users = live->snapshot();
  std::vector<std::string> ids;
  for (kindred::index i = 0; i < newer; ++i) ids.push_back("new " + std::to_string(i));
  kindred::rating_batch batch;
  for (const std::string& id : ids) {
    batch.users.texts.push_back(
        users->users().id(static_cast<kindred::index>(1000 + batch.size() % 1000)));
    batch.items.texts.push_back(id);
    batch.values.push_back(4);
  }
  live->apply(batch);
  kindred::index user = 0;
  for ([[maybe_unused]] auto round : state) {
    user = (user + 1) % 1000;
    benchmark::DoNotOptimize(live->recommend(users->users().id(user), 10).size());
  }
}

BENCHMARK(apply)
    ->ArgNames({"size", "ratings"})
    ->ArgsProduct({{0, 1, 2}, {1, 100}})
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);
BENCHMARK(compact)->ArgName("size")->DenseRange(0, 2)->Iterations(3)->UseRealTime()->Unit(
    benchmark::kMillisecond);
BENCHMARK(snapshot)->Threads(1)->Threads(2)->UseRealTime()->Unit(benchmark::kNanosecond);
BENCHMARK(recommend)
    ->ArgName("newer_per_mille")
    ->Arg(0)
    ->Arg(10)
    ->Arg(125)
    ->Arg(250)
    ->Unit(benchmark::kMillisecond);

}  // namespace
