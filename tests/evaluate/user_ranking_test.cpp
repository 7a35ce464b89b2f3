#include <doctest/doctest.h>

#include <kindred/evaluate/user_ranking.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

namespace kindred::user_ranking_test {

namespace {

using kindred::index;
using kindred::user_ranking;

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

  CHECK(f_beta_at(user, 1, 1) == 0);
  CHECK(f_beta_at(user, 5, 1) == doctest::Approx(2 * 0.4 * 0.5 / (0.4 + 0.5)));
  CHECK(f_beta_at(user, 5, 0.5) == doctest::Approx(1.25 * 0.4 * 0.5 / (0.25 * 0.4 + 0.5)));

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

TEST_CASE("partial area under the curve of a case worked by hand") {
  // Ranking: - + + - - + - - +, so that irrelevant items stand at ranks 1, 4, 5, 7 and 8.
  const std::vector<index> hits = {2, 3, 6, 9};
  const user_ranking user{hits, 4, 9};
  CHECK(partial_auc_at(user, 1) == 0);                          // - at rank 1 loses to none
  CHECK(partial_auc_at(user, 2) == doctest::Approx(2.0 / 8));   // that at 4 loses to two
  CHECK(partial_auc_at(user, 4) == doctest::Approx(7.0 / 16));  // those at 5 and 7 to 2 and 3
  CHECK(partial_auc_at(user, 5) == doctest::Approx(10.0 / 20));
  CHECK(partial_auc_at(user, 100) == doctest::Approx(10.0 / 20));
  CHECK(partial_auc_at({hits, 4, 4}, 2) == 1);  // no irrelevant item
}

}  // namespace kindred::user_ranking_test
