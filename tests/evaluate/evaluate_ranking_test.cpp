#include <doctest/doctest.h>

#include <kindred/core/random.hpp>
#include <kindred/evaluate/evaluate_ranking.hpp>

#include "../data/support.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>
#include <span>
#include <utility>
#include <vector>

namespace kindred::evaluate_ranking_test {

namespace {

using kindred::dataset;
using kindred::index;
using kindred::ranking_cutoff;
using kindred::ranking_metrics;
using kindred::ranking_options;
using kindred::unknown_index;

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

/// Scores from a table, a row a user.
struct table_model {
  std::vector<std::vector<float>> table;

  [[nodiscard]] index num_users() const { return static_cast<index>(table.size()); }
  [[nodiscard]] index num_items() const { return static_cast<index>(table.front().size()); }
  void score(index u, std::span<float> scores) const noexcept {
    std::ranges::copy(table[static_cast<std::size_t>(u)], scores.begin());
  }
};

using pairs = std::vector<std::pair<index, index>>;

dataset interactions(index users, index items, const pairs& of, std::vector<float> values = {}) {
  std::vector<index> u;
  std::vector<index> i;
  for (const auto& [user, item] : of) {
    u.push_back(user);
    i.push_back(item);
  }
  values.resize(of.size(), 1.0F);
  return kindred::make_dataset(kindred::test::numbered_ids(users),
                               kindred::test::numbered_ids(items), u, i, values);
}

struct scenario {
  table_model model;
  dataset train;
  dataset test;
};

/// Scores of few values, so that ties abound; every eighth pair in train, every eighth in test; the
/// last user has no test item.
scenario random_scenario(index users, index items, std::uint64_t seed) {
  const kindred::counter_rng rng(seed);
  scenario made;
  pairs train;
  pairs test;
  std::vector<float> test_values;
  std::uint64_t draw = 0;
  for (index u = 0; u < users; ++u) {
    std::vector<float>& row = made.model.table.emplace_back();
    for (index i = 0; i < items; ++i) {
      row.push_back(0.25F * static_cast<float>(rng.below(draw++, 12)) - 1);
      if (rng.below(draw++, 50) == 0) row.back() = -infinity;
      const auto part = rng.below(draw++, 8);
      if (part == 0) train.emplace_back(u, i);
      if (part != 1 || u == users - 1) continue;
      test.emplace_back(u, i);
      test_values.push_back(static_cast<float>(1 + rng.below(draw++, 5)));
    }
  }
  made.train = interactions(users, items, train);
  made.test = interactions(users, items, test, test_values);
  return made;
}

bool has(const dataset& data, index user, index item) {
  const auto items = data.by_user(user).indices();
  return std::find(items.begin(), items.end(), item) != items.end();
}

/// One user by the definitions: the whole ranking, and all pairs.
struct judged_user {
  std::vector<index> ranking;
  std::set<index> relevant;
  double auc = 0;

  judged_user(const scenario& s, index user, float relevant_from) {
    for (const auto& [item, value] : s.test.by_user(user))
      if (value >= relevant_from) relevant.insert(item);
    const auto& scores = s.model.table[static_cast<std::size_t>(user)];
    const auto score = [&](index i) { return scores[static_cast<std::size_t>(i)]; };
    for (index i = 0; i < s.model.num_items(); ++i)
      if (!has(s.train, user, i)) ranking.push_back(i);
    std::stable_sort(ranking.begin(), ranking.end(),
                     [&](index a, index b) { return score(a) > score(b); });
    double won = 0;
    double met = 0;
    for (const index r : relevant)
      for (const index other : ranking) {
        if (relevant.count(other) > 0) continue;
        ++met;
        won += score(r) > score(other) ? 1 : score(r) == score(other) ? 0.5 : 0;
      }
    auc = won / met;
  }

  [[nodiscard]] bool hit(std::size_t rank) const { return relevant.count(ranking[rank - 1]) > 0; }

