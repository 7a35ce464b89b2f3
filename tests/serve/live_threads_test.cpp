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

TEST_CASE("push waits while the queue is full, until there is room or it is told to stop") {
  live_mf live{fitted(), train(), quick({.queue_capacity = 3})};
  const live_rating one{.user = "a", .item = "i1", .value = 3};
  for (int n = 0; n < 3; ++n) CHECK(live.try_push(one));
  CHECK_FALSE(live.try_push(one));
  CHECK(live.metrics().queued == 3);

  std::stop_source patience;
  auto impatient =
      std::async(std::launch::async, [&] { return live.push(one, patience.get_token()); });
  CHECK(impatient.wait_for(milliseconds(20)) == std::future_status::timeout);
  patience.request_stop();
  CHECK_FALSE(impatient.get());

  auto patient = std::async(std::launch::async, [&] { return live.push(one); });
  CHECK(patient.wait_for(milliseconds(20)) == std::future_status::timeout);
  std::jthread updates = runner(live);
  CHECK(patient.get());
  updates.request_stop();
  updates.join();
  CHECK(live.metrics().counts == live_counts{.added = 1, .duplicates = 3});
  CHECK_FALSE(live.push(one));  // nobody would take it in
  CHECK_FALSE(live.try_push(one));
  updates = runner(live);
  wait_until([&] { return live.try_push(one); });
}

TEST_CASE("run ends soon when asked to, and takes in what was pushed before") {
  live_mf live{fitted(),
               train(),
               {.poll_interval = std::chrono::hours(1), .publish_interval = std::chrono::hours(1)}};
  {
    std::jthread updates = runner(live);
    live.push({.user = "a", .item = "i1", .value = 3});
    wait_until([&] { return live.snapshot()->users().find("a").has_value(); });
    live.push({.user = "b", .item = "i1", .value = 3});  // would show in an hour
  }
  CHECK(live.snapshot()->users().find("b"));
  std::stop_source stopped;
  stopped.request_stop();
  live.run(stopped.get_token());
}

TEST_CASE("one run at a time") {
  live_mf live{fitted(), train(), quick()};
  const std::jthread updates = runner(live);
  live.push({.user = "a", .item = "i1", .value = 3});
  wait_until([&] { return live.metrics().counts.added == 1; });
  CHECK_THROWS_WITH_AS(live.run({}), "live_recommender: run() is running already", data_error);
}

namespace {

/// Has a batch, fails some times, and has another one.
class failing_feed {
 public:
  explicit failing_feed(int failures) : failures_(failures) {
    good_.append({{"a", "i1", 5.0F}});
    good_.append({{"b", "i1", 5.0F}});
  }

  void poll(rating_batch& batch) {
    if (good_.position() != "0" && failures_-- > 0) {
      batch.values.push_back(1);  // what is left of a batch must not matter
      throw std::runtime_error("connection lost");
    }
    good_.poll(batch);
  }
  [[nodiscard]] std::string position() const { return good_.position(); }
  void seek(std::string_view position) { good_.seek(position); }

 private:
  log_feed good_;
  int failures_;
};

}  // namespace

TEST_CASE("what a feed throws ends a run, once all before it is published") {
  live_mf live{fitted(), train(), quick()};
  failing_feed feed(1);
  live.try_push({.user = "c", .item = "i1", .value = 3});
  CHECK(failure_of_run(live, feed) == "connection lost");
  CHECK(live.position() == "1");
  CHECK(live.snapshot()->users().find("a"));
  CHECK(live.snapshot()->users().find("c"));
  CHECK_FALSE(live.snapshot()->users().find("b"));
  std::jthread again([&](const std::stop_token& stop) { live.run(feed, stop); });
  wait_until([&] { return live.snapshot()->users().find("b").has_value(); });
}

TEST_CASE("a feed that fails is asked again if the application says so") {
  std::atomic<int> told{0};
  live_mf live{fitted(), train(), quick({.on_feed_error = [&](const std::exception_ptr& failure) {
                 CHECK(failure != nullptr);
                 return ++told < 3;
               }})};
  failing_feed feed(2);
  {
    const std::jthread updates([&](const std::stop_token& stop) { live.run(feed, stop); });
    wait_until([&] { return live.snapshot()->users().find("b").has_value(); });
  }
  CHECK(told == 2);
  failing_feed hopeless(100);
  CHECK(failure_of_run(live, hopeless) != "");
  CHECK(told == 3);
}

TEST_CASE("a position that the feed does not know ends the run before it began") {
  live_mf live{fitted(), train(), quick()};
  log_feed feed;
  feed.append({{"a", "i1", 5.0F}});
  {
    const std::jthread updates([&](const std::stop_token& stop) { live.run(feed, stop); });
    wait_until([&] { return live.position() == "1"; });
  }
  log_feed other;
  CHECK(failure_of_run(live, other) == "log: is no position of the log: '1'");
  CHECK(live.snapshot()->users().find("a"));
}

namespace {

/// Lets a fit wait at the end of its first epoch.
struct gate {
  std::promise<void> reached;
  std::promise<void> opened;

  [[nodiscard]] fit_options options() {
    auto may_go = std::make_shared<std::shared_future<void>>(opened.get_future());
    return {.observer = [this, may_go](const epoch_report& report) {
      if (report.epoch == 1) {
        reached.set_value();
        may_go->wait();
      }
      return training::proceed;
    }};
  }
};

}  // namespace

