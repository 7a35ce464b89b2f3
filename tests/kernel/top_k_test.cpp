#include <doctest/doctest.h>

#include <algorithm>
#include <kindred/core/random.hpp>
#include <kindred/kernel/top_k.hpp>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

namespace kindred::top_k_test {

using kindred::scored_item;
using kindred::top_k_selector;

namespace {

/// Scores with many ties: five distinct values.
std::vector<scored_item> random_items(int count, std::uint64_t seed) {
  const kindred::counter_rng rng(seed);
  std::vector<scored_item> items;
  for (int i = 0; i < count; ++i)
    items.push_back({i, static_cast<float>(rng.below(static_cast<std::uint64_t>(i), 5)) - 2.0F});
  return items;
}

std::vector<scored_item> reference(std::vector<scored_item> items, std::size_t k) {
  std::stable_sort(items.begin(), items.end(),
                   [](const auto& a, const auto& b) { return a.score > b.score; });
  items.resize(std::min(k, items.size()));
  return items;
}

std::vector<scored_item> select(const std::vector<scored_item>& items, std::size_t k) {
  std::vector<scored_item> memory(k);
  top_k_selector selector(memory);
  for (const auto& item : items) selector.push(item);
  const auto best = selector.finish();
  return {best.begin(), best.end()};
}

}  // namespace

TEST_CASE("The selector keeps what a stable sort puts first") {
  for (const int count : {0, 1, 2, 31, 257, 1000})
    for (const std::size_t k :
         {std::size_t{0}, std::size_t{1}, std::size_t{7}, std::size_t{1500}}) {
      CAPTURE(count);
      CAPTURE(k);
      const auto items = random_items(count, 3);
      CHECK(select(items, k) == reference(items, k));
    }
}

TEST_CASE("The order of the pushes does not matter") {
  const auto items = random_items(500, 9);
  auto backwards = items;
  std::reverse(backwards.begin(), backwards.end());
  CHECK(select(backwards, 20) == select(items, 20));
}

TEST_CASE("NaN is never selected, infinities are ordinary scores") {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  constexpr float inf = std::numeric_limits<float>::infinity();
  const std::vector<scored_item> items = {{0, nan}, {1, -inf}, {2, 1.0F}, {3, inf}, {4, nan}};
  CHECK(select(items, 5) == std::vector<scored_item>{{3, inf}, {2, 1.0F}, {1, -inf}});
  CHECK(select(items, 0).empty());
}

TEST_CASE("The threshold is the score of the last item once there are k") {
  std::vector<scored_item> memory(2);
  top_k_selector selector(memory);
  selector.push({0, 5.0F});
  CHECK(selector.threshold() == -std::numeric_limits<float>::infinity());
  selector.push({1, 3.0F});
  CHECK(selector.threshold() == 3.0F);
  selector.push({2, 4.0F});
  CHECK(selector.threshold() == 4.0F);
  CHECK(selector.size() == 2);
}

TEST_CASE("Selecting cannot throw") {
  static_assert(noexcept(std::declval<top_k_selector&>().push({})));
  static_assert(noexcept(std::declval<top_k_selector&>().finish()));
  static_assert(std::is_nothrow_constructible_v<top_k_selector, std::span<scored_item>>);
}

}  // namespace kindred::top_k_test
