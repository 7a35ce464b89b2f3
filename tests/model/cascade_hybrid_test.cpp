#include <kindred/evaluate/evaluate_ranking.hpp>
#include <kindred/model/baseline.hpp>
#include <kindred/model/cascade_hybrid.hpp>
#include <kindred/model/matrix_factorization.hpp>
#include <kindred/model/popularity.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <set>
#include <vector>

#include "rating_table.hpp"

namespace kindred::cascade_hybrid_test {

using test::noisy;
using test::rating_table;
using test::ratings_of_table;
using test::scores_of;
using test::table_of;

static_assert(rating_model<cascade_hybrid<popularity_model, rating_table>>);
static_assert(ranking_model<cascade_hybrid<popularity_model, rating_table>>);

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

rating_table row(std::vector<float> values) {
  const auto items = static_cast<index>(values.size());
  return {1, items, std::move(values)};
}

/// Items by score, ties by index.
std::vector<index> ranking(const std::vector<float>& scores) {
  std::vector<index> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](index a, index b) {
    return scores[static_cast<std::size_t>(a)] > scores[static_cast<std::size_t>(b)];
  });
  return order;
}

template <class Model>
std::vector<index> ranking_of(const Model& model, index user = 0) {
  return ranking(scores_of(model, user));
}

/// Few values, so that ties abound.
rating_table tied(index users, index items, std::uint64_t seed) {
  const counter_rng rng(seed);
  return table_of(users, items, [&](index u, index i) {
    return rng.below(static_cast<std::uint64_t>(u * items + i), 6);
  });
}

dataset nothing_seen(index users, index items) {
  return make_dataset(test::numbered_ids(users), test::numbered_ids(items), rating_columns{});
}

}  // namespace

TEST_CASE("a cascade ranks the first model's best by the second") {
  const rating_table first = row({10, 20, 30, 40, 50, 60});
  const rating_table second = row({9, 8, 1, 3, 2, 1});
  CHECK(ranking_of(cascade_hybrid{{.candidates = 3}, first, second}) ==
        std::vector<index>{3, 4, 5, 2, 1, 0});
  CHECK(ranking_of(cascade_hybrid{{.candidates = 1}, first, second}) == ranking_of(first));
  CHECK(ranking_of(cascade_hybrid{{.candidates = 6}, first, second}) ==
        std::vector<index>{0, 1, 3, 4, 5, 2});  // a tie of the second is as the first has it
  CHECK(ranking_of(cascade_hybrid{first, second}) == std::vector<index>{0, 1, 3, 4, 5, 2});
  const auto scores = scores_of(cascade_hybrid{{.candidates = 2}, first, second}, 0);
  CHECK(scores[4] == 60);  // the scores are still those of the first
  CHECK(scores[5] == doctest::Approx(50));
  CHECK(scores[0] == 10);
}

TEST_CASE("a cascade predicts what its second model does") {
  const cascade_hybrid hybrid{row({1, 2}), row({3, 4})};
  CHECK(hybrid.predict(0, 1) == 4);
  CHECK(hybrid.num_users() == 1);
  CHECK(hybrid.num_items() == 2);
}

TEST_CASE("what a user has rated takes no candidate's place and keeps its score") {
  const rating_table first = row({10, 20, 30, 40, 50, 60});
  const rating_table second = row({1, 5, 4, 3, 2, 1});
  cascade_hybrid hybrid{{.candidates = 2}, first, second};
  hybrid.fit_seen(ratings_of_table(first, [](index, index i) { return i == 5 || i == 3; }));
  const auto scores = scores_of(hybrid, 0);
  CHECK(scores[5] == 60);
  CHECK(scores[3] == 40);
  CHECK(ranking(scores) == std::vector<index>{5, 2, 3, 4, 1, 0});
}

