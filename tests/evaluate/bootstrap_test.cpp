#include <doctest/doctest.h>

#include <kindred/core/random.hpp>
#include <kindred/evaluate/bootstrap.hpp>

#include "../data/support.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

namespace kindred::bootstrap_test {

namespace {

using kindred::bootstrap_mean;
using kindred::mean_interval;

/// Squares of uniform numbers: skewed, with mean 1/3 and variance 4/45.
std::vector<double> skewed(std::size_t count, std::uint64_t seed) {
  std::vector<double> values;
  const kindred::counter_rng rng(seed);
  for (std::size_t n = 0; n < count; ++n) values.push_back(std::pow(rng.uniform(n), 2));
  return values;
}

bool same_bits(const mean_interval& a, const mean_interval& b) {
  return a.mean == b.mean && a.lower == b.lower && a.upper == b.upper;
}

}  // namespace

TEST_CASE("an interval holds the true mean about as often as it claims") {
  int held = 0;
  constexpr int trials = 400;
  for (int trial = 0; trial < trials; ++trial) {
    const auto values = skewed(60, 1000 + static_cast<std::uint64_t>(trial));
    const mean_interval interval = bootstrap_mean(values, {.resamples = 300, .confidence = 0.9});
    held += interval.lower <= 1.0 / 3 && 1.0 / 3 <= interval.upper ? 1 : 0;
  }
  // 360 are due, with a standard deviation of 6.
  CHECK(held >= 330);
  CHECK(held <= 385);
}

TEST_CASE("an interval is as wide as the normal approximation says") {
  const auto values = skewed(2000, 7);
  const mean_interval interval = bootstrap_mean(values, {.resamples = 4000});
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / 2000;
  double squared = 0;
  for (const double x : values) squared += (x - mean) * (x - mean);
  const double error = std::sqrt(squared / 2000 / 2000);
  CHECK(interval.mean == doctest::Approx(mean));
  CHECK(interval.lower == doctest::Approx(mean - 1.96 * error).epsilon(0.002));
  CHECK(interval.upper == doctest::Approx(mean + 1.96 * error).epsilon(0.002));
}

TEST_CASE("every user is drawn equally often") {
  constexpr std::size_t users = 7;  // not a multiple of the draws of a block
  double total = 0;
  for (std::size_t u = 0; u < users; ++u) {
    std::vector<double> values(users, 0.0);
    values[u] = 1;
    double drawn = 0;
    for (std::uint64_t r = 0; r < 20000; ++r)
      drawn += kindred::detail::resampled_mean(values, kindred::counter_rng(3, r));
    CHECK(drawn / 20000 == doctest::Approx(1.0 / users).epsilon(0.03));
    total += drawn;
  }
  CHECK(total == doctest::Approx(20000));
}

TEST_CASE("users who are all alike leave no doubt") {
  const std::vector<double> values(50, 0.25);
  CHECK(same_bits(bootstrap_mean(values), {0.25, 0.25, 0.25}));
  CHECK(same_bits(bootstrap_mean(std::vector<double>{2}), {2, 2, 2}));
}

TEST_CASE("more confidence is a wider interval") {
  const auto values = skewed(100, 8);
  const mean_interval narrow = bootstrap_mean(values, {.confidence = 0.5});
  const mean_interval wide = bootstrap_mean(values, {.confidence = 0.99});
  CHECK(wide.lower < narrow.lower);
  CHECK(narrow.upper < wide.upper);
}

TEST_CASE("intervals depend on the seed, and on no number of threads") {
  const auto values = skewed(1001, 9);
  const auto interval = [&] { return bootstrap_mean(values); };
  const mean_interval one = kindred::test::on_threads(1, interval);
  CHECK(same_bits(kindred::test::on_threads(2, interval), one));
  CHECK(same_bits(kindred::test::on_threads(8, interval), one));
  CHECK_FALSE(same_bits(bootstrap_mean(values, {.seed = 1}), one));
}

TEST_CASE("the bootstrap refuses options out of range and values that are none") {
  const std::vector<double> values = {1, 2};
  CHECK_THROWS_AS((void)bootstrap_mean(values, {.resamples = 99}), kindred::option_error);
  CHECK_THROWS_AS((void)bootstrap_mean(values, {.confidence = 1}), kindred::option_error);
  CHECK_THROWS_AS((void)bootstrap_mean({}), kindred::data_error);
  CHECK_THROWS_WITH_AS(
      (void)bootstrap_mean(std::vector<double>{1, std::numeric_limits<double>::quiet_NaN()}),
      "bootstrap_mean: value 1 is nan", kindred::data_error);
}

}  // namespace kindred::bootstrap_test
