#include <kindred/serve/recommender.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "support.hpp"

namespace kindred::similar_test {

using namespace test;

namespace {

/// Cosines of `query` with all rows, in double, and NaN for rows of zeros.
std::vector<float> reference_cosines(const std::vector<float>& rows, std::size_t factors,
                                     std::size_t query) {
  const auto product = [&](std::size_t a, std::size_t b) {
    double sum = 0;
    for (std::size_t f = 0; f < factors; ++f)
      sum +=
          static_cast<double>(rows[a * factors + f]) * static_cast<double>(rows[b * factors + f]);
    return sum;
  };
  std::vector<float> cosines;
  for (std::size_t i = 0; i < rows.size() / factors; ++i)
    cosines.push_back(static_cast<float>(
        product(query, i) / (std::sqrt(product(query, query)) * std::sqrt(product(i, i)))));
  return cosines;
}

/// Scores may differ in their last bits, and so may the order of scores that close.
bool nearly_equal(const recommendations& list, const std::vector<scored_item>& expected,
                  const std::vector<float>& cosines) {
  bool equal = list.size() == expected.size();
  for (std::size_t rank = 0; equal && rank < list.size(); ++rank) {
    const scored_item got = list.entries()[rank];
    equal = std::abs(got.score - expected[rank].score) < 1e-6F &&
            std::abs(got.score - cosines[static_cast<std::size_t>(got.item)]) < 1e-6F;
  }
  return equal;
}

struct similar {
  similar() : model(97, 1500, 5) {
    std::fill_n(model.item_factors().begin(), 5, 0.0F);  // i0 points nowhere
    std::copy_n(model.item_factors().begin() + 35, 5,
                model.item_factors().begin() + 40);  // i8 = i7
    std::transform(model.item_factors().begin() + 35, model.item_factors().begin() + 40,
                   model.item_factors().begin() + 45,
                   [](float x) { return -2 * x; });  // i9 = -2 i7
  }
  latent_stub<float> model;
  dataset train = random_dataset(900, 97, 1500, 31);
};

}  // namespace

TEST_CASE_FIXTURE(similar, "Similar items are the nearest by cosine, in brute force") {
  const recommender served{model, train};
  for (const index query : {1, 7, 500, 1499}) {
    const auto cosines =
        reference_cosines(model.item_factors(), 5, static_cast<std::size_t>(query));
    for (const std::size_t k : {std::size_t{0}, std::size_t{3}, std::size_t{50}, std::size_t{9999}})
      CHECK(nearly_equal(served.similar_items("i" + std::to_string(query), k),
                         best_of(cosines, k,
                                 [&](index i) {
                                   return i != query &&
                                          !std::isnan(cosines[static_cast<std::size_t>(i)]);
                                 }),
                         cosines));
  }
}

TEST_CASE_FIXTURE(similar, "Similar users are the nearest by cosine") {
  const recommender served{model, train};
  const auto cosines = reference_cosines(model.user_factors(), 5, 42);
  const auto list = served.similar_users("u42", 10);
  CHECK(nearly_equal(list, best_of(cosines, 10, [](index u) { return u != 42; }), cosines));
  CHECK(list[0].id.substr(0, 1) == "u");
}

TEST_CASE_FIXTURE(similar, "The same direction has cosine 1, the opposite one -1") {
  const recommender served{model, train};
  const auto list = served.similar_items("i7", 1499);
  CHECK(list.size() == 1498);  // without i7 and i0
  const auto score_of = [&](const char* id) {
    for (const auto& [item, score] : list)
      if (item == id) return score;
    return 2.0F;
  };
  CHECK(score_of("i8") == doctest::Approx(1));
  CHECK(score_of("i9") == doctest::Approx(-1));
  CHECK(score_of("i0") == 2.0F);
}

TEST_CASE_FIXTURE(similar, "An unknown id and one without factors are similar to none") {
  const recommender served{model, train};
  CHECK(served.similar_items("nonsense", 5).empty());
  CHECK(served.similar_users("i7", 5).empty());
  CHECK(served.similar_items("i0", 5).empty());
}

TEST_CASE_FIXTURE(similar, "Neighbours do not depend on the number of threads") {
  const recommender served{model, train};
  const auto on = [&](int threads) {
    return on_threads(threads, [&] { return entries_of(served.similar_items("i3", 200)); });
  };
  const auto expected = on(1);
  CHECK(on(2) == expected);
  CHECK(on(8) == expected);
}

}  // namespace kindred::similar_test
