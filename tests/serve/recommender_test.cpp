#include <kindred/core/error.hpp>
#include <kindred/serve/recommender.hpp>

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support.hpp"

namespace kindred::recommender_test {

using namespace test;

namespace {

/// "u0", "u1", ...
std::vector<std::string> all_users(const dataset& data) {
  std::vector<std::string> ids;
  for (index u = 0; u < data.num_users(); ++u) ids.emplace_back(data.users().id(u));
  return ids;
}

template <class Model>
void check_against_brute_force(const Model& model, const dataset& train, std::size_t k) {
  const recommender served{model, train};
  const auto lists = served.recommend(all_users(train), k);
  REQUIRE(lists.size() == static_cast<std::size_t>(train.num_users()));
  int wrong = 0;
  for (index u = 0; u < train.num_users(); ++u) {
    const auto& list = lists[static_cast<std::size_t>(u)];
    const bool cold = train.by_user(u).empty();
    const auto alone = served.recommend(train.users().id(u), k);
    if (list.cold_start() != cold || alone.cold_start() != cold) ++wrong;
    if (entries_of(list) != entries_of(alone)) ++wrong;
    if (!cold && entries_of(list) != expected_for(model, train, u, k)) ++wrong;
  }
  CHECK(wrong == 0);
}

struct shape {
  index users;
  index items;
  std::size_t factors;
  std::size_t ratings;
};
constexpr shape ugly_shapes[] = {
    {1, 1, 1, 1}, {31, 31, 1, 200}, {597, 43, 8, 4000}, {43, 597, 31, 900}, {100, 257, 130, 2000}};

}  // namespace

TEST_CASE_TEMPLATE("Rankings are what a sort of all scores gives", Scalar, float, double) {
  for (const shape& s : ugly_shapes)
    for (const std::size_t k : {std::size_t{0}, std::size_t{1}, std::size_t{10}, std::size_t{1000}})
      check_against_brute_force(latent_stub<Scalar>(s.users, s.items, s.factors),
                                random_dataset(s.ratings, s.users, s.items, 5), k);
}

TEST_CASE("A model without item biases is ranked without them") {
  latent_stub<float> model(50, 90, 12);
  model.biases().clear();
  check_against_brute_force(model, random_dataset(400, 50, 90, 6), 10);
}

TEST_CASE("A model that is not latent is ranked by its scores") {
  for (const shape& s : ugly_shapes)
    check_against_brute_force(scoring_stub(s.users, s.items, s.factors),
                              random_dataset(s.ratings, s.users, s.items, 7), 10);
}

TEST_CASE("A batch does not depend on the number of threads") {
  const auto train = random_dataset(3000, 700, 300, 8);
  const recommender served{latent_stub<float>(700, 300, 16), train};
  const auto users = all_users(train);
  const auto on = [&](int threads) {
    return on_threads(threads, [&] { return served.recommend(users, 15); });
  };
  const auto expected = on(1);
  for (const int threads : {2, 8}) {
    const auto lists = on(threads);
    int different = 0;
    for (std::size_t u = 0; u < lists.size(); ++u)
      if (entries_of(lists[u]) != entries_of(expected[u])) ++different;
    CHECK(different == 0);
  }
}

TEST_CASE("Text and integers name the same user") {
  const auto train =
      make_dataset(numbered_ids(50), numbered_ids(40), random_columns(300, 50, 40, 9));
  const recommender served{latent_stub<float>(50, 40, 4), train};
  const auto expected = entries_of(served.recommend("7", 5));
  CHECK(expected.size() == 5);
  CHECK(entries_of(served.recommend(7, 5)) == expected);
  CHECK(entries_of(served.recommend(std::string("7"), 5)) == expected);
  CHECK(entries_of(served.recommend(std::string_view("7"), 5)) == expected);
  CHECK(entries_of(served.recommend(std::vector<int>{3, 7}, 5)[1]) == expected);
  CHECK(entries_of(served.recommend(std::vector<std::string_view>{"3", "7"}, 5)[1]) == expected);
  CHECK(served.recommend("07", 5).cold_start());
}

TEST_CASE("Who is not known gets the popularity ranking, flagged") {
  // User u2 is in the ids without a rating; i1 has 2 ratings, i0 and i3 one, i2 none.
  const auto train = make_dataset(numbered_ids(3, "u"), numbered_ids(4, "i"),
                                  {{0, 1, 0, 1}, {1, 1, 0, 3}, {5, 4, 3, 2}, {}, {}});
  const recommender served{latent_stub<float>(3, 4, 2), train};
  const std::vector<scored_item> popular = {{1, 2.0F}, {0, 1.0F}, {3, 1.0F}, {2, 0.0F}};
  for (const char* user : {"stranger", "u2", ""}) {
    const auto list = served.recommend(user, 10);
    CHECK(list.cold_start());
    CHECK(entries_of(list) == popular);
  }
  CHECK_FALSE(served.recommend("u0", 10).cold_start());
  CHECK(ids_in(served.recommend("stranger", 2)) == std::vector<std::string>{"i1", "i0"});

  const auto lists = served.recommend(std::vector<std::string>{"u1", "stranger", "u0"}, 3);
  CHECK_FALSE(lists[0].cold_start());
  CHECK(lists[1].cold_start());
  CHECK_FALSE(lists[2].cold_start());
}

TEST_CASE("A user who has seen everything gets an empty list") {
  const auto train =
      make_dataset(numbered_ids(1), numbered_ids(3), {{0, 0, 0}, {0, 1, 2}, {5, 4, 3}, {}, {}});
  const recommender served{latent_stub<float>(1, 3, 2), train};
  const auto list = served.recommend(0, 10);
  CHECK(list.empty());
  CHECK_FALSE(list.cold_start());
  CHECK(served.recommend(0, 10, {.exclude_seen = false}).size() == 3);
}

TEST_CASE("Ids outlive the recommender") {
  std::optional<recommendations> list;
  {
    const auto train = random_dataset(50, 5, 20, 11);
    const recommender served{latent_stub<float>(5, 20, 3), train};
    list = served.recommend("stranger", 3);
  }
  const auto copy = *list;
  list.reset();
  CHECK(copy.size() == 3);
  for (const auto& [item, score] : copy) CHECK(item.substr(0, 1) == "i");
  CHECK(copy[0].id == (*copy.begin()).id);
  CHECK(copy[0].score >= copy[1].score);
}

TEST_CASE("A model that does not fit the data is refused") {
  const auto train = random_dataset(50, 5, 20, 12);
  CHECK_THROWS_AS(recommender(latent_stub<float>(5, 0, 3), train), not_fitted_error);
  CHECK_THROWS_WITH_AS(recommender(latent_stub<float>(5, 21, 3), train),
                       "recommender: the model has 21 items, the training data 20", data_error);
  CHECK_THROWS_AS(recommender(latent_stub<float>(6, 20, 3), train), data_error);
}

TEST_CASE("The low-level form gives the same ranking") {
  const auto train = random_dataset(600, 40, 70, 13);
  const latent_stub<float> model(40, 70, 6);
  const recommender served{model, train};
  std::vector<scored_item> best(9);
  for (index u = -2; u < 45; ++u) {
    const bool known = u >= 0 && u < 40;
    const std::string id = known ? std::string(train.users().id(u)) : "stranger";
    for (const bool exclude_seen : {true, false}) {
      best.assign(9, {});
      best.resize(served.top_k(u, best, exclude_seen));
      CHECK(best == entries_of(served.recommend(id, 9, {.exclude_seen = exclude_seen})));
    }
  }
  CHECK(served.top_k(0, {}) == 0);
  static_assert(noexcept(served.top_k(0, {})));
}

}  // namespace kindred::recommender_test
