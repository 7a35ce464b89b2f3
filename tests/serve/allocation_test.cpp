#include <kindred/backend/serial.hpp>
#include <kindred/model/baseline.hpp>
#include <kindred/model/cascade_hybrid.hpp>
#include <kindred/model/item_knn.hpp>
#include <kindred/model/matrix_factorization.hpp>
#include <kindred/model/multi_task.hpp>
#include <kindred/model/popularity.hpp>
#include <kindred/model/stacked_hybrid.hpp>
#include <kindred/model/switching_hybrid.hpp>
#include <kindred/model/two_tower.hpp>
#include <kindred/model/user_knn.hpp>
#include <kindred/model/weighted_hybrid.hpp>
#include <kindred/model/weighted_ranking.hpp>
#include <kindred/serve/item_index.hpp>
#include <kindred/serve/live_recommender.hpp>
#include <kindred/serve/recommender.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <span>
#include <utility>
#include <vector>

#include "support.hpp"

#ifdef __clang__
#define KINDRED_TEST_HAS_TSAN __has_feature(thread_sanitizer)
#else
#define KINDRED_TEST_HAS_TSAN 0
#endif

#if KINDRED_TEST_HAS_TSAN

TEST_CASE("What promises to allocate nothing does so") {
  MESSAGE("skipped: clang links ThreadSanitizer's own operator new, which counts nothing");
}

#else

