#include <doctest/doctest.h>

#include <kindred/evaluate/evaluate_ranking.hpp>

#include "ranking_scenario.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <numeric>
#include <set>
#include <utility>
#include <vector>

namespace kindred::evaluate_ranking_test {

namespace {

using kindred::dataset;
using kindred::index;
using kindred::ranking_cutoff;
using kindred::ranking_metrics;
using kindred::ranking_options;
using kindred::user_metrics;

using kindred::test::has;
using kindred::test::infinity;
using kindred::test::interactions;
using kindred::test::not_a_number;
using kindred::test::pairs;
using kindred::test::random_scenario;
using kindred::test::scenario;
using kindred::test::table_model;

struct metric_member {
  const char* name;
  double ranking_cutoff::*of;
};
constexpr metric_member metric_members[] = {{"precision", &ranking_cutoff::precision},
                                            {"recall", &ranking_cutoff::recall},
                                            {"f_beta", &ranking_cutoff::f_beta},
                                            {"hit_rate", &ranking_cutoff::hit_rate},
                                            {"map", &ranking_cutoff::map},
                                            {"mrr", &ranking_cutoff::mrr},
                                            {"ndcg", &ranking_cutoff::ndcg},
                                            {"partial_auc", &ranking_cutoff::partial_auc},
                                            {"novelty", &ranking_cutoff::novelty},
                                            {"popularity", &ranking_cutoff::popularity},
                                            {"serendipity", &ranking_cutoff::serendipity},
                                            {"diversity", &ranking_cutoff::diversity},
                                            {"coverage", &ranking_cutoff::coverage},
                                            {"gini", &ranking_cutoff::gini}};

double unlike(index a, index b) { return std::abs(std::sqrt(1.0 + a) - std::sqrt(1.0 + b)); }

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

  [[nodiscard]] std::vector<index> list(index k) const {
    return {ranking.begin(), ranking.begin() + std::min<std::ptrdiff_t>(k, std::ssize(ranking))};
  }

  void add_accuracy(ranking_cutoff& sum) const {
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
    const double precision = hits / static_cast<double>(k);
    const double recall = hits / static_cast<double>(relevant.size());
    sum.precision += precision;
    sum.recall += recall;
    sum.f_beta += hits == 0 ? 0 : 5 * precision * recall / (4 * precision + recall);  // beta = 2
    sum.hit_rate += hits > 0 ? 1 : 0;
    sum.map += precisions / static_cast<double>(std::min(relevant.size(), k));
    sum.ndcg += dcg / ideal;
    sum.partial_auc += partial_auc(sum.k);
  }

  [[nodiscard]] double partial_auc(index k) const {
    double won = 0;
    double met = 0;
    index irrelevant = 0;
    for (std::size_t low = 1; low <= ranking.size() && irrelevant < k; ++low) {
      if (hit(low)) continue;
      ++irrelevant;
      met += static_cast<double>(relevant.size());
      for (std::size_t high = 1; high < low; ++high) won += hit(high) ? 1 : 0;
    }
    return met == 0 ? 1 : won / met;
  }

  void add_beyond(ranking_cutoff& sum, const scenario& s) const {
    const double items = s.model.num_items();
    const auto popular = [&](index i) { return static_cast<index>(s.train.by_item(i).size()); };
    std::set<index, std::greater<>> counts;
    for (index i = 0; i < s.model.num_items(); ++i) counts.insert(popular(i));
    index users = 0;
    for (index u = 0; u < s.train.num_users(); ++u) users += s.train.by_user(u).empty() ? 0 : 1;

    const std::vector<index> shown = list(sum.k);
    const auto n = static_cast<double>(shown.size());
    double apart = 0;
    for (std::size_t r = 0; r < shown.size(); ++r) {
      const index count = popular(shown[r]);
      sum.popularity += count / n;
      sum.novelty -= std::log2(std::max(1.0, 1.0 * count) / users) / n;
      const auto place = std::distance(counts.begin(), counts.find(count)) + 1;
      const double anyone = count == 0 ? 0 : (items + 1 - static_cast<double>(place)) / items;
      const double here = (items - static_cast<double>(r)) / items;
      if (hit(r + 1)) sum.serendipity += std::max(0.0, here - anyone) / n;
      for (const index other : shown) apart += unlike(shown[r], other);
    }
    sum.diversity += n > 1 ? apart / (n * (n - 1)) : 0;
  }
};

/// Coverage, and Gini as half the relative mean difference, over pairs of different items.
void judge_lists(ranking_cutoff& cutoff, const std::vector<judged_user>& users, index items) {
  std::vector<double> shown(static_cast<std::size_t>(items));
  for (const judged_user& user : users)
    for (const index item : user.list(cutoff.k)) ++shown[static_cast<std::size_t>(item)];
  double differences = 0;
  double total = 0;
  for (const double x : shown) {
    total += x;
    cutoff.coverage += x > 0 ? 1.0 / items : 0;
    for (const double y : shown) differences += std::abs(x - y);
  }
  cutoff.gini = differences / (2 * (items - 1) * total);
}

/// With beta = 2 and unlike() as the distance.
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
    for (const judged_user& user : users) {
      user.add_accuracy(sum);
      user.add_beyond(sum, s);
    }
    for (const metric_member& metric : metric_members) sum.*metric.of /= n;
    judge_lists(sum, users, s.model.num_items());
    result.cutoffs.push_back(sum);
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
    for (const metric_member& metric : metric_members) {
      CAPTURE(metric.name);
      CHECK(a.*metric.of == about(b.*metric.of));
    }
  }
}

