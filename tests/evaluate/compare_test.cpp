#include <doctest/doctest.h>

#include <kindred/core/random.hpp>
#include <kindred/evaluate/compare.hpp>

#include "../data/support.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace kindred::compare_test {

namespace {

using kindred::compare_values;
using kindred::index;
using kindred::paired_comparison;
using kindred::ranking_cutoff;
using kindred::ranking_metrics;

std::vector<double> noise(std::size_t count, std::uint64_t seed, double mean = 0) {
  std::vector<double> values;
  const kindred::counter_rng rng(seed);
  for (std::size_t n = 0; n < count; ++n) values.push_back(mean + rng.normal(n));
  return values;
}

/// The p-value by all assignments of signs.
double exact_p_value(const std::vector<double>& differences) {
  const std::size_t all = std::size_t{1} << differences.size();
  double observed = 0;
  for (const double d : differences) observed += d;
  std::size_t as_far = 0;
  for (std::size_t signs = 0; signs < all; ++signs) {
    double sum = 0;
    for (std::size_t u = 0; u < differences.size(); ++u)
      sum += ((signs >> u) & 1) != 0 ? differences[u] : -differences[u];
    if (std::abs(sum) >= std::abs(observed) - 1e-9) ++as_far;
  }
  return static_cast<double>(as_far) / static_cast<double>(all);
}

ranking_metrics result(const std::vector<index>& users, double recall) {
  ranking_metrics metrics{.cutoffs = {{.k = 10}}};
  for (const index u : users)
    metrics.by_user.push_back({.user = u, .cutoffs = {{.k = 10, .recall = recall}}});
  return metrics;
}

}  // namespace

TEST_CASE("a model does not differ from itself") {
  const auto values = noise(200, 1);
  const paired_comparison same = compare_values(values, values);
  CHECK(same.difference == 0);
  CHECK(same.lower == 0);
  CHECK(same.upper == 0);
  CHECK(same.p_value == 1);
  CHECK(same.users == 200);
}

TEST_CASE("a clearly better model is found to be better, and the other way round") {
  const auto better = noise(200, 2, 0.5);
  const auto worse = noise(200, 3);
  const paired_comparison found = compare_values(better, worse);
  CHECK(found.difference == doctest::Approx(0.5).epsilon(0.4));
  CHECK(found.lower > 0);
  CHECK(found.p_value < 0.01);
  const paired_comparison turned = compare_values(worse, better);
  CHECK(turned.difference == -found.difference);
  CHECK(turned.upper < 0);
  CHECK(turned.p_value == found.p_value);
}

TEST_CASE("the p-value is that of all assignments of signs") {
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    const auto differences = noise(9, seed, 0.3);
    const std::vector<double> zeros(9, 0.0);
    const auto compared = compare_values(differences, zeros, {.resamples = 20000});
    CHECK(compared.p_value == doctest::Approx(exact_p_value(differences)).epsilon(0.01 + 0.05));
  }
}

TEST_CASE("differences of one size tie with each other in spite of rounding") {
  const std::vector<double> differences = {0.1, 0.1, 0.1, -0.1, 0.1, 0.1};
  const std::vector<double> zeros(6, 0.0);
  const auto compared = compare_values(differences, zeros, {.resamples = 20000});
  CHECK(compared.p_value == doctest::Approx(14.0 / 64).epsilon(0.06));
}

TEST_CASE("equal models seldom seem to differ") {
  int rejected = 0;
  for (std::uint64_t trial = 0; trial < 400; ++trial) {
    const auto a = noise(40, 2 * trial + 100);
    const auto b = noise(40, 2 * trial + 101);
    rejected += compare_values(a, b, {.resamples = 199}).p_value <= 0.1 ? 1 : 0;
  }
  CHECK(rejected >= 18);  // 40 are due, with a standard deviation of 6
  CHECK(rejected <= 64);
}

TEST_CASE("comparisons have the same bits on any number of threads") {
  const auto a = noise(777, 5);
  const auto b = noise(777, 6);
  const auto compare = [&] { return compare_values(a, b); };
  const paired_comparison one = kindred::test::on_threads(1, compare);
  for (const int threads : {2, 8}) {
    const paired_comparison other = kindred::test::on_threads(threads, compare);
    CHECK(other.difference == one.difference);
    CHECK(other.lower == one.lower);
    CHECK(other.upper == one.upper);
    CHECK(other.p_value == one.p_value);
  }
}

TEST_CASE("rankings are compared user by user") {
  const auto better = compare_rankings(result({1, 2, 4}, 0.75), result({1, 2, 4}, 0.5),
                                       &ranking_cutoff::recall, 10);
  CHECK(better.difference == 0.25);
  CHECK(better.users == 3);
  CHECK(better.p_value == doctest::Approx(0.25).epsilon(0.1));  // two of eight assignments
}

TEST_CASE("comparisons refuse what cannot be paired") {
  const auto refused = [](const ranking_metrics& a, const ranking_metrics& b) {
    CHECK_THROWS_AS((void)compare_rankings(a, b, &ranking_cutoff::recall, 10), kindred::data_error);
  };
  refused(result({1, 2}, 0), result({1, 3}, 0));
  refused(result({1, 2}, 0), result({1}, 0));
  refused(result({}, 0), result({}, 0));
  ranking_metrics sampled = result({1, 2}, 0);
  sampled.sampled_negatives = 100;
  refused(result({1, 2}, 0), sampled);

  const std::vector<double> two = {1, 2};
  CHECK_THROWS_AS((void)compare_values(two, std::vector<double>{1}), kindred::data_error);
  CHECK_THROWS_AS((void)compare_values({}, {}), kindred::data_error);
  CHECK_THROWS_AS(
      (void)compare_values(two, std::vector<double>{1, std::numeric_limits<double>::infinity()}),
      kindred::data_error);
  CHECK_THROWS_AS((void)compare_values(two, two, {.resamples = 0}), kindred::option_error);
}

}  // namespace kindred::compare_test