namespace {

std::atomic<long> allocations{0};

void* counted(std::size_t size, std::size_t alignment) {
  ++allocations;
  const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
  void* const memory = std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

// Not inlined, or g++ sees free() on what new-expressions made and warns of a mismatch.
[[gnu::noinline]] void release(void* memory) noexcept { std::free(memory); }

}  // namespace

// Also the one that does not throw, which else is the sanitizer's, with a delete that is ours.
void* operator new(std::size_t size) { return counted(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return counted(size, alignof(std::max_align_t));
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return counted(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { release(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }

namespace kindred::allocation_test {

using namespace test;

TEST_CASE_TEMPLATE("What promises to allocate nothing does so", Scalar, float, double) {
  const auto train = random_dataset(300, 20, 90, 71);
  const recommender served{latent_stub<Scalar>(20, 90, 140), train};
  std::vector<scored_item> best(10);
  (void)served.top_k(0, best);

  const long before = allocations;
  std::size_t selected = 0;
  for (index u = -1; u < 25; ++u) selected += served.top_k(u, best);
  const auto prediction = served.predict("u3", "a long id that nobody has, and that is no number");
  CHECK(allocations == before);
  CHECK(selected > 0);
  CHECK(prediction.status == prediction_status::unknown_item);

  (void)served.recommend("u3", 10);
  CHECK(allocations > before);  // the counter works
}

TEST_CASE("An index searches in memory that it is given") {
  const latent_stub<float> model(20, 90, 140);
  for (const item_storage storage :
       {item_storage::float32, item_storage::float16, item_storage::int8}) {
    const item_index items(model, {.storage = storage});
    item_index::workspace memory(items);
    std::vector<scored_item> best(10);
    const long before = allocations;
    std::size_t selected = 0;
    for (index u = 0; u < 20; ++u)
      selected += items.search(model.latent().user(u), best, memory).size();
    CHECK(allocations == before);
    CHECK(selected == 200);
  }
}

TEST_CASE("A snapshot of a live recommender allocates nothing where a recommender does not") {
  const auto train = random_dataset(300, 20, 90, 71);
  matrix_factorization<> model{{.factors = 4, .epochs = 2}};
  model.fit(train);
  live_recommender<matrix_factorization<>> live{std::move(model), train};
  rating_batch batch;
  batch.users.integers = {1, 1, 2};
  batch.items.integers = {1, 2, 3};
  batch.values = {1, 2, 3};
  live.apply(batch);
  const auto snapshot = live.snapshot();
  std::vector<scored_item> best(10);
  const long before = allocations;
  std::size_t selected = 0;
  for (index u = -1; u < 25; ++u) selected += snapshot->top_k(u, best);
  const auto prediction = snapshot->predict("u3", "1");
  const auto again = live.snapshot();
  CHECK(allocations == before);
  CHECK(selected > 0);
  CHECK(prediction.status == prediction_status::known);
}

TEST_CASE_TEMPLATE("Models of neighbours answer without allocating", Model, item_knn, user_knn) {
  const auto train = random_dataset(300, 20, 90, 71);
  std::vector<scored_item> best(10);
  std::vector<float> scores(90);
  for (const int k : {0, 3, 512}) {
    Model model{{.k = k}};
    model.fit(train);
    const long before = allocations;
    float sum = 0;
    for (index u = -1; u < 25; ++u) {
      for (index i = -1; i < 95; ++i) sum += model.predict(u, i);
      model.score(u, scores);
      if constexpr (Model::side == axis::items)
        sum += static_cast<float>(model.similar_items(u, best).size());
      else
        sum += static_cast<float>(model.similar_users(u, best).size());
    }
    CHECK(allocations == before);
    CHECK(sum > 0);
  }
}

TEST_CASE("Hybrids answer without allocating, but for the one that sums up scores") {
  const auto train = random_dataset(300, 20, 90, 71);
  weighted_hybrid weighted{baseline_model{}, matrix_factorization<>{{.factors = 4}}};
  stacked_hybrid stacked{baseline_model{}, matrix_factorization<>{{.factors = 4}}};
  switching_hybrid switching{baseline_model{}, matrix_factorization<>{{.factors = 4}}};
  cascade_hybrid cascade{{.candidates = 30}, popularity_model{}, baseline_model{}};
  weighted_ranking ranking{popularity_model{}, baseline_model{}};
  std::vector<float> scores(90);
  const auto allocated_by = [&](const auto& answer) {
    const long before = allocations;
    for (index u = -1; u < 25; ++u) answer(u);
    return allocations - before;
  };
  const auto check = [&](auto& hybrid) {
    hybrid.fit(train);
    CHECK(allocated_by([&](index u) { hybrid.score(u, scores); }) == 0);
    CHECK(allocated_by([&](index u) { (void)hybrid.predict(u, u + 3); }) == 0);
  };
  check(weighted);
  check(stacked);
  check(switching);
  check(cascade);
  ranking.fit(train);
  CHECK(allocated_by([&](index u) { ranking.score(u, scores); }) == 26);
}

TEST_CASE("Networks answer without allocating, and train so after the first epoch") {
  const auto train = random_dataset(300, 20, 90, 71);
  multi_task model{
      {.tasks = {{.name = "rating"}, {.name = "liked", .at_least = 3.0F}},
       .tower = {.dropout = 0.2F},
       .negatives = 1,
       .training = {
           .epochs = 4, .batch_size = 32, .clipping = {.max_norm = 1}, .hidden_ids = 0.1}}};
  std::vector<long> after_epochs;
  after_epochs.reserve(4);
  const auto note = [&](const epoch_report&) {
    after_epochs.push_back(allocations);
    return training::proceed;
  };
  model.fit(train, {.observer = note}, backend::serial{});
  REQUIRE(after_epochs.size() == 4);
  CHECK(after_epochs[3] == after_epochs[0]);

  std::vector<float> scores(90);
  const long before = allocations;
  float sum = 0;
  for (index u = -1; u < 25; ++u) {
    for (index i = -1; i < 95; ++i) sum += model.predict(u, i) + model.predict_task(1, u, i);
    model.score(u, scores);
  }
  CHECK(allocations == before);
  CHECK(sum > 0);
}

TEST_CASE("Two towers score without allocating, and train so after the first epoch") {
  const auto train = random_dataset(300, 20, 90, 71);
  for (const nn::ranking_loss& loss :
       {nn::ranking_loss(nn::bpr{.negatives = 2}), nn::ranking_loss(nn::in_batch_softmax{}),
        nn::ranking_loss(nn::sampled_softmax{.negatives = 40})}) {
    two_tower model({.user_tower = {.hidden = {16}},
                     .unit_length = true,
                     .loss = loss,
                     .training = {.epochs = 4, .batch_size = 64}});
    std::vector<long> after_epochs;
    after_epochs.reserve(4);
    const auto note = [&](const epoch_report&) {
      after_epochs.push_back(allocations);
      return training::proceed;
    };
    model.fit(train, {.observer = note}, backend::serial{});
    REQUIRE(after_epochs.size() == 4);
    CHECK(after_epochs[3] == after_epochs[0]);

    std::vector<float> scores(90);
    const long before = allocations;
    for (index u = -1; u < 25; ++u) {
      model.score(u, scores);
      model.score(u, std::span<const int>(), scores);
    }
    CHECK(allocations == before);
  }
}

}  // namespace kindred::allocation_test

#endif