  void add_to(ranking_cutoff& sum) const {
    const auto k = static_cast<std::size_t>(sum.k);
    double hits = 0;
    double precisions = 0;
    double dcg = 0;
    double ideal = 0;
    for (std::size_t rank = 1; rank <= std::min(k, ranking.size()); ++rank) {
      if (rank <= relevant.size()) ideal += 1 / std::log2(static_cast<double>(rank) + 1);
      if (!hit(rank)) continue;
      ++hits;
      precisions += hits / static_cast<double>(rank);
      dcg += 1 / std::log2(static_cast<double>(rank) + 1);
      if (hits == 1) sum.mrr += 1 / static_cast<double>(rank);
    }
    sum.precision += hits / static_cast<double>(k);
    sum.recall += hits / static_cast<double>(relevant.size());
    sum.hit_rate += hits > 0 ? 1 : 0;
    sum.map += precisions / static_cast<double>(std::min(relevant.size(), k));
    sum.ndcg += dcg / ideal;
  }
};

ranking_metrics by_definition(const scenario& s, const std::vector<index>& at,
                              float relevant_from) {
  std::vector<judged_user> users;
  for (index u = 0; u < s.test.num_users(); ++u) {
    judged_user user(s, u, relevant_from);
    if (!user.relevant.empty()) users.push_back(std::move(user));
  }
  ranking_metrics result;
  result.users = users.size();
  const auto n = static_cast<double>(users.size());
  for (const judged_user& user : users) result.auc += user.auc / n;
  for (const index k : at) {
    ranking_cutoff sum{.k = k};
    std::set<index> recommended;
    for (const judged_user& user : users) {
      user.add_to(sum);
      for (std::size_t r = 0; r < std::min(user.ranking.size(), static_cast<std::size_t>(k)); ++r)
        recommended.insert(user.ranking[r]);
    }
    result.cutoffs.push_back({k, sum.precision / n, sum.recall / n, sum.hit_rate / n, sum.map / n,
                              sum.mrr / n, sum.ndcg / n,
                              static_cast<double>(recommended.size()) / s.model.num_items()});
  }
  return result;
}

void check_same(const ranking_metrics& got, const ranking_metrics& expected) {
  const auto about = [](double x) { return doctest::Approx(x).epsilon(1e-12); };
  CHECK(got.users == expected.users);
  CHECK(got.auc == about(expected.auc));
  REQUIRE(got.cutoffs.size() == expected.cutoffs.size());
  for (std::size_t c = 0; c < got.cutoffs.size(); ++c) {
    const ranking_cutoff& a = got.cutoffs[c];
    const ranking_cutoff& b = expected.cutoffs[c];
    CAPTURE(b.k);
    CHECK(a.k == b.k);
    CHECK(a.precision == about(b.precision));
    CHECK(a.recall == about(b.recall));
    CHECK(a.hit_rate == about(b.hit_rate));
    CHECK(a.map == about(b.map));
    CHECK(a.mrr == about(b.mrr));
    CHECK(a.ndcg == about(b.ndcg));
    CHECK(a.coverage == about(b.coverage));
  }
}

bool same_bits(const ranking_metrics& a, const ranking_metrics& b) {
  const auto equal = [](const ranking_cutoff& x, const ranking_cutoff& y) {
    return x.k == y.k && x.precision == y.precision && x.recall == y.recall &&
           x.hit_rate == y.hit_rate && x.map == y.map && x.mrr == y.mrr && x.ndcg == y.ndcg &&
           x.coverage == y.coverage;
  };
  return a.users == b.users && a.auc == b.auc &&
         std::equal(a.cutoffs.begin(), a.cutoffs.end(), b.cutoffs.begin(), b.cutoffs.end(), equal);
}

}  // namespace

TEST_CASE("ranking of a case worked by hand") {
  const table_model model{{{9, 5, 7, 1, 3}}};
  const dataset train = interactions(1, 5, {{0, 0}});         // item 0 would be first
  const dataset test = interactions(1, 5, {{0, 1}, {0, 4}});  // ranking: 2, 1, 4, 3
  const ranking_metrics metrics = evaluate_ranking(model, train, test, {.at = {1, 2, 5}});
  CHECK(metrics.users == 1);
  CHECK(metrics.auc == doctest::Approx((1 + 1) / 4.0));  // 1 and 4 beat item 3, lose to item 2
  CHECK(metrics.at(1).hit_rate == 0);
  CHECK(metrics.at(1).coverage == doctest::Approx(1.0 / 5));
  CHECK(metrics.at(2).precision == doctest::Approx(1.0 / 2));
  CHECK(metrics.at(2).recall == doctest::Approx(1.0 / 2));
  CHECK(metrics.at(2).mrr == doctest::Approx(1.0 / 2));
  CHECK(metrics.at(5).precision == doctest::Approx(2.0 / 5));
  CHECK(metrics.at(5).map == doctest::Approx((1.0 / 2 + 2.0 / 3) / 2));
  CHECK(metrics.at(5).ndcg ==
        doctest::Approx((1 / std::log2(3.0) + 1 / std::log2(4.0)) / (1 + 1 / std::log2(3.0))));
  CHECK(metrics.at(5).coverage == doctest::Approx(4.0 / 5));
}

TEST_CASE("ranking metrics equal their definitions on random scores full of ties") {
  struct shape {
    kindred::index users;
    kindred::index items;
  };
  for (const shape size : {shape{1, 31}, shape{97, 43}, shape{20, 8}}) {
    CAPTURE(size.users);
    const scenario s = random_scenario(size.users + 1, size.items, 3);
    const std::vector<kindred::index> at = {5, 1, 10, size.items, 3 * size.items};
    check_same(evaluate_ranking(s.model, s.train, s.test, {.at = at}),
               by_definition(s, at, -infinity));
    check_same(evaluate_ranking(s.model, s.train, s.test, {.at = at, .relevant_from = 3}),
               by_definition(s, at, 3));
  }
}

TEST_CASE("a monotone change of the scores changes nothing") {
  scenario s = random_scenario(50, 40, 4);
  const ranking_metrics before = evaluate_ranking(s.model, s.train, s.test);
  for (auto& row : s.model.table)
    for (float& score : row) score = std::exp(2 * score) - 7;
  CHECK(same_bits(evaluate_ranking(s.model, s.train, s.test), before));
}

TEST_CASE("scores of what the user has in train change nothing") {
  scenario s = random_scenario(50, 40, 5);
  const ranking_metrics before = evaluate_ranking(s.model, s.train, s.test);
  for (kindred::index u = 0; u < 50; ++u)
    for (const kindred::index i : s.train.by_user(u).indices())
      s.model.table[static_cast<std::size_t>(u)][static_cast<std::size_t>(i)] = infinity;
  CHECK(same_bits(evaluate_ranking(s.model, s.train, s.test), before));
}

TEST_CASE("a perfect model is perfect, its opposite the worst") {
  scenario s = random_scenario(30, 64, 6);
  for (kindred::index u = 0; u < 30; ++u)
    for (kindred::index i = 0; i < 64; ++i)
      s.model.table[static_cast<std::size_t>(u)][static_cast<std::size_t>(i)] =
          has(s.test, u, i) ? 1.0F : 0.0F;
  const ranking_metrics best = evaluate_ranking(s.model, s.train, s.test, {.at = {1, 64}});
  CHECK(best.auc == 1);
  CHECK(best.at(1).ndcg == 1);
  CHECK(best.at(64).recall == 1);
  CHECK(best.at(64).map == doctest::Approx(1));
  CHECK(best.at(64).ndcg == doctest::Approx(1));
  for (auto& row : s.model.table)
    for (float& score : row) score = -score;
  const ranking_metrics worst = evaluate_ranking(s.model, s.train, s.test, {.at = {1}});
  CHECK(worst.auc == 0);
  CHECK(worst.at(1).hit_rate == 0);
}

TEST_CASE("equal scores rank by lower index and are worth half in the AUC") {
  const table_model model{{{1, 1, 1, 1}}};
  const dataset train = interactions(1, 4, {});
  CHECK(evaluate_ranking(model, train, interactions(1, 4, {{0, 0}}), {.at = {1}}).at(1).recall ==
        1);
  CHECK(evaluate_ranking(model, train, interactions(1, 4, {{0, 1}}), {.at = {1}}).at(1).recall ==
        0);
  CHECK(evaluate_ranking(model, train, interactions(1, 4, {{0, 3}})).auc == 0.5);
}

TEST_CASE("a score of NaN counts as minus infinity") {
  scenario s = random_scenario(40, 30, 7);
  for (auto& row : s.model.table)
    for (std::size_t i = 0; i < row.size(); i += 3) row[i] = -infinity;
  const ranking_metrics expected = evaluate_ranking(s.model, s.train, s.test);
  for (auto& row : s.model.table)
    for (std::size_t i = 0; i < row.size(); i += 3) row[i] = not_a_number;
  CHECK(same_bits(evaluate_ranking(s.model, s.train, s.test), expected));
}

TEST_CASE("a pair in both parts is neither candidate nor relevant") {
  const table_model model{{{3, 2, 1}}};
  const dataset train = interactions(1, 3, {{0, 0}});
  const dataset test = interactions(1, 3, {{0, 0}, {0, 1}});
  const ranking_metrics metrics = evaluate_ranking(model, train, test, {.at = {1, 3}});
  CHECK(metrics.at(1).recall == 1);
  CHECK(metrics.at(3).precision == doctest::Approx(1.0 / 3));
}

TEST_CASE("the AUC leaves out users to whom every candidate is relevant") {
  const table_model model{{{3, 2}, {1, 2}}};
  const dataset train = interactions(2, 2, {{0, 0}});
  const auto both = evaluate_ranking(model, train, interactions(2, 2, {{0, 1}, {1, 0}}));
  CHECK(both.users == 2);
  CHECK(both.auc == 0);
  const auto first = evaluate_ranking(model, train, interactions(2, 2, {{0, 1}}));
  CHECK(first.users == 1);
  CHECK(std::isnan(first.auc));
}

TEST_CASE("ranking metrics have the same bits on any number of threads") {
  const scenario s = random_scenario(500, 60, 8);
  const auto evaluate = [&] { return evaluate_ranking(s.model, s.train, s.test, {.at = {3, 20}}); };
  const ranking_metrics one = kindred::test::on_threads(1, evaluate);
  CHECK(same_bits(kindred::test::on_threads(2, evaluate), one));
  CHECK(same_bits(kindred::test::on_threads(8, evaluate), one));
}

TEST_CASE("ranking refuses cutoffs and thresholds out of range") {
  const scenario s = random_scenario(5, 20, 9);
  for (const auto& at : std::vector<std::vector<kindred::index>>{{}, {0}, {10, -1}})
    CHECK_THROWS_AS((void)evaluate_ranking(s.model, s.train, s.test, {.at = at}),
                    kindred::option_error);
  CHECK_THROWS_AS((void)evaluate_ranking(s.model, s.train, s.test, {.relevant_from = not_a_number}),
                  kindred::option_error);
}

TEST_CASE("ranking refuses parts that do not fit each other, or no user to judge") {
  const scenario s = random_scenario(5, 20, 9);
  const auto refused = [&](const dataset& train, const dataset& test) {
    CHECK_THROWS_AS((void)evaluate_ranking(s.model, train, test), kindred::data_error);
  };
  refused(s.train, interactions(5, 21, {{0, 20}}));
  refused(interactions(5, 19, {}), s.test);
  refused(interactions(4, 20, {}), s.test);
  refused(s.train, interactions(5, 20, {}));
  CHECK_THROWS_AS((void)evaluate_ranking(s.model, s.train, s.test, {.relevant_from = 6}),
                  kindred::data_error);
}

}  // namespace kindred::evaluate_ranking_test
