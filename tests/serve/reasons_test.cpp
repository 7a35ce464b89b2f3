#include <kindred/core/error.hpp>
#include <kindred/io/load_recommender.hpp>
#include <kindred/model/item_knn.hpp>
#include <kindred/model/user_knn.hpp>
#include <kindred/serve/any_recommender.hpp>
#include <kindred/serve/reasons.hpp>
#include <kindred/serve/recommender.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "../temporary_folder.hpp"
#include "support.hpp"

namespace kindred::reasons_test {

using namespace test;

namespace {

struct some_ratings {
  dataset train = random_dataset(900, 61, 83, 21);
};

template <class Model>
recommender<Model> served_by(const dataset& train) {
  Model model{{.similarity = {.measure = similarity::cosine}, .k = 5, .neighbors = 20}};
  model.fit(train);
  return {std::move(model), train};
}

void check_same(const reasons& a, const reasons& b) {
  CHECK(a.side() == b.side());
  CHECK(a.value() == b.value());
  CHECK(a.base() == b.base());
  CHECK(a.status() == b.status());
  REQUIRE(a.size() == b.size());
  for (std::size_t n = 0; n < a.size(); ++n) {
    CHECK(a[n].id == b[n].id);
    CHECK(a[n].similarity == b[n].similarity);
    CHECK(a[n].rating == b[n].rating);
    CHECK(a[n].part == b[n].part);
  }
}

/// The ids of the reasons name what the model said, whose parts add up.
template <class Model>
void check_reasons(const recommender<Model>& served, const reasons& why, const explanation& said) {
  CHECK(why.value() == said.value);
  REQUIRE(why.size() == said.parts.size());
  const id_map& ids = Model::side == axis::items ? served.items() : served.users();
  double sum = why.base();
  std::size_t n = 0;
  for (const auto& [id, similarity, rating, part] : why) {
    CHECK(id == ids.id(said.parts[n].neighbor));
    CHECK(similarity == said.parts[n].similarity);
    CHECK(rating == said.parts[n].rating);
    sum += part;
    ++n;
  }
  CHECK(static_cast<float>(sum) == doctest::Approx(why.value()).epsilon(1e-5));
}

}  // namespace

TEST_CASE_TEMPLATE("A recommender of a knn model says why", Model, item_knn, user_knn) {
  const some_ratings data;
  const auto served = served_by<Model>(data.train);
  std::size_t parts = 0;
  for (const index u : {0, 5, 33})
    for (const index i : {0, 3, 70}) {
      const std::string user = "u" + std::to_string(u);
      const std::string item = "i" + std::to_string(i);
      const reasons why = served.explain(user, item);
      check_reasons(served, why, served.model().explain(u, i));
      check_reasons(served, served.explain_score(user, item), served.model().explain_score(u, i));
      CHECK(why.status() == prediction_status::known);
      CHECK(why.side() == Model::side);
      parts += why.size();
    }
  CHECK(parts > 9);
}

TEST_CASE_FIXTURE(some_ratings, "Of an unknown id there is nothing to say but that") {
  const auto served = served_by<item_knn>(train);
  CHECK(served.explain("nobody", "i3").status() == prediction_status::unknown_user);
  CHECK(served.explain("u3", "nothing").status() == prediction_status::unknown_item);
  for (const auto& why : {served.explain(1, 2), served.explain_score(1, 2)}) {
    CHECK(why.status() == prediction_status::unknown_both);
    CHECK(why.empty());
  }
  CHECK(served.explain("nobody", "i3").value() == served.model().predict(unknown_index, 3));
}

TEST_CASE_FIXTURE(some_ratings, "Reasons outlive their recommender") {
  std::optional<recommender<item_knn>> served(served_by<item_knn>(train));
  const reasons why = served->explain("u5", "i0");
  const reasons copy = why;
  const std::string first(why[0].id);
  served.reset();
  train = dataset();
  CHECK(copy[0].id == first);
}

TEST_CASE_FIXTURE(some_ratings, "A recommender of a knn model knows similar items, or users") {
  const auto check = [](const recommendations& list, const neighbor_list& kept, const id_map& ids) {
    CHECK(list.size() == kept.size());
    for (std::size_t n = 0; n < list.size(); ++n) {
      if (n > 0) CHECK(list[n].score <= list[n - 1].score);
      std::size_t at = 0;
      while (ids.id(kept.rows[at]) != list[n].id) ++at;
      CHECK(kept.similarities[at] == list[n].score);
    }
  };
  const auto items = served_by<item_knn>(train);
  const auto users = served_by<user_knn>(train);
  check(items.similar_items("i3", 100), items.model().neighbors()[3], train.items());
  check(users.similar_users("u7", 100), users.model().neighbors()[7], train.users());
  CHECK(items.similar_items("i3", 4).size() == 4);
  CHECK(entries_of(items.similar_items("i3", 4))[3] == entries_of(items.similar_items("i3", 9))[3]);
  CHECK(items.similar_items("nonsense", 4).empty());
  CHECK(users.similar_users("u7", 0).empty());
}

TEST_CASE_FIXTURE(some_ratings, "Any recommender says why, if its model can") {
  const auto served = served_by<item_knn>(train);
  const any_recommender any = served;
  check_same(any.explain("u5", "i0"), served.explain("u5", "i0"));
  check_same(any.explain_score("u5", "i0"), served.explain_score("u5", "i0"));
  check_same(any.explain(5, 7), served.explain("5", "7"));
  CHECK(entries_of(any.similar_items("i3", 9)) == entries_of(served.similar_items("i3", 9)));
  CHECK_THROWS_AS((void)any.similar_users("u3", 9), data_error);
  const any_recommender scoring = recommender{scoring_stub(61, 83, 4), train};
  CHECK_THROWS_AS((void)scoring.explain("u5", "i0"), data_error);
  CHECK_THROWS_AS((void)scoring.explain_score("u5", "i0"), data_error);
}

TEST_CASE_FIXTURE(some_ratings, "A recommender of a knn model ranks by its scores") {
  const auto served = served_by<user_knn>(train);
  for (const index u : {0, 5, 33})
    CHECK(entries_of(served.recommend("u" + std::to_string(u), 10)) ==
          expected_for(served.model(), train, u, 10));
}

TEST_CASE_FIXTURE(some_ratings, "A recommender of a knn model comes back from its file") {
  const temporary_folder folder;
  const auto served = served_by<item_knn>(train);
  save(served, folder.path("shop"));
  const auto loaded = load_recommender<item_knn>(folder.path("shop"));
  check_same(loaded.explain("u5", "i0"), served.explain("u5", "i0"));
  CHECK(entries_of(loaded.recommend("u5", 10)) == entries_of(served.recommend("u5", 10)));
}

}  // namespace kindred::reasons_test
