#include <kindred/core/random.hpp>
#include <kindred/data/merge.hpp>
#include <kindred/serve/detail/live/rating_log.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "support.hpp"

namespace kindred::rating_log_test {

using namespace test;
using detail::live::arrival;
using detail::live::rating_log;

namespace {

constexpr index users = 12;
constexpr index items = 9;

struct stored {
  float value = 0;
  float weight = 0;

  friend bool operator==(const stored&, const stored&) = default;
};
using stored_ratings = std::map<std::pair<index, index>, stored>;

stored_ratings ratings_in(const dataset& data) {
  stored_ratings all;
  for (const rating& r : ratings_of(data))
    all[{r.user, r.item}] = {r.value, data.has_weights() ? r.weight : 1.0F};
  return all;
}

/// What the log says of all users, and of all items, in their order.
void check_log(const rating_log& log, const stored_ratings& expected) {
  stored_ratings by_user;
  stored_ratings by_item;
  std::vector<rating_change> ratings;
  bool in_order = true;
  const auto collect = [&](stored_ratings& to, index rating_change::*column) {
    for (std::size_t n = 0; n < ratings.size(); ++n) {
      const rating_change& r = ratings[n];
      to[{r.user, r.item}] = {r.value, r.weight};
      in_order = in_order && (n == 0 || ratings[n - 1].*column < r.*column);
    }
  };
  for (index u = 0; u < users; ++u) {
    log.ratings_of_user(u, ratings);
    collect(by_user, &rating_change::item);
  }
  for (index i = 0; i < items; ++i) {
    log.ratings_of_item(i, ratings);
    collect(by_item, &rating_change::user);
  }
  CHECK(in_order);
  CHECK(by_user == expected);
  CHECK(by_item == expected);
  CHECK(log.size() == expected.size());
}

}  // namespace

TEST_CASE("a log of ratings is a map, however it is layered and merged") {
  for (const bool weights : {false, true}) {
    const counter_rng rng(weights ? 1 : 2);
    auto columns = random_columns(40, users - 4, items - 3, 5);
    if (!weights) columns.weights.clear();
    const dataset base = make_dataset(numbered_ids(users - 4), numbered_ids(items - 3), columns);
    rating_log log(base);
    stored_ratings expected = ratings_in(base);
    check_log(log, expected);
    std::size_t frozen = 0;
    for (std::uint64_t n = 0; n < 300; ++n) {
      const rating_change change{
          static_cast<index>(rng.below(4 * n, users)),
          static_cast<index>(rng.below(4 * n + 1, items)),
          static_cast<float>(rng.below(4 * n + 2, 3)),
          weights ? 0.5F + static_cast<float>(rng.below(4 * n + 3, 2)) : 1.0F};
      const auto known = expected.find({change.user, change.item});
      const stored now{change.value, change.weight};
      const arrival what = known == expected.end() ? arrival::added
                           : known->second == now  ? arrival::duplicate
                                                   : arrival::changed;
      CHECK(log.set(change) == what);
      expected[{change.user, change.item}] = now;
      if (n % 17 == 0) frozen = log.freeze().size();
      if (n % 51 == 50) {
        auto layers = log.freeze();
        layers.resize(frozen);
        log.replace(merge(log.base(), numbered_ids(users), numbered_ids(items),
                          detail::live::changes_of(layers)),
                    frozen);
        CHECK(log.pending() == log.pending_after(0));
      }
      if (n % 10 == 0) check_log(log, expected);
    }
    check_log(log, expected);
    const dataset all = merge(log.base(), numbered_ids(users), numbered_ids(items),
                              detail::live::changes_of(log.freeze()));
    CHECK(ratings_in(all) == expected);
  }
}

}  // namespace kindred::rating_log_test
