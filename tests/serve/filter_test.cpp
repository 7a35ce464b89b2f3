#include <kindred/serve/recommender.hpp>

#include <doctest/doctest.h>

#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "support.hpp"

namespace kindred::filter_test {

using namespace test;

namespace {

struct filters : latent_stub<float> {
  filters() : latent_stub(60, 120, 9) {}
  dataset train = random_dataset(1500, 60, 120, 21);
  recommender<latent_stub<float>> served{*this, train};

  /// Compares every user, one by one and in a batch, with a sort of the allowed items.
  template <class Allowed>
  void check(const recommend_options& options, const Allowed& allowed) const {
    std::vector<std::string> users;
    for (index u = 0; u < 60; ++u) users.push_back("u" + std::to_string(u));
    users.emplace_back("stranger");
    const auto lists = served.recommend(users, 12, options);
    for (index u = 0; u < 61; ++u) {
      const bool cold = u == 60 || train.by_user(u).empty();
      std::vector<float> scores(120);
      if (cold)
        for (index i = 0; i < 120; ++i)
          scores[static_cast<std::size_t>(i)] = static_cast<float>(train.by_item(i).size());
      else
        scores = scores_of(*this, u);
      const auto expected = best_of(scores, 12, [&](index item) {
        const bool seen = options.exclude_seen && !cold && has_seen(train, u, item);
        return !seen && allowed("i" + std::to_string(item));
      });
      const auto& list = lists[static_cast<std::size_t>(u)];
      CHECK(entries_of(list) == expected);
      CHECK(entries_of(served.recommend(users[static_cast<std::size_t>(u)], 12, options)) ==
            expected);
      CHECK(list.cold_start() == cold);
    }
  }
};

}  // namespace

TEST_CASE_FIXTURE(filters, "Seen items can be let in") {
  check({.exclude_seen = false}, [](const std::string&) { return true; });
}

TEST_CASE_FIXTURE(filters,
                  "Nothing but the allow list, whose unknown ids and repeats are ignored") {
  const std::vector<std::string> allow = {"i7",  "i119", "i0",  "nonsense", "i50", "i7",
                                          "i51", "i33",  "i34", "i35",      "i36", "i1",
                                          "i90", "i91",  "i92", "i93",      "i94", "i2"};
  const std::set<std::string> allowed(allow.begin(), allow.end());
  check({.allow = allow}, [&](const std::string& id) { return allowed.count(id) > 0; });
}

TEST_CASE_FIXTURE(filters, "An allow list that is empty or unknown allows nothing") {
  CHECK(served.recommend("u1", 5, {.allow = std::vector<std::string>{}}).empty());
  CHECK(served.recommend("u1", 5, {.allow = {{"nonsense"}}}).empty());
  CHECK(served.recommend("stranger", 5, {.allow = std::vector<std::string>{}}).empty());
  CHECK(served.recommend("stranger", 5, {.allow = std::vector<std::string>{}}).cold_start());
}

TEST_CASE_FIXTURE(filters, "None of the deny list") {
  recommend_options options;
  for (int i = 0; i < 120; i += 3) options.deny.push_back("i" + std::to_string(i));
  options.deny.emplace_back("nonsense");
  const std::set<std::string> denied(options.deny.begin(), options.deny.end());
  check(options, [&](const std::string& id) { return denied.count(id) == 0; });

  for (int i = 0; i < 120; ++i) options.deny.push_back("i" + std::to_string(i));
  CHECK(served.recommend("u1", 5, options).empty());
}

TEST_CASE_FIXTURE(filters, "Only what a predicate accepts") {
  const auto even = [](std::string_view id) { return (id.back() - '0') % 2 == 0; };
  check({.accept = even}, even);
  CHECK(served.recommend("u1", 5, {.accept = [](std::string_view) { return false; }}).empty());
}

TEST_CASE_FIXTURE(filters, "All filters apply together") {
  recommend_options options;
  options.allow.emplace();
  for (int i = 0; i < 100; ++i) options.allow->push_back("i" + std::to_string(i));
  for (int i = 0; i < 120; i += 5) options.deny.push_back("i" + std::to_string(i));
  options.accept = [](std::string_view id) { return id.back() != '7'; };
  const std::set<std::string> denied(options.deny.begin(), options.deny.end());
  check(options, [&](const std::string& id) {
    return std::stoi(id.substr(1)) < 100 && denied.count(id) == 0 && id.back() != '7';
  });
}

TEST_CASE_FIXTURE(filters, "What a predicate throws is passed on") {
  const recommend_options options{
      .accept = [](std::string_view) -> bool { throw std::logic_error("mine"); }};
  CHECK_THROWS_AS((void)served.recommend("u1", 5, options), std::logic_error);
  std::vector<std::string> users(200, "u1");
  CHECK_THROWS_AS((void)served.recommend(users, 5, options), std::logic_error);
}

}  // namespace kindred::filter_test
