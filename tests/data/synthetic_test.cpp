#include <kindred/core/error.hpp>
#include <kindred/data/synthetic.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <set>
#include <utility>
#include <vector>

#include "support.hpp"

namespace kindred::synthetic_test {

using namespace test;

namespace {

/// Continuous and practically uncut.
synthetic_options plain_options() {
  synthetic_options options;
  options.num_users = 2000;
  options.num_items = 1500;
  options.num_ratings = 300000;
  options.mean = 1;
  options.min_rating = -1000;
  options.max_rating = 1000;
  options.step = 0;
  return options;
}

double variance(const dataset& data) {
  double sum = 0;
  for (const float value : data.row_values())
    sum += (double{value} - data.mean()) * (double{value} - data.mean());
  return sum / static_cast<double>(data.size());
}

/// Ratings of each item, in descending order.
std::vector<std::size_t> item_counts(const dataset& data) {
  std::vector<std::size_t> counts;
  for (index i = 0; i < data.num_items(); ++i) counts.push_back(data.by_item(i).size());
  std::sort(counts.rbegin(), counts.rend());
  return counts;
}

/// Items of each user ascend, and are there.
bool all_pairs_differ(const dataset& data) {
  for (index u = 0; u < data.num_users(); ++u) {
    index before = -1;
    for (const index item : data.by_user(u).indices()) {
      if (item <= before || item >= data.num_items()) return false;
      before = item;
    }
  }
  return true;
}

}  // namespace

TEST_CASE("synthetic_ratings: exactly the number asked for, all pairs different, in the range") {
  struct size {
    index users;
    index items;
    std::size_t ratings;
  };
  for (const auto& [users, items, ratings] :
       {size{1, 1, 1}, size{1, 900, 900}, size{900, 1, 900}, size{20, 10, 200}, size{20, 10, 199},
        size{3, 1000, 10}, size{300, 400, 60000}, size{300, 400, 119999}}) {
    const dataset data =
        synthetic_ratings({.num_users = users, .num_items = items, .num_ratings = ratings});
    CHECK(data.num_users() == users);
    CHECK(data.num_items() == items);
    CHECK(data.size() == ratings);
    CHECK(data.users().id(users - 1) == std::to_string(users));
    CHECK(all_pairs_differ(data));
    std::size_t wrong = 0;
    for (const float value : data.row_values())
      wrong += value < 0.5F || value > 5 || 2 * value != std::floor(2 * value) ? 1U : 0U;
    CHECK(wrong == 0);
  }
}

TEST_CASE("synthetic_ratings: every exponent, up to nearly all pairs") {
  for (const double exponent : {0.0, 1.0, 2.0})
    for (const std::size_t ratings : {1000U, 15000U, 19900U}) {
      const dataset data = synthetic_ratings({.num_users = 100,
                                              .num_items = 200,
                                              .num_ratings = ratings,
                                              .popularity_exponent = exponent,
                                              .activity_exponent = exponent});
      CHECK(data.size() == ratings);
      CHECK(all_pairs_differ(data));
    }
}

TEST_CASE("synthetic_ratings: the same bits on any number of threads, others for another seed") {
  const auto make = [] {
    return synthetic_ratings(
        {.num_users = 3000, .num_items = 800, .num_ratings = 200000, .with_times = true});
  };
  const dataset serial = on_threads(1, make);
  CHECK(same(serial, on_threads(2, make)));
  CHECK(same(serial, on_threads(8, make)));
  CHECK_FALSE(same(synthetic_ratings({.seed = 1}), synthetic_ratings({.seed = 2})));
}

TEST_CASE("synthetic_ratings: variances are those of the options, and the floor is the noise") {
  synthetic_options options = plain_options();
  options.user_bias = 0;
  options.item_bias = 0;
  options.signal = 0;
  options.noise = 0.5;
  synthetic_report report;
  const dataset noise = synthetic_ratings(options, report);
  // The deviation of a sample deviation is sigma / sqrt(2n).
  const double tolerance = 5 * 0.5 / std::sqrt(2.0 * 300000);
  CHECK(std::abs(report.noise_floor - 0.5) < tolerance);
  CHECK(std::abs(std::sqrt(variance(noise)) - 0.5) < tolerance);
  CHECK(std::abs(noise.mean() - 1) < 5 * 0.5 / std::sqrt(300000.0));

  options.noise = 0;
  options.signal = 0.6;
  CHECK(std::sqrt(variance(synthetic_ratings(options, report))) ==
        doctest::Approx(0.6).epsilon(0.1));
  CHECK(report.noise_floor < 1e-6);
  options.factors = 0;
  CHECK(variance(synthetic_ratings(options, report)) == 0);

  options.popularity_exponent = 0;
  options.activity_exponent = 0;
  options.user_bias = 0.7;
  CHECK(std::sqrt(variance(synthetic_ratings(options, report))) ==
        doctest::Approx(0.7).epsilon(0.08));
  options.user_bias = 0;
  options.item_bias = 0.3;
  CHECK(std::sqrt(variance(synthetic_ratings(options, report))) ==
        doctest::Approx(0.3).epsilon(0.08));
}

TEST_CASE("synthetic_ratings: rounding to steps adds step^2 / 12 to the floor") {
  synthetic_options options = plain_options();
  options.step = 1;
  synthetic_report report;
  static_cast<void>(synthetic_ratings(options, report));
  CHECK(report.noise_floor == doctest::Approx(std::sqrt(0.25 + 1.0 / 12)).epsilon(0.01));
}

TEST_CASE("synthetic_ratings: steps that do not divide the range stay inside it") {
  const dataset data = synthetic_ratings({.user_bias = 3, .max_rating = 4.75F, .step = 0.7F});
  CHECK(data.min_value() == 0.5F);
  CHECK(data.max_value() == doctest::Approx(0.5 + 6 * 0.7));
}

TEST_CASE("synthetic_ratings: popularity is a power law of the rank") {
  synthetic_options options = plain_options();
  options.num_users = 20000;
  options.num_items = 5000;
  options.num_ratings = 100000;
  options.popularity_exponent = 0.8;
  options.activity_exponent = 0;
  const auto counts = item_counts(synthetic_ratings(options));
  // Few ratings a user, so that leaving out the second draw of an item hardly flattens the law.
  double sum = 0;
  for (int rank = 1; rank <= 5000; ++rank) sum += std::pow(rank, -0.8);
  for (const int rank : {1, 10, 100}) {
    const double expected = 100000 * std::pow(rank, -0.8) / sum;
    CHECK(static_cast<double>(counts[static_cast<std::size_t>(rank - 1)]) ==
          doctest::Approx(expected).epsilon(0.12));
  }
  options.popularity_exponent = 0;
  const auto flat = item_counts(synthetic_ratings(options));
  CHECK(flat.front() < 20 + 6 * std::sqrt(20.0));
  CHECK(flat.back() > 0);
}

TEST_CASE("item_chooser: both of its ways choose like successive draws") {
  // Two of three items, of weights 4, 2, 1: worked out by hand.
  const std::vector<double> weights{4, 2, 1};
  const double without_first = 2.0 / 7 * 1 / 5 + 1.0 / 7 * 2 / 6;
  const double without_second = 4.0 / 7 * 1 / 3 + 1.0 / 7 * 4 / 6;
  constexpr std::uint32_t trials = 20000;
  const detail::item_chooser sweep(weights, 5);
  // The same with many items of hardly any weight beside them is done by drawing.
  std::vector<double> many(40, 1e-9);
  std::copy(weights.begin(), weights.end(), many.begin());
  const detail::item_chooser drawing(many, 6);
  for (const auto* chooser : {&sweep, &drawing}) {
    std::vector<double> left_out(3);
    for (std::uint32_t t = 0; t < trials; ++t) {
      std::vector<index> items(2);
      chooser->choose(t, items);
      left_out[static_cast<std::size_t>(3 - items[0] - items[1])] += 1.0 / trials;
    }
    const double tolerance = 5 * 0.5 / std::sqrt(static_cast<double>(trials));
    CHECK(std::abs(left_out[0] - without_first) < tolerance);
    CHECK(std::abs(left_out[1] - without_second) < tolerance);
  }
}

TEST_CASE("share_out: all of it, in proportion, none above the most") {
  using detail::share_out;
  CHECK(share_out(12, std::vector<double>{3, 2, 1}, 100) == std::vector<std::size_t>{6, 4, 2});
  CHECK(share_out(12, std::vector<double>{3, 2, 1}, 5) == std::vector<std::size_t>{5, 5, 2});
  CHECK(share_out(15, std::vector<double>{3, 2, 1}, 5) == std::vector<std::size_t>{5, 5, 5});
  CHECK(share_out(0, std::vector<double>{3, 2}, 5) == std::vector<std::size_t>{0, 0});
  for (const double exponent : {0.0, 0.7, 2.0}) {
    const auto shares = share_out(123457, detail::power_law(30000, exponent), 1000);
    CHECK(std::accumulate(shares.begin(), shares.end(), std::size_t{0}) == 123457);
    CHECK(*std::max_element(shares.begin(), shares.end()) <= 1000);
  }
}

TEST_CASE("synthetic_ratings: refuses options out of range") {
  const double inf = std::numeric_limits<double>::infinity();
  const auto refused = [](const auto& spoil) {
    synthetic_options options;
    spoil(options);
    CHECK_THROWS_AS(static_cast<void>(synthetic_ratings(options)), option_error);
  };
  refused([](auto& o) { o.num_users = 0; });
  refused([](auto& o) { o.num_items = -3; });
  refused([](auto& o) { o.num_ratings = 0; });
  refused([](auto& o) { o.num_ratings = 500001; });
  refused([](auto& o) { o.factors = -1; });
  refused([&](auto& o) { o.mean = inf; });
  refused([](auto& o) { o.noise = -1; });
  refused([&](auto& o) { o.signal = inf; });
  refused([](auto& o) { o.user_bias = -0.1; });
  refused([](auto& o) { o.item_bias = std::nan(""); });
  refused([](auto& o) { o.popularity_exponent = 2.1; });
  refused([](auto& o) { o.activity_exponent = -0.1; });
  refused([](auto& o) { o.min_rating = 5; });
  refused([](auto& o) { o.step = 5; });
  refused([](auto& o) { o.step = -0.5F; });
}

}  // namespace kindred::synthetic_test
