#include <kindred/core/error.hpp>
#include <kindred/serve/live_recommender.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "live_support.hpp"

namespace kindred::live_recommender_test {

using namespace test;

namespace {

template <class Scalar>
struct served {
  explicit served(live_options options = {}) : live(fitted(), train, std::move(options)) {}

  matrix_factorization<Scalar> fitted() {
    matrix_factorization<Scalar> model{{.factors = 7, .epochs = 4, .regularization = 0.05}};
    model.fit(train);
    return model;
  }
  [[nodiscard]] const auto& state() const { return live.snapshot()->state(); }
  [[nodiscard]] index user(const std::string& id) const {
    return *live.snapshot()->users().find(id);
  }
  [[nodiscard]] index item(const std::string& id) const {
    return *live.snapshot()->items().find(id);
  }

  dataset train = plain_dataset(3000, 80, 60, 51);
  live_recommender<matrix_factorization<Scalar>> live;
};

/// What `recommend` should say to a user with these ratings, by item: the scores of the row that
/// solves the user's problem with the items of the snapshot.
template <class Scalar>
std::map<index, float> reference_scores(const live_snapshot<matrix_factorization<Scalar>>& snapshot,
                                        const std::map<index, std::pair<float, float>>& ratings) {
  std::vector<rated_entry<Scalar>> rated;
  for (const auto& [item, rating] : ratings)
    rated.push_back({snapshot.state().item_entry(item), rating.first, rating.second});
  const Eigen::VectorXd row = reference_row(snapshot.base().model(), rated);
  std::map<index, float> scores;
  for (index i = 0; i < snapshot.items().size(); ++i) {
    const auto item = snapshot.state().item_entry(i);
    double score = static_cast<double>(item.bias);
    for (Eigen::Index f = 0; f + 1 < row.size(); ++f)
      score += row(f) * static_cast<double>(item.factors[f]);
    if (!ratings.contains(i)) scores[i] = static_cast<float>(score);
  }
  return scores;
}

void check_scores(const recommendations& list, const std::map<index, float>& expected) {
  CHECK_FALSE(list.cold_start());
  REQUIRE(list.size() == expected.size());
  int wrong = 0;
  for (std::size_t rank = 0; rank < list.size(); ++rank) {
    const auto [item, score] = list.entries()[rank];
    const auto known = expected.find(item);
    wrong += known == expected.end() || std::abs(score - known->second) > 2e-4F ? 1 : 0;
    if (rank > 0) wrong += score > list[rank - 1].score ? 1 : 0;
  }
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE_TEMPLATE("a user's new ratings count at once, as if solved for with all of them", Scalar,
                   float, double) {
  served<Scalar> s;
  const std::string old_user = "u3";
  std::map<index, std::pair<float, float>> ratings;
  for (const auto [item, value] : s.train.by_user(3)) ratings[item] = {value, 1.0F};
  const index rated = s.train.by_user(3).indices()[0];

  CHECK(apply(s.live, {{old_user, "i" + std::to_string(rated), 2.25F},
                       {old_user, "i50", 5.0F},
                       {"newcomer", "i1", 4.0F},
                       {"newcomer", "i7", 1.0F}}) ==
        live_counts{.added = ratings.contains(50) ? 2U : 3U,
                    .changed = ratings.contains(50) ? 2U : 1U});
  ratings[rated] = {2.25F, 1.0F};
  ratings[50] = {5.0F, 1.0F};
  const auto snapshot = s.live.snapshot();
  check_scores(snapshot->recommend(old_user, 100), reference_scores(*snapshot, ratings));
  check_scores(snapshot->recommend("newcomer", 100),
               reference_scores(*snapshot, {{1, {4.0F, 1.0F}}, {7, {1.0F, 1.0F}}}));
  CHECK(snapshot->recommend("newcomer", 100, {.exclude_seen = false}).size() == 60);
  CHECK(snapshot->recommend("u4", 5).size() == 5);
  CHECK(snapshot->version() == 2);
}

TEST_CASE("weights count, and an id is a number or its digits") {
  served<double> s;
  text_batch batch({{"42", "i1", 4.0F, 0.25F}, {"42", "i9", 2.0F, 3.0F}}, true);
  s.live.apply(batch.get());
  const auto snapshot = s.live.snapshot();
  check_scores(snapshot->recommend(42, 100),
               reference_scores(*snapshot, {{1, {4.0F, 0.25F}}, {9, {2.0F, 3.0F}}}));

  rating_batch numbers;
  numbers.users.integers = {42};
  numbers.items.integers = {-7};
  numbers.values = {3.0F};
  CHECK(s.live.apply(numbers).added == 1);
  CHECK(s.live.snapshot()->users().size() == 81);
  CHECK(s.live.snapshot()->items().find("-7") == 60);
}

TEST_CASE("a new item has the row that its ratings ask for, and is recommended") {
  served<double> s;
  const auto before = s.live.snapshot();
  std::vector<rated_entry<double>> rated;
  std::vector<text_rating> rows;
  for (index u = 10; u < 30; ++u) {
    rated.push_back({before->state().user_entry(u), 5.0F});
    rows.push_back({"u" + std::to_string(u), "hit", 5.0F});
  }
  apply(s.live, rows);
  const auto snapshot = s.live.snapshot();
  const index hit = s.item("hit");
  CHECK(hit == 60);
  const auto entry = snapshot->state().item_entry(hit);
  const Eigen::VectorXd row = reference_row(before->base().model(), rated);
  for (Eigen::Index f = 0; f < 7; ++f) CHECK(entry.factors[f] == doctest::Approx(row(f)));
  CHECK(entry.bias == doctest::Approx(row(7)));

  int recommended = 0;
  for (index u = 0; u < 80; ++u)
    for (const auto& [id, score] : snapshot->recommend("u" + std::to_string(u), 10))
      recommended += id == "hit" ? 1 : 0;
  CHECK(recommended > 20);
  CHECK(snapshot->predict("u50", "hit").status == prediction_status::known);
  CHECK(snapshot->recommend("u50", 3, {.allow = {{"hit"}}}).size() == 1);
  CHECK(snapshot->recommend("u10", 3, {.allow = {{"hit"}}}).empty());
  CHECK(before->predict("u50", "hit").status == prediction_status::unknown_item);
}

TEST_CASE("an item that only newcomers rate learns from what else they rate") {
  served<double> s;
  apply(s.live, {{"a", "i1", 5.0F}, {"a", "i2", 1.0F}, {"a", "fresh", 4.5F}, {"b", "fresh", 4.0F}});
  const auto entry = s.state().item_entry(s.item("fresh"));
  double length = 0;
  for (std::size_t f = 0; f < 7; ++f) length += std::abs(entry.factors[f]);
  CHECK(length > 1e-3);
  CHECK(s.state().user_entry(s.user("b")).known);
}

TEST_CASE("an item is solved for anew when a share of its ratings is new") {
  served<double> s({.item_growth = 0.25});
  const auto row_of = [&] { return s.state().item_entry(20).factors[0]; };
  const auto count = static_cast<std::size_t>(s.train.by_item(20).size());
  const double before = row_of();
  std::size_t added = 0;
  while (static_cast<double>(added + 1) < 0.25 * static_cast<double>(count + added + 1)) {
    apply(s.live, {{"n" + std::to_string(added++), "i20", 1.0F}});
    CHECK(row_of() == before);
  }
  apply(s.live, {{"last", "i20", 1.0F}});
  CHECK(row_of() != before);
  CHECK(s.live.metrics().refreshed == 1);
}

TEST_CASE("the last rating of a pair counts, and one that comes again changes nothing") {
  served<float> s;
  const std::vector<text_rating> rows = {
      {"u1", "i2", 1.0F}, {"x", "y", 3.0F}, {"u1", "i2", 4.5F}, {"x", "y", 3.0F}};
  const auto first = apply(s.live, rows);
  CHECK(first.duplicates == 1);
  CHECK(first.added + first.changed == 3);
  const auto expected = all_answers(*s.live.snapshot());
  const auto version = s.live.snapshot()->version();
  CHECK(apply(s.live, {{"u1", "i2", 4.5F}, {"x", "y", 3.0F}}) == live_counts{.duplicates = 2});
  CHECK(s.live.snapshot()->version() == version);
  CHECK(all_answers(*s.live.snapshot()) == expected);

  served<float> once;
  apply(once.live, {{"u1", "i2", 4.5F}, {"x", "y", 3.0F}});
  CHECK(all_answers(*once.live.snapshot()) == expected);
}

TEST_CASE("rows that may not enter are left out, counted and reported") {
  std::vector<rejected_row> rejected;
  served<float> s({.least_rating = 0.5F,
                   .greatest_rating = 5,
                   .on_rejected = [&](const rejected_row& row) { rejected.push_back(row); }});
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  text_batch batch({{"u1", "i1", nan},
                    {"", "i1", 4.0F},
                    {"u1", "", 4.0F},
                    {"u1", "i1", 5.5F},
                    {"fine", "i1", 4.0F},
                    {"u1", "i1", 4.0F, -1.0F}},
                   true);
  batch.get().rejected.push_back({77, 3, "x", "is no number"});
  CHECK(s.live.apply(batch.get()) == live_counts{.added = 1, .rejected = 6});
  REQUIRE(rejected.size() == 6);
  CHECK(rejected[0].reason == "is no number");
  CHECK(rejected[1].reason == "the rating is not finite");
  CHECK(rejected[2].reason == "the user id is empty");
  CHECK(rejected[3].reason == "the item id is empty");
  CHECK(rejected[4].reason == "the rating is out of range");
  CHECK(rejected[4].value == "5.5");
  CHECK(rejected[4].line == 4);
  CHECK(rejected[5].reason == "the weight is not finite and positive");
  CHECK(s.live.metrics().counts == live_counts{.added = 1, .rejected = 6});
  CHECK(s.live.snapshot()->users().size() == 81);

  batch.get().times.push_back(1);
  CHECK_THROWS_WITH_AS(s.live.apply(batch.get()),
                       "live_recommender: the columns of a batch differ in length", data_error);
}

TEST_CASE("ratings beyond measure leave rows finite") {
  served<float> s;
  constexpr float huge = std::numeric_limits<float>::max();
  apply(s.live, {{"u1", "i1", huge}, {"u2", "i1", -huge}, {"x", "i1", huge}, {"x", "new", huge}});
  int odd = 0;
  for (index u = 0; u < 81; ++u) odd += std::isfinite(s.state().user_entry(u).bias) ? 0 : 1;
  for (index i = 0; i < 61; ++i) odd += std::isfinite(s.state().item_entry(i).bias) ? 0 : 1;
  CHECK(odd == 0);
}

TEST_CASE("the popularity ranking of strangers counts every rating") {
  served<float> s;
  std::vector<text_rating> rows;
  for (int n = 0; n < 200; ++n) rows.push_back({"v" + std::to_string(n), "viral", 3.0F});
  rows.push_back({"v0", "i59", 3.0F});
  apply(s.live, rows);
  const dataset all = with_ratings(s.train, rows);
  std::vector<float> counts;
  for (index i = 0; i < all.num_items(); ++i)
    counts.push_back(static_cast<float>(all.by_item(i).size()));
  const auto list = s.live.recommend("stranger", 20);
  CHECK(list.cold_start());
  CHECK(list[0].id == "viral");
  CHECK(entries_of(list) == best_of(counts, 20, [](index) { return true; }));
  CHECK(entries_of(s.live.recommend("stranger", 20, {.deny = {"viral"}})) ==
        best_of(counts, 20, [](index i) { return i != 60; }));
  CHECK(s.live.recommend("stranger", 20, {.allow = {{"viral", "i3"}}}).size() == 2);
  CHECK(s.live.snapshot()->popularity(60) == 200);
}

TEST_CASE("all ways to ask agree") {
  served<float> s;
  apply(s.live, random_ratings(400, 100, 75, 3));
  const auto snapshot = s.live.snapshot();
  CHECK(snapshot->state().refreshed.size() > 15);
  std::vector<std::string> users;
  for (index u = 0; u < snapshot->users().size(); ++u) users.emplace_back(snapshot->users().id(u));
  users.emplace_back("stranger");
  const recommend_options narrow{.allow = {{"i1", "i70", "i71", "i20", "i5"}}, .deny = {"i5"}};
  const auto lists = snapshot->recommend(users, 9);
  const auto narrow_lists = snapshot->recommend(users, 9, narrow);
  std::vector<scored_item> best(9);
  int wrong = 0;
  for (std::size_t u = 0; u < users.size(); ++u) {
    const auto one = entries_of(snapshot->recommend(users[u], 9));
    const std::size_t count =
        snapshot->top_k(snapshot->users().find_or_unknown(users[u]), std::span(best));
    wrong += entries_of(lists[u]) != one ? 1 : 0;
    wrong += std::vector<scored_item>(best.begin(), best.begin() + static_cast<long>(count)) != one
                 ? 1
                 : 0;
    wrong += entries_of(narrow_lists[u]) != entries_of(snapshot->recommend(users[u], 9, narrow));
    for (const auto& [id, score] : narrow_lists[u])
      wrong += id == "i1" || id == "i70" || id == "i71" || id == "i20" ? 0 : 1;
  }
  CHECK(wrong == 0);
  CHECK(entries_of(s.live.recommend("u1", 9)) == entries_of(lists[1]));
}

TEST_CASE("someone of whom nothing is kept is ranked with the newest items") {
  served<double> s;
  apply(s.live, random_ratings(400, 100, 75, 3));
  const auto snapshot = s.live.snapshot();
  const index fresh = s.item("i70");
  check_scores(s.live.recommend_from({{"i70", 5.0F}, {"i3", 1.0F}}, 100),
               reference_scores(*snapshot, {{fresh, {5.0F, 1.0F}}, {3, {1.0F, 1.0F}}}));
  CHECK(s.live.recommend_from({{"nothing", 5.0F}}, 5).cold_start());
}

TEST_CASE("neighbours are found among old and new rows") {
  served<float> s;
  apply(s.live, random_ratings(400, 100, 75, 3));
  const auto& state = s.state();
  const auto cosine = [&](index a, index b) {
    const auto x = state.item_entry(a);
    const auto y = state.item_entry(b);
    double xy = 0;
    double xx = 0;
    double yy = 0;
    for (std::size_t f = 0; f < 7; ++f) {
      xy += static_cast<double>(x.factors[f]) * static_cast<double>(y.factors[f]);
      xx += static_cast<double>(x.factors[f]) * static_cast<double>(x.factors[f]);
      yy += static_cast<double>(y.factors[f]) * static_cast<double>(y.factors[f]);
    }
    return xy / std::sqrt(xx * yy);
  };
  for (const std::string query : {"i3", "i70"}) {
    const index q = s.item(query);
    const auto list = s.live.similar_items(query, 8);
    REQUIRE(list.size() == 8);
    int nearer = 0;
    for (index i = 0; i < state.items.size(); ++i)
      nearer += i != q && cosine(q, i) > static_cast<double>(list[7].score) + 1e-5 ? 1 : 0;
    CHECK(nearer == 7);
    for (const auto& [item, score] : list.entries())
      CHECK(score == doctest::Approx(cosine(q, item)).epsilon(1e-4));
  }
  CHECK(s.live.similar_users("u99", 5).size() == 5);
  CHECK(s.live.similar_items("nothing", 5).empty());
}

TEST_CASE("a compacted base answers as before, and as one made from scratch") {
  served<float> s;
  const auto rows = random_ratings(700, 110, 80, 3);
  const auto later = random_ratings(100, 115, 85, 4);
  apply(s.live, rows);
  const auto expected = all_answers(*s.live.snapshot());
  s.live.compact();
  const auto snapshot = s.live.snapshot();
  CHECK(all_answers(*snapshot) == expected);
  CHECK(snapshot->state().refreshed.size() == 0);
  CHECK(s.live.metrics().pending == 0);
  CHECK(s.live.metrics().compactions == 1);

  const dataset all = with_ratings(s.train, rows);
  const recommender scratch{snapshot->base().model(), all};
  int wrong = 0;
  for (index u = 0; u < all.num_users(); ++u) {
    const auto id = all.users().id(u);
    wrong += entries_of(scratch.recommend(id, 12)) != entries_of(snapshot->recommend(id, 12));
  }
  CHECK(wrong == 0);
  CHECK(entries_of(scratch.recommend("nobody", 80)) ==
        entries_of(snapshot->recommend("nobody", 80)));

  served<float> never_compacted;
  apply(never_compacted.live, rows);
  apply(never_compacted.live, later);
  apply(s.live, later);
  CHECK(all_answers(*s.live.snapshot()) == all_answers(*never_compacted.live.snapshot()));
}

TEST_CASE("the same batches give the same bits on any number of threads") {
  const auto rows = random_ratings(2000, 300, 90, 5);
  const auto answers = [&](int threads) {
    return on_threads(threads, [&] {
      served<float> s;
      apply(s.live, rows);
      apply(s.live, random_ratings(300, 300, 95, 6));
      return all_answers(*s.live.snapshot());
    });
  };
  const auto expected = answers(1);
  CHECK(answers(2) == expected);
  CHECK(answers(8) == expected);
}

TEST_CASE("options outside their range are refused by name") {
  const auto refused = [](const live_options& options) -> std::string {
    try {
      check_options(options);
    } catch (const option_error& error) {
      return error.name();
    }
    return "";
  };
  using std::chrono::milliseconds;
  CHECK(refused({.poll_interval = milliseconds(0)}) == "poll_interval");
  CHECK(refused({.publish_interval = milliseconds(-1)}) == "publish_interval");
  CHECK(refused({.update_interval = milliseconds(0)}) == "update_interval");
  CHECK(refused({.queue_capacity = 0}) == "queue_capacity");
  CHECK(refused({.least_rating = 2, .greatest_rating = 1}) == "least_rating");
  CHECK(refused({.greatest_rating = std::numeric_limits<float>::infinity()}) == "greatest_rating");
  CHECK(refused({.item_growth = 0}) == "item_growth");
  CHECK(refused({.compact_share = 0}) == "compact_share");
  CHECK(refused({.refit_share = -1}) == "refit_share");
  CHECK(refused({.refit_drift = -1}) == "refit_drift");
  CHECK(refused({.background_threads = -1}) == "background_threads");
  CHECK(refused({}).empty());
  CHECK_THROWS_AS(served<float>({.item_growth = 2}), option_error);
}

}  // namespace kindred::live_recommender_test