bool same_bits(const ranking_metrics& a, const ranking_metrics& b) {
  const auto equal = [](const ranking_cutoff& x, const ranking_cutoff& y) {
    return x.k == y.k && std::ranges::all_of(metric_members, [&](const metric_member& metric) {
             return std::bit_cast<std::uint64_t>(x.*metric.of) ==
                    std::bit_cast<std::uint64_t>(y.*metric.of);
           });
  };
  return a.users == b.users && a.auc == b.auc && std::ranges::equal(a.cutoffs, b.cutoffs, equal) &&
         std::ranges::equal(a.by_user, b.by_user, [&](const auto& x, const auto& y) {
           return x.user == y.user && std::ranges::equal(x.cutoffs, y.cutoffs, equal);
         });
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
    ranking_options options{.at = at, .beta = 2, .distance = unlike};
    check_same(evaluate_ranking(s.model, s.train, s.test, options),
               by_definition(s, at, -infinity));
    options.relevant_from = 3;
    check_same(evaluate_ranking(s.model, s.train, s.test, options), by_definition(s, at, 3));
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
  const ranking_options options{.at = {3, 20}, .distance = unlike, .keep_users = true};
  const auto evaluate = [&] { return evaluate_ranking(s.model, s.train, s.test, options); };
  const ranking_metrics one = kindred::test::on_threads(1, evaluate);
  CHECK(same_bits(kindred::test::on_threads(2, evaluate), one));
  CHECK(same_bits(kindred::test::on_threads(8, evaluate), one));
}

TEST_CASE("the metrics of single users are those of an evaluation of each alone") {
  const scenario s = random_scenario(40, 30, 10);
  ranking_options options{.at = {20, 3}, .distance = unlike, .keep_users = true};
  const ranking_metrics all = evaluate_ranking(s.model, s.train, s.test, options);
  REQUIRE(all.by_user.size() == all.users);
  CHECK(std::ranges::is_sorted(all.by_user, {}, &user_metrics::user));
  for (const user_metrics& one : all.by_user) {
    pairs of_one;
    for (const index item : s.test.by_user(one.user).indices()) of_one.emplace_back(one.user, item);
    const auto alone = evaluate_ranking(s.model, s.train, interactions(40, 30, of_one), options);
    REQUIRE(alone.users == 1);
    CHECK(one.auc == alone.auc);
    for (const index k : options.at)
      for (const metric_member& metric : metric_members)
        if (metric.of != &ranking_cutoff::coverage && metric.of != &ranking_cutoff::gini)
          CHECK(one.at(k).*metric.of == alone.at(k).*metric.of);
  }
  const std::vector<double> recalls = all.values(&ranking_cutoff::recall, 3);
  CHECK(std::accumulate(recalls.begin(), recalls.end(), 0.0) / static_cast<double>(all.users) ==
        doctest::Approx(all.at(3).recall));
  options.keep_users = false;
  CHECK(evaluate_ranking(s.model, s.train, s.test, options).by_user.empty());
}

TEST_CASE("there is no diversity without a distance") {
  const scenario s = random_scenario(10, 20, 11);
  CHECK(std::isnan(evaluate_ranking(s.model, s.train, s.test).at(10).diversity));
}

TEST_CASE("partial AUC over all irrelevant items is the AUC where scores differ") {
  scenario s = random_scenario(40, 30, 12);
  for (auto& row : s.model.table)
    for (std::size_t i = 0; i < row.size(); ++i)
      row[i] =
          static_cast<float>((i * 7 + static_cast<std::size_t>(&row - s.model.table.data())) % 31);
  const ranking_metrics metrics = evaluate_ranking(s.model, s.train, s.test, {.at = {1000}});
  CHECK(metrics.at(1000).partial_auc == doctest::Approx(metrics.auc));
}

TEST_CASE("ranking refuses cutoffs and thresholds out of range") {
  const scenario s = random_scenario(5, 20, 9);
  for (const auto& at : std::vector<std::vector<kindred::index>>{{}, {0}, {10, -1}})
    CHECK_THROWS_AS((void)evaluate_ranking(s.model, s.train, s.test, {.at = at}),
                    kindred::option_error);
  const auto refused = [&](const ranking_options& options) {
    CHECK_THROWS_AS((void)evaluate_ranking(s.model, s.train, s.test, options),
                    kindred::option_error);
  };
  refused({.relevant_from = not_a_number});
  refused({.beta = 0});
  refused({.beta = static_cast<double>(not_a_number)});
  refused({.sampled_negatives = -1});
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
