#include <kindred/evaluate/evaluate_ratings.hpp>
#include <kindred/model/co_clustering.hpp>
#include <kindred/model/concepts.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <tuple>
#include <vector>

#include "../data/support.hpp"
#include "item_model_checks.hpp"

// Inside the namespace, since POSIX has a global function called index.
namespace kindred::co_clustering_test {

static_assert(rating_model<co_clustering>);
static_assert(ranking_model<co_clustering>);

namespace {

/// The paper's algorithm word by word, from given first clusters.
class reference {
 public:
  reference(const dataset& train, const co_clustering& start)
      : ratings_(test::ratings_of(train)),
        users_(start.user_clusters().begin(), start.user_clusters().end()),
        items_(start.item_clusters().begin(), start.item_clusters().end()),
        options_(start.options()) {}

  void improve() {
    const averages now = average();
    for (std::size_t u = 0; u < users_.size(); ++u)
      if (users_[u] != unknown_index)
        choose(users_[u], options_.user_clusters, now,
               [&](auto& r) { return static_cast<std::size_t>(r.user) == u; });
    for (std::size_t i = 0; i < items_.size(); ++i)
      if (items_[i] != unknown_index)
        choose(items_[i], options_.item_clusters, now,
               [&](auto& r) { return static_cast<std::size_t>(r.item) == i; });
  }

  [[nodiscard]] std::vector<index> users() const { return users_; }
  [[nodiscard]] std::vector<index> items() const { return items_; }
  [[nodiscard]] double predict(index user, index item) const {
    return average().predict(user, user_cluster(user), item, item_cluster(item));
  }
  [[nodiscard]] double rmse() const {
    const averages now = average();
    double squared = 0;
    for (const auto& r : ratings_)
      squared += std::pow(static_cast<double>(r.value) - now.predict(r.user, user_cluster(r.user),
                                                                     r.item, item_cluster(r.item)),
                          2);
    return std::sqrt(squared / static_cast<double>(ratings_.size()));
  }

 private:
  struct mean {
    double sum = 0;
    double count = 0;
    void add(double value) {
      sum += value;
      ++count;
    }
    [[nodiscard]] double or_else(double other) const { return count > 0 ? sum / count : other; }
  };
  struct averages {
    mean all;
    std::map<index, mean> users, items, user_clusters, item_clusters;
    std::map<std::pair<index, index>, mean> pairs;

    [[nodiscard]] double predict(index u, index g, index i, index h) const {
      const double other = all.or_else(0);
      const auto get = [&](const auto& of, const auto& key) {
        return of.contains(key) ? of.at(key).or_else(other) : other;
      };
      return get(pairs, std::pair{g, h}) + (get(users, u) - get(user_clusters, g)) +
             (get(items, i) - get(item_clusters, h));
    }
  };

  [[nodiscard]] index user_cluster(index u) const { return users_[static_cast<std::size_t>(u)]; }
  [[nodiscard]] index item_cluster(index i) const { return items_[static_cast<std::size_t>(i)]; }

  [[nodiscard]] averages average() const {
    averages now;
    for (const auto& r : ratings_) {
      const auto value = static_cast<double>(r.value);
      now.all.add(value);
      now.users[r.user].add(value);
      now.items[r.item].add(value);
      now.user_clusters[user_cluster(r.user)].add(value);
      now.item_clusters[item_cluster(r.item)].add(value);
      now.pairs[{user_cluster(r.user), item_cluster(r.item)}].add(value);
    }
    return now;
  }

  template <class Concerned>
  void choose(index& cluster, int count, const averages& now, const Concerned& concerned) {
    double least = std::numeric_limits<double>::infinity();
    index best = 0;
    for (cluster = 0; cluster < count; ++cluster) {
      double error = 0;
      for (const auto& r : ratings_)
        if (concerned(r))
          error +=
              std::pow(static_cast<double>(r.value) -
                           now.predict(r.user, user_cluster(r.user), r.item, item_cluster(r.item)),
                       2);
      if (error < least - 1e-9) {
        least = error;
        best = cluster;
      }
    }
    cluster = best;
  }

