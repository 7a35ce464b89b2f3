#include <kindred/model/als.hpp>
#include <kindred/model/baseline.hpp>
#include <kindred/model/ease.hpp>
#include <kindred/model/item_knn.hpp>
#include <kindred/model/popularity.hpp>
#include <kindred/model/user_knn.hpp>
#include <kindred/serve/live_recommender.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "live_support.hpp"

namespace kindred::live_models_test {

using namespace test;

namespace {

const dataset& train() {
  static const dataset data = plain_dataset(900, 40, 30, 9);
  return data;
}

const std::vector<text_rating>& news() {
  static const std::vector<text_rating> rows = [] {
    auto some = random_ratings(60, 50, 36, 3);
    some.push_back({"newcomer", "i1", 4.0F});
    return some;
  }();
  return rows;
}

template <class Model>
Model fitted(const dataset& data, Model model = Model()) {
  model.fit(data);
  return model;
}

/// A live recommender answers as a recommender of the same model on all ratings.
template <class Model>
void check_same(const live_recommender<Model>& live, const Model& model, const dataset& all) {
  const recommender<Model> expected{model, all};
  const auto snapshot = live.snapshot();
  REQUIRE(snapshot->users().size() == all.num_users());
  int wrong = 0;
  for (index u = 0; u < all.num_users(); ++u) {
    const auto id = all.users().id(u);
    wrong += entries_of(snapshot->recommend(id, 10)) != entries_of(expected.recommend(id, 10));
    if constexpr (rating_model<Model>)
      for (index i = 0; i < all.num_items(); ++i)
        wrong += snapshot->predict(id, all.items().id(i)).rating !=
                 expected.predict(id, all.items().id(i)).rating;
  }
  wrong += entries_of(snapshot->recommend("stranger", 40)) !=
           entries_of(expected.recommend("stranger", 40));
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE_TEMPLATE("a model with update learns a batch by it, with the bits of a fit", Model,
                   item_knn, user_knn) {
  live_recommender<Model> live{fitted<Model>(train()), train()};
  apply(live, news());
  const dataset all = with_ratings(train(), news());
  check_same(live, fitted<Model>(all), all);
  CHECK(live.metrics().pending == 0);
  apply(live, {news().back()});
  CHECK(live.metrics().compactions == 1);
  CHECK(live.snapshot()->base().explain("u1", "i1").value() > 0);
}

TEST_CASE("als follows new ratings, and explains by those it was fitted on") {
  live_recommender<als> live{fitted(train(), als{{.factors = 8, .epochs = 3}}), train()};
  apply(live, {{"new", "i7", 5.0F}, {"new", "fresh", 1.0F}});
  CHECK(live.predict("new", "i7").rating > live.predict("new", "fresh").rating);
  CHECK(!live.recommend("new", 5).cold_start());
  live.compact();
  const als& model = live.snapshot()->base().model();
  CHECK(model.num_users() == 41);
  CHECK(model.explain(40, 7).parts.empty());
  CHECK(model.explain(1, 7).parts.size() == train().by_user(1).size());
}

TEST_CASE("a model with update learns behind run, and what was seen is known before") {
  using std::chrono::milliseconds;
  live_recommender<item_knn> live{fitted<item_knn>(train()),
                                  train(),
                                  {.poll_interval = milliseconds(1),
                                   .publish_interval = milliseconds(1),
                                   .update_interval = milliseconds(1)}};
  {
    const std::jthread updates([&](const std::stop_token& stop) { live.run(stop); });
    for (const text_rating& row : news())
      live.push({.user = row.user, .item = row.item, .value = row.value});
    while (live.metrics().pending > 0 || live.metrics().queued > 0 ||
           live.metrics().counts.added == 0)
      std::this_thread::sleep_for(milliseconds(1));
  }
  live.compact();
  const dataset all = with_ratings(train(), news());
  check_same(live, fitted<item_knn>(all), all);
}

TEST_CASE_TEMPLATE("a model that only fits knows at once what was seen, and the rest when fitted",
                   Model, popularity_model, baseline_model, ease<>) {
  live_recommender<Model> live{fitted<Model>(train()), train()};
  const auto model_before = live.snapshot()->base().model();
  apply(live, {{"u1", "i2", 5.0F}, {"u1", "fresh", 5.0F}, {"newcomer", "i3", 4.0F}});
  const auto snapshot = live.snapshot();
  const auto seen = snapshot->seen(1);
  CHECK(std::binary_search(seen.begin(), seen.end(), 2));
  CHECK(std::binary_search(seen.begin(), seen.end(), 30));
  for (const auto& [item, score] : live.recommend("u1", 40))
    CHECK((item != "i2" && item != "fresh"));
  const auto list = live.recommend("newcomer", 40);
  CHECK(list.cold_start());
  CHECK(list.size() == 30);
  for (const auto& [item, score] : list) CHECK(item != "i3");
  CHECK(live.recommend("newcomer", 40, {.exclude_seen = false}).size() == 31);
  CHECK(live.recommend("u5", 40, {.exclude_seen = false, .allow = {{"fresh", "i4"}}}).size() == 1);
  if constexpr (rating_model<Model>) {
    CHECK(live.predict("newcomer", "i3").status == prediction_status::unknown_user);
    CHECK(live.predict("u1", "fresh").status == prediction_status::unknown_item);
    CHECK(live.predict("newcomer", "fresh").status == prediction_status::unknown_both);
    CHECK(live.predict("newcomer", "i3").rating == model_before.predict(-1, 3));
  }

  live.refit();
  live.wait();
  const dataset all =
      with_ratings(train(), {{"u1", "i2", 5.0F}, {"u1", "fresh", 5.0F}, {"newcomer", "i3", 4.0F}});
  check_same(live, fitted<Model>(all), all);
}

TEST_CASE("a model that only fits is fitted when much is new") {
  live_recommender<popularity_model> live{
      fitted<popularity_model>(train()), train(), {.compact_share = 0.05, .compact_least = 10}};
  apply(live, news());
  live.wait();
  CHECK(live.metrics().refits == 1);
  const dataset all = with_ratings(train(), news());
  check_same(live, fitted<popularity_model>(all), all);
}

}  // namespace kindred::live_models_test
