#include <kindred/serve/live_recommender.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "../temporary_folder.hpp"
#include "live_support.hpp"

namespace kindred::live_stress_test {

using namespace test;

namespace {

/// Counts what a snapshot says that cannot be: to anyone with ratings, an item that was seen, or
/// fewer than there are others.
int count_odd(const live_snapshot<matrix_factorization<>>& snapshot, index user) {
  int odd = 0;
  const auto id = snapshot.users().id(user);
  const auto list = snapshot.recommend(id, 5);
  const auto seen = snapshot.seen(user);
  odd += list.size() == 5 ? 0 : 1;
  for (const auto& [item, score] : list.entries()) {
    odd += std::binary_search(seen.begin(), seen.end(), item) ? 1 : 0;
    odd += snapshot.items().find(snapshot.items().id(item)) == item ? 0 : 1;
    odd +=
        snapshot.predict(id, snapshot.items().id(item)).status == prediction_status::known ? 0 : 1;
  }
  return odd;
}

}  // namespace

TEST_CASE("readers, pushers, a feed, batches, merges, fits and files, all at once") {
  const temporary_folder folder;
  const dataset train = plain_dataset(1500, 60, 50, 9);
  matrix_factorization<> model{{.factors = 8, .epochs = 2}};
  model.fit(train);
  live_recommender<matrix_factorization<>> live{std::move(model),
                                                train,
                                                {.poll_interval = std::chrono::milliseconds(1),
                                                 .publish_interval = std::chrono::milliseconds(1),
                                                 .queue_capacity = 32,
                                                 .compact_share = 0.02,
                                                 .compact_least = 10}};
  log_feed feed;
  std::vector<text_rating> all;
  for (std::uint64_t n = 0; n < 100; ++n) {
    const auto rows = random_ratings(10, 90, 70, 100 + n);
    all.insert(all.end(), rows.begin(), rows.end());
    feed.append(rows);
  }

  std::atomic<bool> done{false};
  std::atomic<int> odd{0};
  std::vector<std::jthread> readers;
  for (index t = 0; t < 3; ++t)
    readers.emplace_back([&, t] {
      std::uint64_t version = 0;
      for (index n = t; !done; ++n) {
        const auto snapshot = live.snapshot();
        odd += snapshot->version() < version ? 1 : 0;
        version = snapshot->version();
        odd += count_odd(*snapshot, n % snapshot->users().size());
        if (n % 16 == 0)
          odd += snapshot->similar_items(snapshot->items().id(n % 50), 3).size() == 3 ? 0 : 1;
        (void)live.recommend("stranger", 3);
        (void)live.metrics();
      }
    });
  {
    const std::jthread updates([&](const std::stop_token& stop) { live.run(feed, stop); });
    std::vector<std::jthread> writers;
    for (std::uint64_t t = 0; t < 2; ++t) {
      auto rows = random_ratings(500, 90, 70, 200 + t);
      all.insert(all.end(), rows.begin(), rows.end());
      writers.emplace_back([&live, rows = std::move(rows)] {
        for (const text_rating& row : rows)
          live.push({.user = row.user, .item = row.item, .value = row.value});
      });
    }
    const auto batch = random_ratings(100, 90, 70, 300);
    all.insert(all.end(), batch.begin(), batch.end());
    for (std::size_t n = 0; n < batch.size(); n += 10) {
      apply(live,
            {batch.begin() + static_cast<long>(n), batch.begin() + static_cast<long>(n) + 10});
      if (n % 30 == 0) live.refit();
      if (n % 50 == 0) live.save(folder.path("live"));
    }
    while (live.position() != "100") std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  live.wait();
  done = true;
  readers.clear();
  CHECK(odd == 0);

  const auto m = live.metrics();
  CHECK(m.failures == 0);
  CHECK(m.refits >= 1);
  CHECK(m.stale_users == 0);
  const dataset expected = with_ratings(train, all);
  CHECK(m.ratings == expected.size());
  const auto snapshot = live.snapshot();
  REQUIRE(snapshot->users().size() == expected.num_users());
  int wrong = 0;
  for (index u = 0; u < expected.num_users(); ++u)
    wrong += snapshot->seen(*snapshot->users().find(expected.users().id(u))).size() !=
                     expected.by_user(u).size()
                 ? 1
                 : 0;
  CHECK(wrong == 0);
}

}  // namespace kindred::live_stress_test
