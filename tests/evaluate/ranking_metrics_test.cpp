#include <doctest/doctest.h>

#include <kindred/evaluate/auc.hpp>
#include <kindred/evaluate/ranking_metrics.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

namespace kindred::ranking_metrics_test {

namespace {

using kindred::index;
using kindred::user_ranking;

double auc_of(const std::vector<float>& relevant, const std::vector<float>& candidates) {
  kindred::auc_counter counter;
  counter.start(relevant);
  counter.add(candidates);
  REQUIRE(counter.defined());
  return counter.value();
}

}  // namespace

TEST_CASE("ranking metrics of a case worked by hand") {
  // Hits at ranks 2, 3 and 6 of four relevant items.
  const std::vector<index> hits = {2, 3, 6};
  const user_ranking user{hits, 4};
  CHECK(hits_at(user, 1) == 0);
  CHECK(hits_at(user, 5) == 2);
  CHECK(hits_at(user, 6) == 3);

  CHECK(precision_at(user, 5) == doctest::Approx(2.0 / 5));
  CHECK(recall_at(user, 5) == doctest::Approx(2.0 / 4));
  CHECK(hit_rate_at(user, 1) == 0);
  CHECK(hit_rate_at(user, 2) == 1);
  CHECK(reciprocal_rank_at(user, 1) == 0);
  CHECK(reciprocal_rank_at(user, 5) == doctest::Approx(1.0 / 2));
  CHECK(average_precision_at(user, 2) == doctest::Approx((1.0 / 2) / 2));
  CHECK(average_precision_at(user, 10) == doctest::Approx((1.0 / 2 + 2.0 / 3 + 3.0 / 6) / 4));

  const double dcg = 1 / std::log2(3.0) + 1 / std::log2(4.0);
  const double ideal_of_three = 1 + 1 / std::log2(3.0) + 1 / std::log2(4.0);
  CHECK(ndcg_at(user, 1) == 0);
  CHECK(ndcg_at(user, 3) == doctest::Approx(dcg / ideal_of_three));
  CHECK(ndcg_at(user, 10) ==
        doctest::Approx((dcg + 1 / std::log2(7.0)) / (ideal_of_three + 1 / std::log2(5.0))));
}

TEST_CASE("ranking metrics agree with the examples that RecTools documents") {
  // Its user 3: ranks 1, 3 and 4 of three relevant items; at k = 3 the definitions agree.
  const std::vector<index> hits = {1, 3, 4};
  const user_ranking user{hits, 3};
  CHECK(average_precision_at(user, 3) == doctest::Approx(0.55555556));
  CHECK(ndcg_at(user, 3) == doctest::Approx(0.70391809));
  CHECK(average_precision_at(user, 1) == 1);  // its divide_by_k: one hit was to be had
}

TEST_CASE("a perfect ranking has the best of every metric") {
  const std::vector<index> hits = {1, 2, 3};
  for (const index k : {1, 2, 3, 4, 100}) {
    const user_ranking user{hits, 3};
    CHECK(precision_at(user, k) == doctest::Approx(std::min(3.0, 1.0 * k) / k));
    CHECK(recall_at(user, k) == doctest::Approx(std::min(3.0, 1.0 * k) / 3));
    CHECK(hit_rate_at(user, k) == 1);
    CHECK(reciprocal_rank_at(user, k) == 1);
    CHECK(average_precision_at(user, k) == doctest::Approx(1));
    CHECK(ndcg_at(user, k) == doctest::Approx(1));
  }
}

TEST_CASE("a ranking without hits has none of any metric") {
  const user_ranking user{{}, 3};
  CHECK(precision_at(user, 5) == 0);
  CHECK(recall_at(user, 5) == 0);
  CHECK(hit_rate_at(user, 5) == 0);
  CHECK(reciprocal_rank_at(user, 5) == 0);
  CHECK(average_precision_at(user, 5) == 0);
  CHECK(ndcg_at(user, 5) == 0);
}

TEST_CASE("metrics are looked up by their cutoff") {
  kindred::ranking_metrics metrics;
  metrics.cutoffs = {{.k = 10, .recall = 0.5}, {.k = 20, .recall = 0.75}};
  CHECK(metrics.at(20).recall == 0.75);
  CHECK_THROWS_WITH_AS((void)metrics.at(5), "option at = 5 is not in the evaluated {10, 20}",
                       kindred::option_error);
}

TEST_CASE("area under the curve of cases worked by hand") {
  CHECK(auc_of({4}, {4, 1, 2, 3}) == 1);
  CHECK(auc_of({0}, {1, 2, 0, 3}) == 0);
  CHECK(auc_of({2}, {1, 2, 3, 2}) == doctest::Approx((1 + 0 + 0.5) / 3));
  CHECK(auc_of({1, 3}, {0, 1, 2, 3}) == doctest::Approx((1 + 0 + 1 + 1) / 4.0));
  CHECK(auc_of({3, 1}, {0, 1, 2, 3}) == doctest::Approx(0.75));
  CHECK(auc_of({7, 7}, {7, 7, 7, 7, 7}) == doctest::Approx(0.5));
}

TEST_CASE("area under the curve does not depend on how candidates are cut into parts") {
  kindred::auc_counter counter;
  counter.start(std::vector<float>{9});  // what was counted before is forgotten
  counter.add(std::vector<float>{9, 9, 9});
  counter.start(std::vector<float>{1, 3});
  counter.add(std::vector<float>{0});
  counter.add({});
  counter.add(std::vector<float>{1, 2, 3});
  CHECK(counter.value() == doctest::Approx(0.75));
}

TEST_CASE("area under the curve needs a relevant and another item") {
  kindred::auc_counter counter;
  CHECK_FALSE(counter.defined());
  counter.start(std::vector<float>{1, 2});
  counter.add(std::vector<float>{1, 2});
  CHECK_FALSE(counter.defined());
  counter.add(std::vector<float>{0});
  CHECK(counter.defined());
}

}  // namespace kindred::ranking_metrics_test
