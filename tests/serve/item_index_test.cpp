#include <kindred/core/error.hpp>
#include <kindred/core/random.hpp>
#include <kindred/data/synthetic.hpp>
#include <kindred/kernel/scores.hpp>
#include <kindred/model/matrix_factorization.hpp>
#include <kindred/serve/item_index.hpp>

#include <doctest/doctest.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "../kernel/simd_levels.hpp"

namespace kindred::item_index_test {

namespace {

constexpr item_storage every_storage[] = {item_storage::float32, item_storage::float16,
                                          item_storage::int8};

/// Rows whose lengths differ a lot, as those of fitted models do.
std::vector<float> skewed_rows(std::size_t count, std::size_t factors, std::uint64_t seed) {
  const counter_rng rng(seed);
  std::vector<float> rows(count * factors);
  for (std::size_t i = 0; i < count; ++i) {
    const double length = std::exp(2 * rng.normal(count * factors + i));
    for (std::size_t f = 0; f < factors; ++f)
      rows[i * factors + f] = static_cast<float>(length * rng.normal(i * factors + f));
  }
  return rows;
}

struct problem {
  problem(std::size_t num_items, std::size_t num_queries, std::size_t width, bool biased,
          std::uint64_t seed = 1)
      : items(num_items),
        factors(width),
        rows(skewed_rows(num_items, width, seed)),
        queries(skewed_rows(num_queries, width, seed + 1)) {
    if (biased) biases = skewed_rows(num_items, 1, seed + 2);
  }

  [[nodiscard]] item_index index_of(const item_index_options& options) const {
    return {rows, factors, biases, options};
  }
  [[nodiscard]] std::span<const float> query(std::size_t q) const {
    return std::span(queries).subspan(q * factors, factors);
  }
  [[nodiscard]] std::size_t num_queries() const { return queries.size() / factors; }

  /// All scores, sorted; what an exact search finds the head of.
  template <class Accept>
  [[nodiscard]] std::vector<scored_item> sorted(std::size_t q, kernel::simd_level level,
                                                const Accept& accept) const {
    std::vector<float> scores(items);
    kernel::score_items(
        kernel::item_rows<float>{rows.data(), biases.empty() ? nullptr : biases.data(), items,
                                 factors},
        query(q).data(), std::span<float>(scores), level);
    std::vector<scored_item> all;
    for (std::size_t i = 0; i < items; ++i)
      if (accept(static_cast<index>(i))) all.push_back({static_cast<index>(i), scores[i]});
    std::ranges::sort(all, ranks_before);
    return all;
  }

