#include <kindred/core/error.hpp>
#include <kindred/core/random.hpp>
#include <kindred/serve/rerank_calibrated.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace kindred::rerank_calibrated_test {

namespace {

/// 14 items of three categories; every fourth has two, the last has none.
item_categories some_categories() {
  std::vector<std::vector<index>> lists;
  for (index i = 0; i < 13; ++i) {
    lists.push_back({i % 3});
    if (i % 4 == 0) lists.back().push_back((i + 1) % 3);
  }
  lists.emplace_back();
  return item_categories(lists);
}

std::vector<scored_item> some_candidates() {
  const counter_rng rng(5);
  std::vector<scored_item> candidates;
  for (index i = 0; i < 14; ++i)
    candidates.push_back({i, static_cast<float>(rng.normal(static_cast<std::uint64_t>(i)))});
  std::ranges::sort(candidates, ranks_before);
  return candidates;
}

std::vector<index> items_of(const std::vector<scored_item>& list) {
  std::vector<index> items;
  for (const auto& entry : list) items.push_back(entry.item);
  return items;
}

/// Equation 6 of the paper with scores in [0, 1].
double objective(const std::vector<scored_item>& list, const std::vector<scored_item>& candidates,
                 const std::vector<double>& target, const calibration_options& options) {
  const item_categories categories = some_categories();
  double scores = 0;
  const auto low = static_cast<double>(candidates.back().score);
  const auto high = static_cast<double>(candidates.front().score);
  for (const auto& entry : list) scores += (static_cast<double>(entry.score) - low) / (high - low);
  const auto shares = category_shares(items_of(list), categories);
  double divergence = 0;
  for (std::size_t c = 0; c < target.size(); ++c) {
    const double smoothed = (1 - options.smoothing) * shares[c] + options.smoothing * target[c];
    if (target[c] > 0) divergence += target[c] * std::log(target[c] / smoothed);
  }
  return (1 - options.weight) * scores - options.weight * divergence;
}

}  // namespace

TEST_CASE("Shares divide an item among its categories") {
  const item_categories categories({{0}, {0, 1}, {}, {2}});
  const std::vector<index> items = {0, 1, 2, 3};
  CHECK(category_shares(items, categories) == std::vector<double>{0.5, 0.5 / 3, 1.0 / 3});
  const std::vector<float> weights = {0, 2, 9, 2};
  CHECK(category_shares(items, categories, weights) == std::vector<double>{0.25, 0.25, 0.5});
  CHECK(category_shares({}, categories) == std::vector<double>(3));
  CHECK_THROWS_AS((void)category_shares(items, categories, std::vector<float>{1}), data_error);
  CHECK_THROWS_AS((void)category_shares(items, categories, std::vector<float>{1, 1, 1, -1}),
                  data_error);
}

TEST_CASE("Each item raises the objective most") {
  const auto candidates = some_candidates();
  const std::vector<double> target = {0.7, 0.3, 0};
  for (const double weight : {0.0, 0.3, 0.8, 1.0}) {
    const calibration_options options{.weight = weight, .smoothing = 0.05};
    const auto list = rerank_calibrated(candidates, 8, target, some_categories(), options);
    REQUIRE(list.size() == 8);
    std::vector<scored_item> before;
    auto rest = candidates;
    for (const scored_item& next : list) {
      const auto gain = [&](const scored_item& c) {
        auto with = before;
        with.push_back(c);
        return objective(with, candidates, target, options);
      };
      CHECK(gain(next) >= gain(*std::ranges::max_element(rest, {}, gain)) - 1e-12);
      before.push_back(next);
      std::erase(rest, next);
    }
    if (weight == 0) CHECK(std::equal(list.begin(), list.end(), candidates.begin()));
  }
}

TEST_CASE("The error is the divergence, and falls by calibration") {
  const item_categories categories({{0}, {1}});
  const std::vector<double> target = {0.75, 0.25};
  const std::vector<scored_item> one = {{0, 1}};
  const double expected = 0.75 * std::log(0.75 / (0.9 + 0.1 * 0.75)) + 0.25 * std::log(10);
  CHECK(calibration_error(one, target, categories, {.smoothing = 0.1}) ==
        doctest::Approx(expected));
  const std::vector<scored_item> four = {{0, 1}, {0, 1}, {1, 1}, {0, 1}};
  CHECK(calibration_error(four, target, categories) == doctest::Approx(0).epsilon(1e-12));
  CHECK(calibration_error({}, target, categories, {.smoothing = 0.1}) ==
        doctest::Approx(std::log(10)));

  const auto candidates = some_candidates();
  const std::vector<double> wants = {0.1, 0.2, 0.7};
  const auto list = rerank_calibrated(candidates, 6, wants, some_categories(), {.weight = 0.9});
  const auto top = std::span(candidates).first(6);
  CHECK(calibration_error(list, wants, some_categories()) <
        calibration_error(top, wants, some_categories()));
}

TEST_CASE("What is no target, and what cannot be compared, is refused") {
  const auto candidates = some_candidates();
  const item_categories categories = some_categories();
  for (const std::vector<double>& target : {std::vector<double>{1, 0},
                                            {0.5, 0.4, 0},
                                            {1.5, -0.5, 0},
                                            {std::numeric_limits<double>::quiet_NaN(), 0.5, 0.5}})
    CHECK_THROWS_AS((void)rerank_calibrated(candidates, 3, target, categories), data_error);
  const std::vector<double> unknown(3);
  CHECK(rerank_calibrated(candidates, 3, unknown, categories) ==
        std::vector<scored_item>(candidates.begin(), candidates.begin() + 3));
  CHECK_THROWS_AS((void)rerank_calibrated(candidates, 3, unknown, categories, {.weight = 2}),
                  option_error);
  CHECK_THROWS_AS((void)rerank_calibrated(candidates, 3, unknown, categories, {.smoothing = 0}),
                  option_error);
  const std::vector<scored_item> bad = {{1, std::numeric_limits<float>::infinity()}};
  CHECK_THROWS_AS((void)rerank_calibrated(bad, 3, unknown, categories), data_error);
}

}  // namespace kindred::rerank_calibrated_test