TEST_CASE(
    "a fit in the background has the bits of a fit, and nothing that comes meanwhile is lost") {
  for (const std::size_t meanwhile : {0U, 20U, 3000U}) {  // the last is caught up with before
    CAPTURE(meanwhile);
    gate fit;
    live_mf live{fitted(), train(), {.fit = fit.options()}};
    const auto rows = random_ratings(300, 60, 45, 1);
    const auto later = random_ratings(meanwhile, 300, 50, 2);
    apply(live, rows);
    live.refit();
    fit.reached.get_future().wait();
    CHECK(live.metrics().working);
    apply(live, later);
    const auto during = live.snapshot();
    fit.opened.set_value();
    live.wait();
    CHECK(live.metrics().refits == 1);
    CHECK_FALSE(live.metrics().working);

    const dataset seen = with_ratings(train(), rows);
    const auto expected = fitted(seen);
    const dataset all = with_ratings(seen, later);
    const auto snapshot = live.snapshot();
    CHECK(live.metrics().ratings == all.size());
    REQUIRE(snapshot->users().size() == all.num_users());
    const id_map& users = snapshot->users();
    const auto is_touched = [&](index u) {
      if (u >= seen.num_users()) return true;
      const auto before = seen.by_user(u);
      const auto now = all.by_user(u);
      return !std::equal(before.values().begin(), before.values().end(), now.values().begin(),
                         now.values().end());
    };
    int wrong = 0;
    for (index u = 0; u < all.num_users(); ++u) {
      wrong += users.id(u) != all.users().id(u) ? 1 : 0;
      const auto ratings = all.by_user(u);
      wrong += !std::equal(ratings.indices().begin(), ratings.indices().end(),
                           snapshot->seen(u).begin(), snapshot->seen(u).end())
                   ? 1
                   : 0;
      const auto row = snapshot->state().user_entry(u);
      if (!is_touched(u)) {
        for (std::size_t f = 0; f < 5; ++f)
          wrong += row.factors[f] != expected.user_entry(u).factors[f];
      } else if (meanwhile < 1000) {
        std::vector<rated_entry<float>> rated;
        for (const auto [item, value] : ratings)
          rated.push_back({snapshot->state().item_entry(item), value});
        const Eigen::VectorXd reference = reference_row(expected, rated);
        for (Eigen::Index f = 0; f < 5; ++f)
          wrong += std::abs(static_cast<double>(row.factors[f]) - reference(f)) > 1e-4 ? 1 : 0;
      }
    }
    CHECK(wrong == 0);
    CHECK(during->users().size() == all.num_users());
    if (meanwhile == 0)
      CHECK(std::equal(expected.user_biases().begin(), expected.user_biases().end(),
                       snapshot->base().model().user_biases().begin()));
  }
}

TEST_CASE("a fit is due when a share of the ratings is new") {
  live_mf live{fitted(), train(), {.refit_share = 0.1}};
  apply(live, random_ratings(20, 60, 45, 1));
  live.wait();
  CHECK(live.metrics().refits == 0);
  apply(live, random_ratings(400, 60, 45, 2));
  live.wait();
  CHECK(live.metrics().refits == 1);
}

TEST_CASE("a fit is due when predictions get worse") {
  live_mf live{fitted(), train(), {.item_growth = 1, .refit_drift = 0.3}};
  apply(live, random_ratings(1100, 50, 40, 1));
  live.wait();
  CHECK(live.metrics().drift < 0.3);
  CHECK(live.metrics().error > 0);
  CHECK(live.metrics().refits == 0);
  std::vector<text_rating> odd;
  for (text_rating row : random_ratings(800, 50, 40, 2))
    odd.push_back({row.user, row.item, 50 * row.value});
  apply(live, odd);
  live.wait();
  CHECK(live.metrics().refits >= 1);
}

TEST_CASE("what has changed is merged when it is much, and readers see no difference") {
  live_mf live{fitted(), train(), {.compact_share = 0.05, .compact_least = 10}};
  live_mf never{fitted(), train()};
  for (std::uint64_t step = 0; step < 6; ++step) {
    const auto rows = random_ratings(60, 70, 50, step);
    apply(live, rows);
    apply(never, rows);
    live.wait();
    CHECK(live.metrics().pending < 110);
    CHECK(all_answers(*live.snapshot()) == all_answers(*never.snapshot()));
  }
  CHECK(live.metrics().compactions >= 1);
  CHECK(never.metrics().compactions == 0);
}

TEST_CASE("background work that fails leaves the snapshot, and is told of") {
  std::atomic<int> told{0};
  fit_options fit;
  fit.observer = [](const epoch_report&) -> training { throw std::runtime_error("no luck"); };
  live_mf live{
      fitted(), train(), {.fit = fit, .on_background_error = [&](const std::exception_ptr&) {
                            ++told;
                            throw std::logic_error("nor here");
                          }}};
  apply(live, {{"a", "i1", 5.0F}});
  const auto expected = all_answers(*live.snapshot());
  live.refit();
  live.wait();
  CHECK(told == 1);
  CHECK(live.metrics().failures == 2);
  CHECK(live.metrics().last_failure == "nor here");
  CHECK(live.metrics().refits == 0);
  CHECK(all_answers(*live.snapshot()) == expected);
  apply(live, {{"b", "i1", 5.0F}});
  CHECK(live.snapshot()->users().find("b"));
}

TEST_CASE("a fit in the background stops with its owner") {
  fit_options fit;
  std::promise<void> begun;
  fit.observer = [&](const epoch_report& report) {
    if (report.epoch == 1) begun.set_value();
    return training::proceed;
  };
  matrix_factorization<> endless{{.factors = 5, .epochs = 1'000'000'000}};
  endless.fit(train(), {.observer = [](const epoch_report&) { return training::stop; }});
  {
    live_mf live{std::move(endless), train(), {.fit = fit}};
    live.refit();
    begun.get_future().wait();
  }
}

}  // namespace kindred::live_threads_test