  std::size_t items;
  std::size_t factors;
  std::vector<float> rows;
  std::vector<float> queries;
  std::vector<float> biases;
};

bool starts_with(const std::vector<scored_item>& all, std::span<const scored_item> list,
                 std::size_t k) {
  return list.size() == std::min(k, all.size()) &&
         std::equal(list.begin(), list.end(), all.begin());
}

struct shape {
  std::size_t items;
  std::size_t queries;
  std::size_t factors;
};
constexpr shape ugly_shapes[] = {{1, 1, 1}, {31, 7, 3}, {597, 13, 10}, {700, 50, 33}};

}  // namespace

TEST_CASE("Whatever the storage, the answers are those of a sort of all scores, to the bit") {
  for (const auto level : test::levels_of_this_machine())
    for (const shape& s : ugly_shapes)
      for (const bool biased : {false, true}) {
        const problem p(s.items, s.queries, s.factors, biased);
        std::vector<std::vector<scored_item>> expected;
        for (std::size_t q = 0; q < s.queries; ++q)
          expected.push_back(p.sorted(q, level, accept_all{}));
        for (const item_storage storage : every_storage) {
          const item_index index = p.index_of({.storage = storage, .level = level});
          for (const std::size_t k : {std::size_t{1}, std::size_t{10}, s.items + 5}) {
            const scored_lists all = index.search_all(p.queries, k);
            bool right = all.size() == s.queries;
            for (std::size_t q = 0; q < s.queries; ++q)
              right = right && starts_with(expected[q], all[q], k) &&
                      starts_with(expected[q], index.search(p.query(q), k), k);
            CHECK(right);
          }
        }
      }
}

TEST_CASE("Items that are not accepted are as if they were not there") {
  const problem p(700, 30, 16, true);
  for (const item_storage storage : every_storage) {
    const item_index index = p.index_of({.storage = storage});
    const auto accept = [](std::size_t q, kindred::index item) {
      return (q + static_cast<std::size_t>(item)) % 5 == 0;
    };
    const scored_lists all = index.search_all(p.queries, 20, accept);
    item_index::workspace memory(index);
    for (std::size_t q = 0; q < p.num_queries(); ++q) {
      const auto lets_pass = [&](kindred::index item) { return accept(q, item); };
      const auto expected = p.sorted(q, kernel::best_simd_level(), lets_pass);
      CHECK(starts_with(expected, all[q], 20));
      std::vector<scored_item> best(20);
      CHECK(starts_with(expected, index.search(p.query(q), best, memory, lets_pass), 20));
    }
    CHECK(index.search(p.query(0), 5, [](kindred::index) { return false; }).empty());
  }
}

TEST_CASE("Ties go to the lower index") {
  problem p(300, 9, 8, false);
  for (std::size_t i = 1; i < p.items; ++i)
    std::copy_n(p.rows.begin(), p.factors, p.rows.begin() + static_cast<std::ptrdiff_t>(i * 8));
  for (const item_storage storage : every_storage)
    for (const bool exact : {false, true}) {
      const item_index index = p.index_of({.storage = storage, .exact = exact});
      const scored_lists all = index.search_all(p.queries, 150);
      for (std::size_t q = 0; q < p.num_queries(); ++q)
        for (std::size_t rank = 0; rank < 150; ++rank)
          CHECK(all[q][rank].item == static_cast<kindred::index>(rank));
    }
}

TEST_CASE("Halves alone score their rounded rows, bytes alone nearly the exact ones") {
  const problem p(900, 40, 24, true);
  problem rounded = p;
  for (float& x : rounded.rows) x = kernel::to_float(kernel::to_half(x));
  const item_index halves = p.index_of({.storage = item_storage::float16, .exact = false});
  const scored_lists found = halves.search_all(p.queries, 30);
  const item_index bytes = p.index_of({.storage = item_storage::int8, .exact = false});
  const scored_lists nearly = bytes.search_all(p.queries, 30);
  for (std::size_t q = 0; q < p.num_queries(); ++q) {
    CHECK(starts_with(rounded.sorted(q, kernel::best_simd_level(), accept_all{}), found[q], 30));
    const auto exact = p.sorted(q, kernel::best_simd_level(), accept_all{});
    CHECK(nearly[q].size() == 30);
    const std::vector<scored_item> alone = bytes.search(p.query(q), 30);
    CHECK(std::ranges::equal(alone, nearly[q]));
    // The k-th best cannot fall by more than errors are; 127 steps make them about a hundredth.
    const float scale = std::abs(exact[0].score);
    for (std::size_t rank = 0; rank < 30; ++rank)
      CHECK(std::abs(nearly[q][rank].score - exact[rank].score) <= 0.05F * scale);
  }
}

TEST_CASE("One thread and many find the same bits") {
  const problem p(2000, 500, 16, true);
  for (const item_storage storage : every_storage)
    for (const bool exact : {false, true}) {
      const item_index index = p.index_of({.storage = storage, .exact = exact});
      scored_lists lists[2];
      for (const int threads : {1, 4})
        tbb::task_arena(threads).execute(
            [&] { lists[threads / 4] = index.search_all(p.queries, 10); });
      CHECK(lists[0] == lists[1]);
    }
}

TEST_CASE_TEMPLATE("An index of a fitted model ranks as the model scores", Scalar, float, double) {
  const dataset ratings =
      synthetic_ratings({.num_users = 60, .num_items = 90, .num_ratings = 2000});
  matrix_factorization<Scalar> model{{.factors = 12, .epochs = 3}};
  model.fit(ratings);
  const item_index index(model);
  CHECK(index.size() == 90);
  CHECK(index.factors() == 12);
  std::vector<float> scores(90);
  for (kindred::index u = 0; u < 60; ++u) {
    model.score(u, scores);
    const auto user = model.latent().user(u);
    const std::vector<float> query(user.begin(), user.end());
    const auto found = index.search(query, 7);
    std::vector<float> sorted = scores;
    std::ranges::sort(sorted, std::greater<>());
    REQUIRE(found.size() == 7);
    for (std::size_t rank = 0; rank < 7; ++rank)
      CHECK(found[rank].score == doctest::Approx(sorted[rank]).epsilon(1e-5));
  }
}

TEST_CASE("What is not finite, or does not fit, is refused") {
  const std::vector<float> rows = {1, 2, 3, 4, 5, 6};
  const std::vector<float> biases = {0, 1};
  CHECK_THROWS_AS(item_index(rows, 0), option_error);
  CHECK_THROWS_AS(item_index(rows, 40000), option_error);
  CHECK_THROWS_AS(item_index(rows, 4), data_error);
  CHECK_THROWS_AS(item_index(rows, 2, biases), data_error);
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 2e18F}) {
    std::vector<float> worse = rows;
    worse[3] = bad;
    for (const item_storage storage : every_storage)
      CHECK_THROWS_AS(item_index(worse, 2, {}, {.storage = storage}), data_error);
    CHECK_THROWS_AS(item_index(std::span(rows).first(4), 2, std::vector<float>{0, bad}),
                    data_error);
    const item_index index(rows, 2);
    const std::vector<float> query = {1, bad};
    CHECK(index.search(query, 2).empty());
    const std::vector<float> three = {1, 1, bad, 1, 2, 1};
    const scored_lists lists = index.search_all(three, 2);
    CHECK(lists[0].size() == 2);
    CHECK(lists[1].empty());
    CHECK(lists[2][0] == scored_item{2, 16});
  }
  CHECK_THROWS_AS(item_index(std::vector<float>{70000}, 1, {}, {.storage = item_storage::float16}),
                  data_error);
  CHECK_THROWS_AS((void)item_index(rows, 2).search(rows, 2), data_error);
  CHECK_THROWS_AS((void)item_index(rows, 4 - 1).search_all(std::vector<float>(4), 2), data_error);
}

TEST_CASE("No items, no queries, no room: nothing happens") {
  const item_index none(std::span<const float>(), 3);
  CHECK(none.size() == 0);
  CHECK(none.search(std::vector<float>{1, 2, 3}, 4).empty());
  const item_index some(std::vector<float>{1, 2, 3}, 3);
  CHECK(some.search(std::vector<float>{1, 2, 3}, 0).empty());
  CHECK(some.search_all({}, 4).size() == 0);
  const std::vector<float> zeros(3);
  CHECK(some.search(zeros, 4) == std::vector<scored_item>{{0, 0}});
}

}  // namespace kindred::item_index_test
