#include <kindred/core/error.hpp>
#include <kindred/io/save.hpp>
#include <kindred/model/item_knn.hpp>
#include <kindred/model/popularity.hpp>
#include <kindred/serve/live_recommender.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <future>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "../serve/live_support.hpp"
#include "support.hpp"

namespace kindred::live_file_test {

using namespace test;

namespace {

using live_mf = live_recommender<matrix_factorization<>>;

template <class Model>
live_recommender<Model> made(const dataset& train, Model model, live_options options = {}) {
  model.fit(train);
  return live_recommender<Model>(std::move(model), train, std::move(options));
}

matrix_factorization<> factors() { return matrix_factorization<>({.factors = 5, .epochs = 2}); }

/// Follows a feed until it has been read to the end.
template <class Live>
void follow(Live& live, log_feed& feed, const std::string& end) {
  std::jthread updates([&](const std::stop_token& stop) { live.run(feed, stop); });
  while (live.position() != end) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

}  // namespace

TEST_CASE("a live recommender that is saved and loaded goes on with the same bits") {
  const temporary_folder folder;
  const std::string path = folder.path("live");
  for (const bool columns : {true, false}) {  // times and weights
    const dataset train = columns ? random_dataset(900, 40, 30, 4) : plain_dataset(900, 40, 30, 4);
    auto first = made(train, factors(), {.item_growth = 0.3});
    auto whole = made(train, factors(), {.item_growth = 0.3});
    apply(first, random_ratings(200, 60, 45, 1));
    apply(whole, random_ratings(200, 60, 45, 1));
    const auto expected = all_answers(*first.snapshot());
    first.save(path);
    CHECK(all_answers(*first.snapshot()) == expected);

    auto loaded = live_mf::load(path, {.item_growth = 0.3});
    CHECK(all_answers(*loaded.snapshot()) == expected);
    CHECK(loaded.metrics().ratings == first.metrics().ratings);
    for (std::uint64_t step = 0; step < 10; ++step) {  // also which items are due next
      apply(loaded, random_ratings(20, 60, 50, 10 + step));
      apply(whole, random_ratings(20, 60, 50, 10 + step));
      CHECK(all_answers(*loaded.snapshot()) == all_answers(*whole.snapshot()));
    }
    loaded.refit();
    whole.refit();
    loaded.wait();
    whole.wait();
    CHECK(all_answers(*loaded.snapshot()) == all_answers(*whole.snapshot()));
    loaded.save(path);
    CHECK(all_answers(*live_mf::load(path).snapshot()) == all_answers(*whole.snapshot()));
    CHECK(count_files(folder) == 1);
  }
}

TEST_CASE_TEMPLATE("models that learn otherwise are saved with all ratings, too", Model, item_knn,
                   popularity_model) {
  const temporary_folder folder;
  const dataset train = random_dataset(900, 40, 30, 4);
  auto live = made(train, Model());
  text_batch batch(random_ratings(100, 60, 45, 1), true);
  live.apply(batch.get());
  live.save(folder.path("live"));
  auto loaded = live_recommender<Model>::load(folder.path("live"));
  CHECK(all_answers(*loaded.snapshot()) == all_answers(*live.snapshot()));
  CHECK(loaded.metrics().pending == live.metrics().pending);
  for (auto* one : {&live, &loaded}) {
    apply(*one, random_ratings(50, 60, 50, 2));
    one->refit();
    one->wait();
  }
  CHECK(all_answers(*loaded.snapshot()) == all_answers(*live.snapshot()));
}

TEST_CASE("a restart goes on in the feed where the file says, and counts nothing twice") {
  const temporary_folder folder;
  const std::string path = folder.path("live");
  const dataset train = plain_dataset(900, 40, 30, 4);
  const live_options quick{.poll_interval = std::chrono::milliseconds(1)};
  log_feed feed;
  for (std::uint64_t n = 0; n < 4; ++n) feed.append(random_ratings(20, 60, 45, n));
  {
    auto live = made(train, factors(), quick);
    follow(live, feed, "4");
    live.save(path);
    feed.append(random_ratings(20, 60, 45, 4));
    follow(live, feed, "5");  // and is lost
  }
  auto live = live_mf::load(path, quick);
  CHECK(live.position() == "4");
  follow(live, feed, "5");
  std::vector<text_rating> all;
  for (std::uint64_t n = 0; n < 5; ++n)
    for (const auto& row : random_ratings(20, 60, 45, n)) all.push_back(row);
  CHECK(live.metrics().ratings == with_ratings(train, all).size());
  const auto& counts = live.metrics().counts;
  CHECK(counts.added + counts.changed + counts.duplicates == 20);
}

TEST_CASE("saving does not wait for a fit, and the fit loses nothing by it") {
  const temporary_folder folder;
  const dataset train = plain_dataset(900, 40, 30, 4);
  std::promise<void> reached;
  std::promise<void> opened;
  auto may_go = std::make_shared<std::shared_future<void>>(opened.get_future());
  fit_options fit;
  fit.observer = [&, may_go](const epoch_report& report) {
    if (report.epoch == 1) reached.set_value();
    may_go->wait();
    return training::proceed;
  };
  auto live = made(train, factors(), {.fit = fit});
  live.refit();
  reached.get_future().wait();
  apply(live, {{"a", "i1", 5.0F}});
  live.save(folder.path("live"));
  apply(live, {{"b", "i1", 5.0F}});
  live.save(folder.path("later"));
  opened.set_value();
  live.wait();
  CHECK(live.metrics().refits == 1);
  CHECK(live.metrics().ratings == train.size() + 2);
  CHECK(live.metrics().pending == 2);
  CHECK(live.snapshot()->users().find("b"));
  CHECK_FALSE(live_mf::load(folder.path("live")).snapshot()->users().find("b"));
  CHECK(live_mf::load(folder.path("later")).snapshot()->users().find("b"));
}

TEST_CASE("a damaged file is a format_error") {
  const temporary_folder folder;
  const std::string path = folder.path("live");
  auto live = made(plain_dataset(30, 6, 5, 4), popularity_model());
  apply(live, {{"a", "fresh", 5.0F}});
  live.save(path);
  const std::string bytes = read_file(path);
  using live_popularity = live_recommender<popularity_model>;
  std::size_t odd = 0;
  for (std::size_t at = 0; at < bytes.size(); at += 29) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 4);
    const std::string file = folder.write("damaged", damaged);
    CHECK_THROWS_AS((void)live_popularity::load(file), format_error);
    try {  // an honest checksum must not be all that stands between us and a crash
      (void)live_popularity::load(file, {}, {.verify_checksum = false});
    } catch (const format_error&) {
      ++odd;
    }
  }
  CHECK(odd > 0);
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{9}, bytes.size() / 2, bytes.size() - 1})
    CHECK_THROWS_AS((void)live_popularity::load(folder.write("cut", bytes.substr(0, size))),
                    format_error);
  CHECK_THROWS_AS((void)live_popularity::load(folder.path("missing")), io_error);
  CHECK_THROWS_AS((void)live_mf::load(path), format_error);
  CHECK_THROWS_AS((void)load_model<popularity_model>(path), format_error);
  CHECK_NOTHROW((void)live_popularity::load(path));
}

TEST_CASE("a live recommender that cannot be saved leaves the old file whole, and goes on") {
  const temporary_folder folder;
  const std::string path = folder.path("live");
  auto live = made(plain_dataset(900, 40, 30, 4), factors());
  live.save(path);
  apply(live, {{"a", "i1", 5.0F}});
  {
    const file_size_limit disk_full(3000);
    CHECK_THROWS_AS(live.save(path), io_error);
  }
  CHECK_FALSE(live_mf::load(path).snapshot()->users().find("a"));
  apply(live, {{"b", "i1", 5.0F}});
  live.save(path);
  CHECK(live_mf::load(path).snapshot()->users().find("a"));
  CHECK(live_mf::load(path).snapshot()->users().find("b"));
  CHECK(count_files(folder) == 1);
}

}  // namespace kindred::live_file_test