TEST_CASE("a cascade is a sort by candidate, second and first, however many ties there are") {
  constexpr index users = 30;
  constexpr index items = 40;
  const rating_table first = tied(users, items, 1);
  const rating_table second = tied(users, items, 2);
  const dataset train =
      ratings_of_table(first, [](index u, index i) { return (u + 3 * i) % 7 == 0; });
  for (const int count : {1, 7, 39, 1000}) {
    cascade_hybrid hybrid{{.candidates = count}, first, second};
    hybrid.fit_seen(train);
    for (index u = 0; u < users; ++u) {
      std::vector<index> expected = ranking_of(first, u);
      const auto seen = train.by_user(u).indices();
      std::erase_if(expected,
                    [&](index i) { return std::binary_search(seen.begin(), seen.end(), i); });
      const auto end = expected.begin() + std::min<std::ptrdiff_t>(count, std::ssize(expected));
      std::stable_sort(expected.begin(), end, [&](index a, index b) {
        return second.predict(u, a) > second.predict(u, b);
      });
      std::vector<index> got = ranking_of(hybrid, u);
      std::erase_if(got, [&](index i) { return std::binary_search(seen.begin(), seen.end(), i); });
      CHECK(got == expected);
    }
  }
}

TEST_CASE("scores that are not finite do no harm") {
  const rating_table odd = row({-infinity, infinity, 3, not_a_number, 0, -infinity});
  const rating_table second = row({not_a_number, 1, infinity, 5, not_a_number, 2});
  const auto scores = scores_of(cascade_hybrid{{.candidates = 4}, odd, second}, 0);
  CHECK(std::isnan(scores[3]));  // was no candidate
  CHECK(scores[2] > scores[1]);
  CHECK(scores[1] > scores[4]);
  CHECK(scores[4] > scores[0]);
  CHECK(scores[0] > scores[5]);
  CHECK(scores[5] == -infinity);
}

TEST_CASE("a cascade of no items scores nothing") {
  const rating_table empty;
  const cascade_hybrid hybrid{empty, empty};
  CHECK(scores_of(hybrid, 0).empty());
}

TEST_CASE("a cascade beats its first model where the second knows the candidates better") {
  constexpr index users = 50;
  constexpr index items = 200;
  const rating_table truth = noisy(table_of(users, items, [](index, index) { return 0; }), 1, 1);
  const rating_table rough = noisy(truth, 1, 2);
  // The second is right about what is good and at sea about the rest.
  const rating_table noise = noisy(truth, 3, 3);
  const rating_table picky = table_of(users, items, [&](index u, index i) {
    return (rough.predict(u, i) > 1 ? truth : noise).predict(u, i);
  });
  const dataset train = nothing_seen(users, items);
  const dataset liked =
      ratings_of_table(truth, [&](index u, index i) { return truth.predict(u, i) > 1.5; });
  const auto ndcg = [&](const auto& model) {
    return evaluate_ranking(model, train, liked, {.at = {10}}).at(10).ndcg;
  };
  const cascade_hybrid hybrid{{.candidates = 30}, rough, picky};
  CHECK(ndcg(hybrid) > ndcg(rough) + 0.05);
  CHECK(ndcg(hybrid) > ndcg(picky) + 0.05);
}

TEST_CASE("fitting a cascade fits both models and learns who rated what") {
  const dataset train = test::random_dataset(2000, 60, 40, 3);
  cascade_hybrid hybrid{{.candidates = 5}, popularity_model{}, baseline_model{}};
  hybrid.fit(train);
  popularity_model popularity;
  popularity.fit(train);
  baseline_model baseline;
  baseline.fit(train);
  cascade_hybrid expected{{.candidates = 5}, popularity, baseline};
  expected.fit_seen(train);
  for (index u = -1; u <= 60; ++u) CHECK(scores_of(hybrid, u) == scores_of(expected, u));
  CHECK(scores_of(hybrid, 3) != scores_of(popularity, 3));
}

TEST_CASE("a cascade refuses what does not fit") {
  const rating_table table = row({1, 2, 3});
  CHECK_THROWS_AS((cascade_hybrid{table, baseline_model{}}), data_error);
  CHECK_THROWS_AS((cascade_hybrid{{.candidates = 0}, table, table}), option_error);
  CHECK_THROWS_AS((cascade_hybrid{{.candidates = 1001}, table, table}), option_error);
  cascade_hybrid hybrid{table, table};
  CHECK_THROWS_AS(hybrid.fit_seen(nothing_seen(1, 4)), data_error);
  CHECK_THROWS_AS(hybrid.fit_seen(nothing_seen(2, 3)), data_error);
}

}  // namespace kindred::cascade_hybrid_test