  std::vector<test::rating> ratings_;
  std::vector<index> users_;
  std::vector<index> items_;
  co_clustering_options options_;
};

/// Every user rates every item: 1 or 5 as their groups (index modulo 2, modulo 3) agree or not, and
/// each user has a level.
dataset planted_groups() {
  rating_columns columns;
  for (index u = 0; u < 24; ++u)
    for (index i = 0; i < 18; ++i) {
      columns.users.push_back(u);
      columns.items.push_back(i);
      const bool likes = (u % 2 == 0) == (i % 3 == 0);
      columns.values.push_back((likes ? 5.0F : 1.0F) + 0.25F * static_cast<float>(u % 3));
    }
  return make_dataset(test::numbered_ids(24), test::numbered_ids(18), std::move(columns));
}

}  // namespace

TEST_CASE("co-clustering goes the way of the paper") {
  const dataset train = test::plain_dataset(500, 40, 30, 5);
  for (const auto& clusters : {std::pair{3, 3}, {2, 5}, {1, 4}, {1, 1}}) {
    CAPTURE(clusters.first);
    co_clustering_options options{.user_clusters = clusters.first,
                                  .item_clusters = clusters.second,
                                  .restarts = 1,
                                  .clip = false};
    options.epochs = 0;
    co_clustering start(options);
    start.fit(train);
    reference expected(train, start);
    for (int epoch = 0; epoch < 4; ++epoch) expected.improve();

    options.epochs = 4;
    co_clustering model(options);
    const fit_history history = model.fit(train);
    CHECK(std::ranges::equal(model.user_clusters(), expected.users()));
    CHECK(std::ranges::equal(model.item_clusters(), expected.items()));
    CHECK(history.epochs.back().train_rmse == doctest::Approx(expected.rmse()));
    for (const auto& r : test::ratings_of(train))
      if (r.user % 7 == 0)
        CHECK(model.predict(r.user, r.item) ==
              doctest::Approx(expected.predict(r.user, r.item)).epsilon(1e-5));
  }
}

TEST_CASE("co-clustering finds groups that are there") {
  co_clustering model{{.user_clusters = 2, .item_clusters = 2, .restarts = 10}};
  const dataset train = planted_groups();
  const fit_history history = model.fit(train);
  CHECK(history.epochs.back().train_rmse < 1e-5);
  for (index u = 0; u < 24; ++u) {
    const auto clusters = model.user_clusters();
    CHECK((clusters[static_cast<std::size_t>(u)] == clusters[0]) == (u % 2 == 0));
  }
}

TEST_CASE("co-clustering keeps the best of its restarts") {
  const dataset train = test::plain_dataset(900, 60, 50, 6);
  double least = std::numeric_limits<double>::infinity();
  for (const int restarts : {1, 2, 5, 10}) {
    co_clustering model{{.restarts = restarts}};
    const double rmse = model.fit(train).epochs.back().train_rmse;
    CHECK(rmse <= least);
    least = rmse;
    co_clustering unheld{{.restarts = restarts, .clip = false}};
    unheld.fit(train);
    CHECK(evaluate_ratings(unheld, train).rmse == doctest::Approx(rmse).epsilon(1e-5));
  }
}

TEST_CASE("co-clustering stops early at its best epoch") {
  const dataset train = test::plain_dataset(900, 60, 50, 6);
  const dataset validation = test::plain_dataset(300, 60, 50, 7);
  co_clustering model{{.epochs = 50}};
  const fit_history history = model.fit(
      train, {.validation = validation, .early_stopping = early_stopping_options{.patience = 2}});
  CHECK(history.epochs.size() < 50);
  const auto& best = history.epochs[static_cast<std::size_t>(history.best_epoch - 1)];
  CHECK(evaluate_ratings(model, validation).rmse ==
        doctest::Approx(best.validation_rmse).epsilon(1e-5));
}

TEST_CASE("co-clustering falls back on means") {
  const std::vector<index> users = {0, 0, 1, 2};
  const std::vector<index> items = {0, 1, 0, 1};
  const std::vector<float> values = {5, 3, 4, 1};
  co_clustering model;
  model.fit(make_dataset(test::numbered_ids(4), test::numbered_ids(3), users, items, values));
  constexpr index far = std::numeric_limits<index>::max();
  CHECK(model.user_clusters()[3] == unknown_index);
  CHECK(model.item_clusters()[2] == unknown_index);
  for (const index item : {2, 3, unknown_index, far}) {
    CHECK(model.predict(0, item) == 4);
    for (const index user : {3, 4, unknown_index, far}) CHECK(model.predict(user, item) == 3.25F);
  }
  for (const index user : {3, 4, unknown_index, far}) CHECK(model.predict(user, 1) == 2);
  std::vector<float> scores(3);
  model.score(unknown_index, scores);
  CHECK(scores == std::vector<float>{4.5F, 2, 3.25F});
}

TEST_CASE("co-clustering answers with numbers whatever the data") {
  for (const dataset& train : test::odd_datasets()) {
    co_clustering model;
    model.fit(train);
    CHECK(test::all_finite(model));
  }
  co_clustering constant;
  constant.fit(test::odd_datasets()[3]);
  CHECK(constant.predict(0, 1) == 4);
}

TEST_CASE("co-clustering keeps to what all models keep to") {
  for (const auto& train :
       {test::plain_dataset(20000, 597, 43, 1), test::plain_dataset(31, 1, 31, 2)})
    test::check_same_bits_everywhere(co_clustering{{.restarts = 3}}, train);
  test::check_failed_fits(co_clustering());
  test::check_round_trip(
      co_clustering{{.user_clusters = 2, .item_clusters = 5, .epochs = 3, .seed = 7}});
  test::check_round_trip(co_clustering{{.epochs = 0, .restarts = 2, .clip = false}});
  CHECK_THROWS_AS(co_clustering({.user_clusters = 0}), option_error);
  CHECK_THROWS_AS(co_clustering({.item_clusters = 257}), option_error);
  CHECK_THROWS_AS(co_clustering({.epochs = -1}), option_error);
  CHECK_THROWS_AS(co_clustering({.restarts = 0}), option_error);
}

TEST_CASE("co-clustering refuses a file whose parts do not fit") {
  co_clustering model;
  model.fit(test::plain_dataset(100, 10, 12, 1));
  CHECK(!test::refuses<index>(model, "clusters_of_users", 3, 2));
  for (const index bad : {-2, 3, 1000000}) {
    CHECK(test::refuses<index>(model, "clusters_of_users", 3, bad));
    CHECK(test::refuses<index>(model, "clusters_of_items", 3, bad));
  }
}

}  // namespace kindred::co_clustering_test
