#include <kindred/core/random.hpp>
#include <kindred/kernel/top_k_scores.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include "simd_levels.hpp"

// The bodies at the width of AVX-512, in whatever instructions the test is compiled for, so that
// they are tested on processors that have no such registers.
#define KINDRED_TARGET emulated
#define KINDRED_VECTOR_BYTES 64
#include <kindred/kernel/detail/pack_body.inl>
#include <kindred/kernel/detail/scores_body.inl>

namespace kindred::top_k_scores_test {
#undef KINDRED_TARGET
#undef KINDRED_VECTOR_BYTES

namespace kernel = kindred::kernel;
using item_index = kindred::index;
using kindred::scored_item;
using kindred::top_k_selector;

namespace {

template <class Scalar>
struct problem {
  problem(std::size_t users, std::size_t items, std::size_t factors, std::uint64_t seed)
      : user_rows(users * factors), item_factors(items * factors), biases(items) {
    const kindred::counter_rng rng(seed);
    std::uint64_t draw = 0;
    for (auto* values : {&user_rows, &item_factors, &biases})
      for (Scalar& value : *values) value = static_cast<Scalar>(rng.normal(draw++));
    rows = {item_factors.data(), biases.data(), items, factors, nullptr, 0};
    for (std::size_t u = 0; u < users; ++u) user_pointers.push_back(user_rows.data() + u * factors);
  }

  /// In wider sums, so that its own rounding does not matter.
  [[nodiscard]] double exact_score(std::size_t user, std::size_t item) const {
    long double sum = rows.biases == nullptr ? Scalar{0} : biases[item];
    for (std::size_t f = 0; f < rows.factors; ++f)
      sum += static_cast<long double>(user_pointers[user][f]) *
             static_cast<long double>(item_factors[item * rows.factors + f]);
    return static_cast<double>(sum);
  }

  [[nodiscard]] std::vector<float> scores(std::size_t user, kernel::simd_level level) const {
    std::vector<float> all(rows.size());
    kernel::score_items(rows, user_pointers[user], std::span<float>(all), level);
    return all;
  }

