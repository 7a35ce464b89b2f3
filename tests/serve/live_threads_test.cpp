#include <kindred/core/error.hpp>
#include <kindred/data/change_feed.hpp>
#include <kindred/model/popularity.hpp>
#include <kindred/serve/live_recommender.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <future>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "live_support.hpp"

namespace kindred::live_threads_test {

using namespace test;
using std::chrono::milliseconds;

namespace {

static_assert(change_feed<log_feed>);

using live_mf = live_recommender<matrix_factorization<>>;

const dataset& train() {
  static const dataset data = plain_dataset(2000, 50, 40, 9);
  return data;
}

matrix_factorization<> fitted(const dataset& data = train()) {
  matrix_factorization<> model{{.factors = 5, .epochs = 3}};
  model.fit(data);
  return model;
}

/// Short intervals, so that tests do not wait.
live_options quick(live_options options = {}) {
  options.poll_interval = milliseconds(1);
  options.publish_interval = milliseconds(1);
  return options;
}

template <class Condition>
void wait_until(const Condition& condition) {
  while (!condition()) std::this_thread::sleep_for(milliseconds(1));
}

live_rating rating_of(const text_rating& r) {
  return {.user = r.user, .item = r.item, .value = r.value};
}

template <class Live>
std::jthread runner(Live& live) {
  return std::jthread([&live](const std::stop_token& stop) { live.run(stop); });
}

/// What stopped a run.
template <class Live, class Feed>
std::string failure_of_run(Live& live, Feed& feed) {
  try {
    live.run(feed, {});
  } catch (const std::exception& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("ratings that many threads push are all there in the end") {
  live_mf live{fitted(), train(), quick({.queue_capacity = 16})};
  std::vector<text_rating> all;
  {
    const std::jthread updates = runner(live);
    std::vector<std::jthread> pushers;
    for (index t = 0; t < 4; ++t) {
      std::vector<text_rating> rows;
      for (index n = 0; n < 150; ++n)
        rows.push_back({"p" + std::to_string(t) + "_" + std::to_string(n % 30),
                        "i" + std::to_string((n * 7 + t) % 45), static_cast<float>(n % 5) + 1});
      all.insert(all.end(), rows.begin(), rows.end());
      pushers.emplace_back([&live, rows = std::move(rows)] {
        for (const text_rating& row : rows)
          if (!live.push(rating_of(row))) throw std::logic_error("refused");
      });
    }
  }
  const auto m = live.metrics();
  CHECK(m.counts.added + m.counts.changed + m.counts.duplicates == 600);
  CHECK(m.queued == 0);
  CHECK(m.stale_users == 0);
  CHECK(m.max_lag.count() > 0);
  const dataset expected = with_ratings(train(), all);
  CHECK(m.ratings == expected.size());
  const auto snapshot = live.snapshot();
  int wrong = 0;
  for (index u = 0; u < expected.num_users(); ++u) {
    const auto user = snapshot->users().find(expected.users().id(u));
    REQUIRE(user);
    wrong += snapshot->seen(*user).size() != expected.by_user(u).size() ? 1 : 0;
  }
  CHECK(wrong == 0);
}

TEST_CASE("a feed is followed, and its ratings show without being asked for") {
  live_mf live{fitted(), train(), quick()};
  log_feed feed;
  feed.append({{"a", "i1", 5.0F}});
  feed.append({});
  feed.append({{"b", "new", 1.0F}, {"a", "i2", 2.0F}});
  feed.append({{"b", "i3", 1.0F}});
  {
    const std::jthread updates([&](const std::stop_token& stop) { live.run(feed, stop); });
    live.push({.user = "c", .item = "i4", .value = 2});
    wait_until([&] { return live.metrics().counts.added == 5; });
    wait_until([&] { return live.predict("c", "i4").status == prediction_status::known; });
  }
  CHECK(live.position() == "4");
  CHECK(live.snapshot()->users().size() == 53);
  feed.append({{"d", "i3", 1.0F}});
  std::jthread again([&](const std::stop_token& stop) { live.run(feed, stop); });
  wait_until([&] { return live.predict("d", "i3").status == prediction_status::known; });
  CHECK(live.metrics().counts.duplicates == 0);
}

}  // namespace kindred::live_threads_test
