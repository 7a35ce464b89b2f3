#include <kindred/core/error.hpp>
#include <kindred/evaluate/evaluate_ranking.hpp>
#include <kindred/serve/recommender.hpp>
#include <kindred/serve/rerank_diverse.hpp>
#include <kindred/serve/reranked.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <span>
#include <stdexcept>
#include <vector>

#include "support.hpp"

namespace kindred::reranked_test {

using namespace test;

namespace {

std::vector<index> order_of(const recommendations& list) {
  std::vector<index> items;
  for (const scored_item& entry : list.entries()) items.push_back(entry.item);
  return items;
}

}  // namespace

TEST_CASE("A recommender serves what the reranker makes of unseen candidates") {
  const auto train = random_dataset(300, 20, 90, 71);
  const latent_stub<float> model(20, 90, 140);
  const recommender plain{model, train};
  const recommender reversed{reranked{model,
                                      train,
                                      [](index, std::span<const scored_item> candidates) {
                                        std::vector<scored_item> list(candidates.begin(),
                                                                      candidates.end());
                                        std::ranges::reverse(list);
                                        list.pop_back();  // without the best
                                        return list;
                                      },
                                      {.candidates = 12}},
                             train};
  for (index u = 0; u < 20; ++u) {
    if (train.by_user(u).empty()) continue;
    const auto before = order_of(plain.recommend(train.users().id(u), 90));
    auto expected = std::vector<index>(before.begin() + 1, before.begin() + 12);
    std::ranges::reverse(expected);
    expected.insert(expected.end(), before.begin() + 12, before.end());
    expected.push_back(before.front());
    CHECK(order_of(reversed.recommend(train.users().id(u), 90)) == expected);
  }
}

TEST_CASE("Diverse lists are judged as such") {
  const auto train = random_dataset(300, 20, 90, 71);
  const latent_stub<float> model(20, 90, 140);
  const auto test = random_dataset(300, 20, 90, 72);
  const item_distance distance = cosine_distance(model);
  const reranked diverse{model, train, [&](index, std::span<const scored_item> candidates) {
                           return rerank_diverse(candidates, 10, distance, {.relevance = 0});
                         }};
  const ranking_options options{.at = {10}, .distance = distance};
  CHECK(evaluate_ranking(diverse, train, test, options).at(10).diversity >
        evaluate_ranking(model, train, test, options).at(10).diversity);
}

TEST_CASE("A reranker that throws leaves the ranking, and other data are refused") {
  const auto train = random_dataset(300, 20, 90, 71);
  const latent_stub<float> model(20, 90, 140);
  std::vector<float> expected(90);
  model.score(3, expected);
  for (const index wrong : {-1, 90}) {
    const reranked broken{model, train, [wrong](index, std::span<const scored_item> candidates) {
                            if (wrong < 0) throw std::runtime_error("broken");
                            return std::vector<scored_item>{candidates[0], {wrong, 1}};
                          }};
    std::vector<float> scores(90);
    broken.score(3, scores);
    CHECK(scores == expected);
  }
  CHECK_THROWS_AS(reranked(latent_stub<float>(20, 91, 140), train, nullptr), data_error);
  CHECK_THROWS_AS(reranked(model, train, nullptr, {.candidates = 0}), option_error);
}

}  // namespace kindred::reranked_test
