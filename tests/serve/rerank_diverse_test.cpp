#include <kindred/core/error.hpp>
#include <kindred/core/random.hpp>
#include <kindred/serve/rerank_diverse.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace kindred::rerank_diverse_test {

namespace {

std::vector<scored_item> random_candidates(std::size_t count, std::uint64_t seed) {
  const counter_rng rng(seed);
  std::vector<scored_item> candidates;
  for (std::size_t i = 0; i < count; ++i)
    candidates.push_back({static_cast<index>(2 * i), static_cast<float>(rng.normal(i))});
  std::ranges::sort(candidates, ranks_before);
  return candidates;
}

/// Of places on a circle.
double distance_of(index a, index b) {
  return 1 - std::cos(0.7 * static_cast<double>(a) - 0.7 * static_cast<double>(b));
}

/// By the formula, for each step from the beginning.
std::vector<scored_item> by_definition(std::vector<scored_item> rest, std::size_t k,
                                       double relevance) {
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  for (const auto& c : rest) {
    low = std::min(low, static_cast<double>(c.score));
    high = std::max(high, static_cast<double>(c.score));
  }
  std::vector<scored_item> list;
  while (list.size() < k && !rest.empty()) {
    const auto margin = [&](const scored_item& c) {
      double alike = list.empty() ? 0 : -std::numeric_limits<double>::infinity();
      for (const auto& other : list) alike = std::max(alike, 1 - distance_of(c.item, other.item));
      return relevance * (static_cast<double>(c.score) - low) / (high - low) -
             (1 - relevance) * alike;
    };
    const auto best = std::ranges::max_element(rest, {}, margin);
    list.push_back(*best);
    rest.erase(best);
  }
  return list;
}

}  // namespace

TEST_CASE("Each item has the maximal marginal relevance to those before it") {
  for (const double relevance : {0.0, 0.2, 0.5, 0.9, 1.0})
    for (const std::size_t k : {std::size_t{1}, std::size_t{7}, std::size_t{40}}) {
      const auto candidates = random_candidates(30, 3);
      const auto list = rerank_diverse(candidates, k, distance_of, {.relevance = relevance});
      CHECK(list == by_definition(candidates, k, relevance));
      if (relevance == 1) CHECK(std::equal(list.begin(), list.end(), candidates.begin()));
    }
}

TEST_CASE("Of equals the first candidate wins, and nothing comes of nothing") {
  const std::vector<scored_item> equal = {{5, 1}, {2, 1}, {9, 1}};
  const auto apart = [](index, index) { return 1.0; };
  CHECK(rerank_diverse(equal, 3, apart) == equal);
  CHECK(rerank_diverse({}, 3, apart).empty());
  CHECK(rerank_diverse(equal, 0, apart).empty());
}

TEST_CASE("What cannot be compared is refused") {
  const std::vector<scored_item> bad = {{1, 1}, {2, std::numeric_limits<float>::quiet_NaN()}};
  CHECK_THROWS_AS((void)rerank_diverse(bad, 2, distance_of), data_error);
  CHECK_THROWS_AS((void)rerank_diverse({}, 2, distance_of, {.relevance = 1.5}), option_error);
}

}  // namespace kindred::rerank_diverse_test