  std::vector<Scalar> user_rows;
  std::vector<Scalar> item_factors;
  std::vector<Scalar> biases;
  kernel::item_rows<Scalar> rows;
  std::vector<const Scalar*> user_pointers;
};

/// The whole row of scores, sorted.
std::vector<scored_item> reference(const std::vector<float>& scores, std::size_t k,
                                   const std::vector<item_index>& items) {
  std::vector<scored_item> all;
  for (std::size_t p = 0; p < items.size(); ++p) all.push_back({items[p], scores[p]});
  std::sort(all.begin(), all.end(), kindred::ranks_before);
  all.resize(std::min(k, all.size()));
  return all;
}

std::vector<item_index> every(std::size_t count) {
  std::vector<item_index> items(count);
  std::iota(items.begin(), items.end(), 0);
  return items;
}

template <class Scalar, class Accept>
std::vector<std::vector<scored_item>> batch(const problem<Scalar>& p, std::size_t k,
                                            const Accept& accept, kernel::simd_level level) {
  std::vector<std::vector<scored_item>> memory(p.user_pointers.size(), std::vector<scored_item>(k));
  std::vector<top_k_selector> selectors(memory.begin(), memory.end());
  kernel::select_top_k_batch(p.rows, std::span<const Scalar* const>(p.user_pointers), accept,
                             std::span<top_k_selector>(selectors), level);
  for (std::size_t u = 0; u < memory.size(); ++u) memory[u].resize(selectors[u].finish().size());
  return memory;
}

struct shape {
  std::size_t users;
  std::size_t items;
  std::size_t factors;
};
constexpr shape ugly_shapes[] = {{1, 1, 1},    {7, 31, 3},    {597, 43, 10}, {13, 597, 1},
                                 {5, 100, 64}, {20, 65, 129}, {3, 40, 300},  {4, 50, 0}};

}  // namespace

TEST_CASE_TEMPLATE("Scores are inner products plus biases", Scalar, float, double) {
  const auto levels = kindred::test::levels_of_this_machine();
  for (const shape& s : ugly_shapes)
    for (const bool biased : {true, false})
      for (const auto level : levels) {
        problem<Scalar> p(std::min(s.users, std::size_t{3}), s.items, s.factors, 1);
        if (!biased) p.rows.biases = nullptr;
        for (std::size_t u = 0; u < p.user_pointers.size(); ++u) {
          const auto scores = p.scores(u, level);
          double worst = 0;
          for (std::size_t i = 0; i < s.items; ++i)
            worst = std::max(worst, std::abs(static_cast<double>(scores[i]) - p.exact_score(u, i)));
          // Roundings of a chain of `factors` terms of size about 1.
          CHECK(worst <= 1e-6 * static_cast<double>(s.factors + 4));
        }
      }
}

TEST_CASE_TEMPLATE("One user and a batch select what a sort of all scores puts first", Scalar,
                   float, double) {
  const auto levels = kindred::test::levels_of_this_machine();
  for (const shape& s : ugly_shapes)
    for (const std::size_t k : {std::size_t{1}, std::size_t{10}, s.items + 5})
      for (const auto level : levels) {
        CAPTURE(s.users);
        CAPTURE(s.items);
        CAPTURE(s.factors);
        const problem<Scalar> p(s.users, s.items, s.factors, 2);
        const auto all = batch(
            p, k, [](std::size_t, item_index) { return true; }, level);
        bool batch_right = true;
        bool single_right = true;
        for (std::size_t u = 0; u < s.users; ++u) {
          const auto expected = reference(p.scores(u, level), k, every(s.items));
          batch_right = batch_right && all[u] == expected;
          std::vector<scored_item> memory(k);
          top_k_selector best(memory);
          kernel::select_top_k(
              p.rows, p.user_pointers[u], [](item_index) { return true; }, best, level);
          const auto single = best.finish();
          single_right = single_right &&
                         std::equal(single.begin(), single.end(), expected.begin(), expected.end());
        }
        CHECK(batch_right);
        CHECK(single_right);
      }
}

TEST_CASE("Items that are not accepted are as if they were not there") {
  const problem<float> p(25, 333, 16, 3);
  const auto accept = [](std::size_t u, item_index i) {
    return (static_cast<std::size_t>(i) + u) % 3 != 0;
  };
  const auto level = kernel::best_simd_level();
  const auto all = batch(p, 20, accept, level);
  for (std::size_t u = 0; u < 25; ++u) {
    auto expected = reference(p.scores(u, level), 333, every(333));
    std::erase_if(expected, [&](const scored_item& s) { return !accept(u, s.item); });
    expected.resize(20);
    CHECK(all[u] == expected);
  }
}

TEST_CASE("A subset has the scores that its items have among all") {
  problem<float> p(9, 500, 24, 4);
  const auto level = kernel::best_simd_level();
  std::vector<std::vector<float>> full;
  for (std::size_t u = 0; u < 9; ++u) full.push_back(p.scores(u, level));

  const std::vector<item_index> subset = {499, 3,  77, 0,  250, 251, 252, 4,  9, 11,
                                          12,  13, 14, 15, 20,  21,  22,  23, 5};
  p.rows.subset = subset.data();
  p.rows.subset_size = subset.size();
  const auto best = batch(
      p, 6, [](std::size_t, item_index) { return true; }, level);
  for (std::size_t u = 0; u < 9; ++u) {
    std::vector<float> expected;
    for (const item_index i : subset) expected.push_back(full[u][static_cast<std::size_t>(i)]);
    CHECK(p.scores(u, level) == expected);
    CHECK(best[u] == reference(expected, 6, subset));
  }
}

TEST_CASE_TEMPLATE("Rows may lie anywhere and be called anything", Scalar, float, double) {
  const problem<Scalar> p(9, 75, 20, 4);
  problem<Scalar> scattered = p;
  std::vector<const Scalar*> places;
  std::vector<item_index> names;
  for (std::size_t i = 0; i < p.rows.count; ++i) {
    places.push_back(p.item_factors.data() + i * p.rows.factors);
    names.push_back(static_cast<item_index>(1000 + 3 * i));
  }
  const std::vector<item_index> few = {2, 3, 40, 74};
  for (const bool all : {true, false})
    for (const auto level : kindred::test::levels_of_this_machine()) {
      problem<Scalar> plain = p;
      for (problem<Scalar>* one : {&plain, &scattered}) {
        one->rows.subset = all ? nullptr : few.data();
        one->rows.subset_size = few.size();
      }
      scattered.rows.rows = nullptr;
      scattered.rows.biases = plain.rows.biases = p.biases.data();
      scattered.rows.scattered = places.data();
      scattered.rows.names = names.data();
      auto expected = batch(
          plain, 7, [](std::size_t, item_index) { return true; }, level);
      for (auto& list : expected)
        for (scored_item& entry : list) entry.item = names[static_cast<std::size_t>(entry.item)];
      const auto accept = [](std::size_t, item_index item) { return item >= 1000; };
      CHECK(batch(scattered, 7, accept, level) == expected);
    }
}

TEST_CASE("Equal scores go to the lower index, in every strip") {
  problem<float> p(7, 200, 8, 5);
  std::fill(p.item_factors.begin(), p.item_factors.end(), 0.5F);
  std::fill(p.biases.begin(), p.biases.end(), -1.0F);
  const auto best = batch(
      p, 40, [](std::size_t, item_index) { return true; }, kernel::best_simd_level());
  for (const auto& list : best)
    for (std::size_t rank = 0; rank < list.size(); ++rank)
      CHECK(list[rank].item == static_cast<item_index>(rank));
}

TEST_CASE_TEMPLATE("Strips as wide as AVX-512 have the scores of narrow ones", Scalar, float,
                   double) {
  using wide = kernel::emulated::score_strip<Scalar>;
  constexpr std::size_t factors = 16 + 8 + 3;
  constexpr std::size_t group = kernel::score_group;
  const problem<Scalar> p(group, wide::items, factors, 8);
  const Scalar* rows[wide::items];
  for (std::size_t i = 0; i < wide::items; ++i) rows[i] = p.item_factors.data() + i * factors;
  Scalar users[factors * group];
  for (std::size_t u = 0; u < group; ++u)
    for (std::size_t f = 0; f < factors; ++f) users[f * group + u] = p.user_pointers[u][f];

  Scalar panel[factors * wide::items];
  Scalar together[group * wide::items];
  Scalar alone[wide::items];
  const Scalar thresholds[group] = {-1000, 1000, -1000, 1000, 1000, -1000};
  wide::gather(rows, 0, factors, panel);
  CHECK(wide::template multiply<group>(panel, users, factors, p.biases.data(), 0, thresholds,
                                       together) == 0b100101U);
  for (std::size_t u = 0; u < group; ++u) {
    CHECK(wide::score(rows, p.biases.data(), p.user_pointers[u], factors, thresholds[u], alone) ==
          (thresholds[u] < 0));
    CHECK(std::equal(alone, alone + wide::items, together + u * wide::items));
    double worst = 0;
    for (std::size_t i = 0; i < wide::items; ++i)
      worst = std::max(worst, std::abs(static_cast<double>(alone[i]) - p.exact_score(u, i)));
    CHECK(worst <= 1e-6 * static_cast<double>(factors));
  }
}

TEST_CASE("Instruction sets with fused multiply-add agree to the bit") {
  if (kernel::best_simd_level() < kernel::simd_level::avx512) return;
  const problem<float> p(2, 301, 77, 6);
  for (std::size_t u = 0; u < 2; ++u)
    CHECK(p.scores(u, kernel::simd_level::avx512) == p.scores(u, kernel::simd_level::avx2));
}

TEST_CASE("No items, no users, no room: nothing happens") {
  const problem<float> none(3, 0, 4, 7);
  for (const auto& list : batch(
           none, 5, [](std::size_t, item_index) { return true; }, kernel::best_simd_level()))
    CHECK(list.empty());
  const problem<float> some(3, 40, 4, 7);
  for (const auto& list : batch(
           some, 0, [](std::size_t, item_index) { return true; }, kernel::best_simd_level()))
    CHECK(list.empty());
  const problem<float> nobody(0, 40, 4, 7);
  CHECK(batch(
            nobody, 5, [](std::size_t, item_index) { return true; }, kernel::best_simd_level())
            .empty());
}

}  // namespace kindred::top_k_scores_test
