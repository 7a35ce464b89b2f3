#include <doctest/doctest.h>

#include <kindred/evaluate/detail/negative_sample.hpp>
#include <kindred/evaluate/evaluate_ranking.hpp>

#include "ranking_scenario.hpp"

#include <algorithm>
#include <set>
#include <vector>

namespace kindred::negative_sample_test {

namespace {

using kindred::index;
using kindred::ranking_metrics;
using kindred::ranking_options;
using kindred::test::interactions;
using kindred::test::random_scenario;
using kindred::test::scenario;
using kindred::test::table_model;

std::vector<index> sample(index user, index wanted, std::uint64_t seed) {
  std::vector<index> drawn;
  kindred::detail::sample_negatives(user, 20, std::vector<index>{0, 5, 9},
                                    std::vector<index>{1, 19}, wanted, seed, drawn);
  return drawn;
}

}  // namespace

TEST_CASE("a sample has different items that are neither seen nor relevant") {
  for (index user = 0; user < 50; ++user) {
    const std::vector<index> drawn = sample(user, 6, 1);
    const std::set<index> different(drawn.begin(), drawn.end());
    CHECK(different.size() == 6);
    for (const index excluded : {0, 1, 5, 9, 19}) CHECK_FALSE(different.contains(excluded));
  }
  CHECK(sample(0, 100, 1).size() == 15);  // all there are
  CHECK(sample(3, 6, 1) == sample(3, 6, 1));
  CHECK(sample(3, 6, 1) != sample(3, 6, 2));
  CHECK(sample(3, 6, 1) != sample(4, 6, 1));
}

TEST_CASE("every item is as likely to be in a sample") {
  std::vector<double> drawn(20);
  for (index user = 0; user < 6000; ++user)
    for (const index item : sample(user, 5, 2)) ++drawn[static_cast<std::size_t>(item)];
  for (const index item : {2, 3, 4, 6, 7, 8, 10, 18})  // a third of the users each
    CHECK(drawn[static_cast<std::size_t>(item)] == doctest::Approx(2000).epsilon(0.08));
}

TEST_CASE("evaluation with as many negatives as there are is exact, and labelled as sampled") {
  const scenario s = random_scenario(60, 40, 3);
  const ranking_metrics exact = evaluate_ranking(s.model, s.train, s.test);
  const ranking_metrics sampled =
      evaluate_ranking(s.model, s.train, s.test, {.sampled_negatives = 40});
  CHECK(exact.sampled_negatives == 0);
  CHECK(sampled.sampled_negatives == 40);
  CHECK(sampled.auc == exact.auc);
  for (const index k : {10, 20, 100}) {
    CHECK(sampled.at(k).ndcg == exact.at(k).ndcg);
    CHECK(sampled.at(k).partial_auc == exact.at(k).partial_auc);
    CHECK(sampled.at(k).novelty == exact.at(k).novelty);
    CHECK(sampled.at(k).gini == exact.at(k).gini);
  }
}

TEST_CASE("one relevant item of middling rank is a hit as often as the sample leaves it one") {
  // 101 items with scores by index: item 60 has 40 better and 60 worse ones.
  constexpr index users = 4000;
  table_model model;
  kindred::test::pairs test;
  for (index u = 0; u < users; ++u) {
    auto& row = model.table.emplace_back();
    for (index i = 0; i <= 100; ++i) row.push_back(static_cast<float>(i));
    test.emplace_back(u, 60);
  }
  const ranking_metrics metrics =
      evaluate_ranking(model, interactions(users, 101, {}), interactions(users, 101, test),
                       {.at = {1}, .sampled_negatives = 2});
  CHECK(metrics.at(1).hit_rate == doctest::Approx(60.0 / 100 * 59 / 99).epsilon(0.07));
  CHECK(metrics.auc == doctest::Approx(0.6).epsilon(0.04));  // the AUC is not biased
}

TEST_CASE("sampled metrics depend on the seed, and on no number of threads") {
  const scenario s = random_scenario(300, 50, 4);
  const auto evaluate = [&] {
    return evaluate_ranking(s.model, s.train, s.test, {.at = {3}, .sampled_negatives = 10});
  };
  const ranking_metrics one = kindred::test::on_threads(1, evaluate);
  for (const int threads : {2, 8}) {
    const ranking_metrics other = kindred::test::on_threads(threads, evaluate);
    CHECK(other.auc == one.auc);
    CHECK(other.at(3).ndcg == one.at(3).ndcg);
    CHECK(other.at(3).coverage == one.at(3).coverage);
  }
  const auto reseeded =
      evaluate_ranking(s.model, s.train, s.test, {.at = {3}, .sampled_negatives = 10, .seed = 1});
  CHECK(reseeded.at(3).ndcg != one.at(3).ndcg);
}

}  // namespace kindred::negative_sample_test
