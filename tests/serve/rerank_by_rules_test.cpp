#include <kindred/core/error.hpp>
#include <kindred/core/random.hpp>
#include <kindred/serve/rerank_by_rules.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <vector>

namespace kindred::rerank_by_rules_test {

namespace {

/// Whether a list keeps within caps: of category 0 two, of any other one.
bool within_caps(std::span<const scored_item> list, const item_categories& categories) {
  std::map<index, int> counts;
  for (const auto& entry : list)
    for (const index c : categories[entry.item]) ++counts[c];
  return std::ranges::all_of(counts,
                             [](const auto& c) { return c.second <= (c.first == 0 ? 2 : 1); });
}

/// The first list in the order of rankings, item by item, among all that keep within caps.
void search_all(const std::vector<scored_item>& sorted, std::size_t from, std::size_t k,
                const item_categories& categories, std::vector<scored_item>& list,
                std::vector<scored_item>& best) {
  const auto ahead = [](const auto& a, const auto& b) {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(), ranks_before);
  };
  const bool extends =
      list.size() > best.size() && std::equal(best.begin(), best.end(), list.begin());
  if (best.empty() || extends || ahead(list, best)) best = list;
  if (list.size() == k) return;
  for (std::size_t c = from; c < sorted.size(); ++c) {
    list.push_back(sorted[c]);
    if (within_caps(list, categories)) search_all(sorted, c + 1, k, categories, list, best);
    list.pop_back();
  }
}

}  // namespace

TEST_CASE("Caps leave the first of all lists that keep within them") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const counter_rng rng(seed);
    std::vector<std::vector<index>> lists(10);
    std::vector<scored_item> candidates;
    for (std::size_t i = 0; i < 10; ++i) {
      candidates.push_back(
          {static_cast<index>(i), static_cast<float>(static_cast<int>(rng.uniform(i) * 5))});
      for (index c = 0; c < 4; ++c)
        if (rng.uniform(100 + 4 * i + static_cast<std::size_t>(c)) < 0.4) lists[i].push_back(c);
    }
    const item_categories categories(lists);
    std::ranges::sort(candidates, ranks_before);
    std::vector<scored_item> list;
    std::vector<scored_item> best;
    search_all(candidates, 0, 5, categories, list, best);
    std::ranges::reverse(candidates);  // their order does not matter
    CHECK(rerank_by_rules(candidates, 5, {.caps = {{0, 2}}, .cap_of_each = 1}, categories) == best);
  }
}

TEST_CASE("Blocked items vanish, boosts move, pins stand at their rank") {
  const std::vector<scored_item> candidates = {{1, 5}, {2, 4}, {3, 3}, {4, 2}};
  CHECK(rerank_by_rules(candidates, 3, {}) == std::vector<scored_item>{{1, 5}, {2, 4}, {3, 3}});
  CHECK(rerank_by_rules(candidates, 3, {.blocked = {1, 9}, .boosts = {{4, 2}, {4, 0.5F}}}) ==
        std::vector<scored_item>{{4, 4.5F}, {2, 4}, {3, 3}});
  CHECK(rerank_by_rules(candidates, 3, {.pinned = {{7, 0}, {4, 2}}}) ==
        std::vector<scored_item>{{7, 5}, {1, 5}, {4, 5}});
  CHECK(rerank_by_rules(candidates, 9, {.pinned = {{7, 8}}}).back() == scored_item{7, 2});
  CHECK(rerank_by_rules(candidates, 2, {.pinned = {{7, 2}}}).size() == 2);
  CHECK(rerank_by_rules(candidates, 2, {.blocked = {7}, .pinned = {{7, 0}}}) ==
        std::vector<scored_item>{{1, 5}, {2, 4}});
  CHECK(rerank_by_rules({}, 2, {.pinned = {{7, 1}}}) == std::vector<scored_item>{{7, 0}});
  CHECK(rerank_by_rules(candidates, 0, {}).empty());
}

TEST_CASE("Pinned items count for caps, and are never kept out by them") {
  const item_categories categories({{0}, {0}, {0}, {1}});
  const std::vector<scored_item> candidates = {{0, 9}, {1, 8}, {2, 7}, {3, 6}};
  const ranking_rules rules{.pinned = {{1, 1}, {2, 2}}, .cap_of_each = 1};
  CHECK(rerank_by_rules(candidates, 4, rules, categories) ==
        std::vector<scored_item>{{3, 6}, {1, 6}, {2, 6}});
}

TEST_CASE("Rules that contradict each other, and NaN, are refused") {
  const std::vector<scored_item> bad = {{1, std::numeric_limits<float>::quiet_NaN()}};
  CHECK_THROWS_AS((void)rerank_by_rules(bad, 1, {}), data_error);
  CHECK_THROWS_AS((void)rerank_by_rules({}, 3, {.pinned = {{1, 0}, {2, 0}}}), data_error);
  CHECK_THROWS_AS((void)rerank_by_rules({}, 3, {.pinned = {{1, 0}, {1, 1}}}), data_error);
}

}  // namespace kindred::rerank_by_rules_test
