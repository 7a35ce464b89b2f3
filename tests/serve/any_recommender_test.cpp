#include <kindred/core/error.hpp>
#include <kindred/model/baseline.hpp>
#include <kindred/model/matrix_factorization.hpp>
#include <kindred/serve/any_recommender.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "support.hpp"

namespace kindred::any_recommender_test {

using namespace test;

namespace {

struct some_ratings {
  dataset train = random_dataset(900, 61, 143, 11);
};

matrix_factorization<> fitted(const dataset& train) {
  matrix_factorization<> model{{.factors = 6, .epochs = 3}};
  model.fit(train);
  return model;
}

void check_same(const recommendations& got, const recommendations& expected) {
  CHECK(entries_of(got) == entries_of(expected));
  CHECK(ids_in(got) == ids_in(expected));
  CHECK(got.cold_start() == expected.cold_start());
  CHECK(std::ranges::equal(got.unknown_items(), expected.unknown_items()));
}

/// What every model can be asked.
void check_rankings(const any_recommender& any, const auto& served) {
  const recommend_options filter{.exclude_seen = false,
                                 .deny = {"i1"},
                                 .accept = [](std::string_view id) { return id.size() > 2; }};
  const std::vector<std::string> users = {"u0", "u17", "nobody", "u60"};
  for (const auto& user : users) {
    check_same(any.recommend(user, 10), served.recommend(user, 10));
    check_same(any.recommend(user, 1000, filter), served.recommend(user, 1000, filter));
  }
  const auto lists = any.recommend(users, 10, filter);
  const auto expected = served.recommend(users, 10, filter);
  REQUIRE(lists.size() == expected.size());
  for (std::size_t n = 0; n < lists.size(); ++n) check_same(lists[n], expected[n]);
  CHECK(any.users().size() == served.users().size());
  CHECK(any.items().id(7) == served.items().id(7));
}

void check_predictions(const any_recommender& any, const auto& served) {
  const std::vector<std::string> items = {"i3", "what", "i140"};
  for (const std::string_view user : {"u5", "who"}) {
    const auto predictions = any.predict(user, items);
    const auto expected = served.predict(user, items);
    REQUIRE(predictions.size() == expected.size());
    for (std::size_t n = 0; n < items.size(); ++n) {
      CHECK(predictions[n].item == items[n]);
      CHECK(predictions[n].rating == expected[n].rating);
      CHECK(predictions[n].status == expected[n].status);
      CHECK(any.predict(user, items[n]).rating == expected[n].rating);
      CHECK(any.predict(user, items[n]).status == expected[n].status);
    }
  }
}

}  // namespace

TEST_CASE_FIXTURE(some_ratings, "Any recommender answers as the one it holds") {
  const recommender served{fitted(train), train};
  const any_recommender any = served;
  check_rankings(any, served);
  check_predictions(any, served);
  check_same(any.similar_items("i3", 9), served.similar_items("i3", 9));
  check_same(any.similar_users("u3", 9), served.similar_users("u3", 9));
  check_same(any.similar_items("nonsense", 9), {});
  CHECK(any.similar_items("i3", 9).size() == 9);
}

TEST_CASE_FIXTURE(some_ratings, "Any recommender folds in ratings of any kind") {
  const recommender served{fitted(train), train};
  const any_recommender any = served;
  const auto expected = served.recommend_from({{"i3", 5.0F}, {"odd", 2.0F}, {"i8", 1.0F}}, 20);
  REQUIRE(expected.unknown_items().size() == 1);
  check_same(any.recommend_from({{"i3", 5.0F}, {"odd", 2.0F}, {"i8", 1.0F}}, 20), expected);
  const std::map<std::string, double> map = {{"i3", 5}, {"i8", 1}, {"odd", 2}};
  check_same(any.recommend_from(map, 20), expected);
  check_same(any.recommend_from(map, 200, {.exclude_seen = false}),
             served.recommend_from(map, 200, {.exclude_seen = false}));
  check_same(any.recommend_from({}, 5), served.recommend_from({}, 5));
  CHECK_THROWS_AS((void)any.recommend_from({{"i3", std::numeric_limits<float>::quiet_NaN()}}, 5),
                  data_error);
}

TEST_CASE("Any recommender takes integers for ids") {
  const dataset train =
      make_dataset(numbered_ids(30), numbered_ids(40), random_columns(300, 30, 40, 12));
  const recommender served{fitted(train), train};
  const any_recommender any = served;
  check_same(any.recommend(7, 5), served.recommend("7", 5));
  check_same(any.recommend(std::array{7, 99}, 5)[0], served.recommend("7", 5));
  CHECK(any.recommend(std::array{7, 99}, 5)[1].cold_start());
  check_same(any.similar_items(3, 5), served.similar_items("3", 5));
  check_same(any.recommend_from(std::map<int, int>{{3, 5}, {99, 1}}, 5),
             served.recommend_from({{"3", 5.0F}, {"99", 1.0F}}, 5));
  CHECK(any.predict(7, 3).rating == served.predict("7", "3").rating);
  CHECK(any.predict(7, std::numeric_limits<long>::min()).status == prediction_status::unknown_item);
  CHECK(any.predict("7", std::array{3, 99})[1].item == "99");
}

TEST_CASE_FIXTURE(some_ratings, "What the model of any recommender cannot do is a data_error") {
  const recommender scoring{scoring_stub(61, 143, 4), train};
  const any_recommender any = scoring;
  check_rankings(any, scoring);
  CHECK_THROWS_AS((void)any.predict("u1", "i1"), data_error);
  CHECK_THROWS_AS((void)any.predict("u1", std::vector<std::string>{"i1"}), data_error);
  CHECK_THROWS_AS((void)any.similar_items("i1", 3), data_error);
  CHECK_THROWS_AS((void)any.similar_users("u1", 3), data_error);
  CHECK_THROWS_AS((void)any.recommend_from({{"i1", 3.0F}}, 3), data_error);

  baseline_model baseline;
  baseline.fit(train);
  const recommender flat{baseline, train};
  check_predictions(flat, flat);  // converts
  CHECK_THROWS_AS((void)any_recommender(flat).similar_items("i1", 3), data_error);
}

TEST_CASE_FIXTURE(some_ratings, "Any recommender can become one of another model") {
  const recommender factors{fitted(train), train};
  const recommender scoring{scoring_stub(61, 143, 4), train};
  any_recommender any = factors;
  const any_recommender copy = any;
  any = scoring;
  check_rankings(any, scoring);
  check_rankings(copy, factors);
  CHECK(&any_recommender(copy).users() == &copy.users());  // shared, not copied
  std::vector<any_recommender> shops{any, copy};
  any = std::move(shops[1]);
  check_rankings(any, factors);
}

TEST_CASE_FIXTURE(some_ratings, "Any recommender answers many threads at once") {
  const any_recommender any = recommender{fitted(train), train};
  const auto ask = [&any](index u) {
    const any_recommender own = any;
    auto answer = entries_of(own.recommend("u" + std::to_string(u), 10));
    for (const auto& entry : entries_of(own.similar_items("i" + std::to_string(u), 5)))
      answer.push_back(entry);
    answer.push_back({u, own.predict("u" + std::to_string(u), "i9").rating});
    return answer;
  };
  std::vector<std::vector<scored_item>> expected;
  for (index u = 0; u < 61; ++u) expected.push_back(ask(u));
  std::atomic<int> wrong{0};
  std::vector<std::thread> readers;
  for (index t = 0; t < 8; ++t)
    readers.emplace_back([&, t] {
      for (index n = 0; n < 61; ++n) {
        const index u = (7 * t + n) % 61;
        if (ask(u) != expected[static_cast<std::size_t>(u)]) ++wrong;
      }
    });
  for (auto& reader : readers) reader.join();
  CHECK(wrong == 0);
}

}  // namespace kindred::any_recommender_test
