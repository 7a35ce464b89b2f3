#include <kindred/core/error.hpp>
#include <kindred/model/matrix_factorization.hpp>
#include <kindred/serve/recommender.hpp>

#include <doctest/doctest.h>

#include <Eigen/Dense>

#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "support.hpp"

namespace kindred::fold_in_test {

using namespace test;

namespace {

struct folding {
  folding() { model.fit(train); }
  dataset train = random_dataset(3000, 80, 60, 51);
  matrix_factorization<> model{{.factors = 7, .epochs = 5, .regularization = 0.05}};
};

/// b_i + p.q_i for the p that minimises sum (r - mean - b_i - b - p.q_i)^2 + n (l |p|^2 + l' b^2),
/// solved by a QR decomposition of the stacked least-squares problem.
std::vector<float> reference_scores(const matrix_factorization<>& model,
                                    const std::vector<std::pair<index, float>>& ratings) {
  const auto latent = model.latent();
  const auto n = static_cast<Eigen::Index>(ratings.size());
  Eigen::MatrixXd a = Eigen::MatrixXd::Zero(n + 8, 8);
  Eigen::VectorXd b = Eigen::VectorXd::Zero(n + 8);
  for (Eigen::Index r = 0; r < n; ++r) {
    const auto [item, rating] = ratings[static_cast<std::size_t>(r)];
    for (Eigen::Index f = 0; f < 7; ++f)
      a(r, f) = static_cast<double>(latent.item(item)[static_cast<std::size_t>(f)]);
    a(r, 7) = 1;
    b(r) = static_cast<double>(rating) - model.mean() -
           static_cast<double>(model.item_biases()[static_cast<std::size_t>(item)]);
  }
  const auto count = static_cast<double>(n);
  for (Eigen::Index f = 0; f < 7; ++f)
    a(n + f, f) = std::sqrt(count * model.options().regularization);
  a(n + 7, 7) = std::sqrt(count * model.options().bias_regularization);
  const Eigen::VectorXd p = a.colPivHouseholderQr().solve(b);
  std::vector<float> scores;
  for (index i = 0; i < model.num_items(); ++i) {
    double score = static_cast<double>(model.item_biases()[static_cast<std::size_t>(i)]);
    for (Eigen::Index f = 0; f < 7; ++f)
      score += p(f) * static_cast<double>(latent.item(i)[static_cast<std::size_t>(f)]);
    scores.push_back(static_cast<float>(score));
  }
  return scores;
}

}  // namespace

TEST_CASE_FIXTURE(folding, "A new user is ranked by the ridge solution of the ratings") {
  const recommender served{model, train};
  const auto expected = reference_scores(model, {{2, 5.0F}, {11, 1.0F}, {40, 4.0F}});
  const auto list = served.recommend_from({{"i11", 1.0F}, {"i2", 5.0F}, {"i40", 4.0F}}, 60);
  CHECK(list.size() == 57);
  CHECK_FALSE(list.cold_start());
  for (std::size_t rank = 0; rank < list.size(); ++rank) {
    const auto [item, score] = list.entries()[rank];
    CHECK(score == doctest::Approx(expected[static_cast<std::size_t>(item)]).epsilon(1e-4));
    CHECK((item != 2 && item != 11 && item != 40));
    if (rank > 0) CHECK(score <= list[rank - 1].score);
  }
  CHECK(served.recommend_from({{"i2", 5.0F}}, 60, {.exclude_seen = false}).size() == 60);
}

TEST_CASE_FIXTURE(folding, "Ratings come in any range, and the last of an item counts") {
  const recommender served{model, train};
  const auto expected = entries_of(served.recommend_from({{"i3", 2.0F}, {"i5", 4.5F}}, 10));
  const std::map<std::string, double> map = {{"i5", 4.5}, {"i3", 2.0}};
  CHECK(entries_of(served.recommend_from(map, 10)) == expected);
  const std::vector<std::pair<std::string, float>> repeated = {
      {"i3", 5.0F}, {"i5", 1.0F}, {"i5", 4.5F}, {"i3", 2.0F}};
  CHECK(entries_of(served.recommend_from(repeated, 10)) == expected);
}

TEST_CASE_FIXTURE(folding, "Unknown items are skipped and listed") {
  const recommender served{model, train};
  const auto list = served.recommend_from({{"lost", 5.0F}, {"i3", 2.0F}, {"gone", 1.0F}}, 10);
  CHECK(std::vector<std::string>(list.unknown_items().begin(), list.unknown_items().end()) ==
        std::vector<std::string>{"lost", "gone"});
  CHECK_FALSE(list.cold_start());
  CHECK(entries_of(list) == entries_of(served.recommend_from({{"i3", 2.0F}}, 10)));
}

TEST_CASE_FIXTURE(folding, "Without a known rating the answer is the popularity ranking") {
  const recommender served{model, train};
  const auto popular = entries_of(served.recommend("stranger", 10));
  const auto list = served.recommend_from({{"lost", 5.0F}}, 10);
  CHECK(list.cold_start());
  CHECK(entries_of(list) == popular);
  CHECK(list.unknown_items().size() == 1);
  CHECK(served.recommend_from(std::vector<item_rating>{}, 10).cold_start());
}

TEST_CASE_FIXTURE(folding, "Filters apply to a new user, too") {
  const recommender served{model, train};
  const auto list = served.recommend_from({{"i1", 5.0F}}, 10,
                                          {.allow = {{"i1", "i2", "i3", "i4"}}, .deny = {"i3"}});
  CHECK(list.size() == 2);
  for (const auto& [item, score] : list) CHECK((item == "i2" || item == "i4"));
}

TEST_CASE_FIXTURE(folding, "A rating that is not finite is an error that names the item") {
  const recommender served{model, train};
  CHECK_THROWS_WITH_AS(
      (void)served.recommend_from({{"i1", std::numeric_limits<float>::quiet_NaN()}}, 10),
      "rating of item 'i1' is not finite: nan", data_error);
  const std::vector<std::pair<std::string, double>> huge = {{"unknown", 1e300}};
  CHECK_THROWS_AS((void)served.recommend_from(huge, 10), data_error);
}

TEST_CASE_FIXTURE(folding, "A trained model is ranked as its own scores say") {
  const recommender served{model, train};
  int wrong = 0;
  for (index u = 0; u < 80; ++u) {
    if (train.by_user(u).empty()) continue;
    const auto scores = scores_of(model, u);
    const auto expected = expected_for(model, train, u, 10);
    const auto list = served.recommend(train.users().id(u), 10);
    REQUIRE(list.size() == expected.size());
    for (std::size_t rank = 0; rank < list.size(); ++rank) {
      const auto [item, score] = list.entries()[rank];
      const float own = scores[static_cast<std::size_t>(item)];
      if (std::abs(score - own) > 1e-5F || std::abs(score - expected[rank].score) > 1e-5F) ++wrong;
    }
  }
  CHECK(wrong == 0);
}

}  // namespace kindred::fold_in_test
