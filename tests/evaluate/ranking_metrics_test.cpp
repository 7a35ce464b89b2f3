#include <doctest/doctest.h>

#include <kindred/evaluate/ranking_metrics.hpp>

#include <limits>
#include <vector>

namespace kindred::ranking_metrics_test {

TEST_CASE("metrics are looked up by their cutoff") {
  kindred::ranking_metrics metrics;
  metrics.cutoffs = {{.k = 10, .recall = 0.5}, {.k = 20, .recall = 0.75}};
  CHECK(metrics.at(20).recall == 0.75);
  CHECK_THROWS_WITH_AS((void)metrics.at(5), "option at = 5 is not in the evaluated {10, 20}",
                       kindred::option_error);
}

TEST_CASE("the values of single users are picked by metric and cutoff") {
  kindred::ranking_metrics metrics;
  metrics.cutoffs = {{.k = 10}, {.k = 20}};
  const auto user = [](double recall, double auc) {
    return kindred::user_metrics{.cutoffs = {{.k = 10, .ndcg = 0.5}, {.k = 20, .recall = recall}},
                                 .auc = auc};
  };
  metrics.by_user = {user(0.25, 1), user(0.75, std::numeric_limits<double>::quiet_NaN())};
  CHECK(metrics.values(&kindred::ranking_cutoff::recall, 20) == std::vector<double>{0.25, 0.75});
  CHECK(metrics.values(&kindred::ranking_cutoff::ndcg, 10) == std::vector<double>{0.5, 0.5});
  CHECK(metrics.auc_values() == std::vector<double>{1});
  CHECK(metrics.by_user[1].at(20).recall == 0.75);
  CHECK_THROWS_AS((void)metrics.by_user[1].at(5), kindred::option_error);
  CHECK_THROWS_AS((void)metrics.values(&kindred::ranking_cutoff::recall, 5), kindred::option_error);
  CHECK_THROWS_AS((void)metrics.values(&kindred::ranking_cutoff::gini, 10), kindred::data_error);
  metrics.by_user.clear();
  CHECK_THROWS_AS((void)metrics.values(&kindred::ranking_cutoff::recall, 10), kindred::data_error);
  CHECK_THROWS_AS((void)metrics.auc_values(), kindred::data_error);
}

}  // namespace kindred::ranking_metrics_test
