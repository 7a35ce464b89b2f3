#include <doctest/doctest.h>

#include <kindred/data/context.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <vector>

#include "support.hpp"

namespace kindred::context_test {

namespace {

using kindred::contexts_of;
using kindred::dataset;
using kindred::rating_context;
using kindred::select_context;
using kindred::test::rating;
using kindred::test::ratings_of;

dataset ratings() { return kindred::test::random_dataset(3000, 70, 40, 5); }

const rating_context thirds(3, [](std::int64_t time) { return time % 3; });

dataset without_times() {
  kindred::detail::dataset_storage storage = ratings().storage();
  storage.row_times = {};
  return dataset(storage);
}

}  // namespace

TEST_CASE("a context has a selection, and all selections together are the whole") {
  const dataset data = ratings();
  const std::vector<rating> all = ratings_of(data);
  std::size_t selected = 0;
  for (int value = 0; value < thirds.count(); ++value) {
    std::vector<rating> expected;
    std::copy_if(all.begin(), all.end(), std::back_inserter(expected),
                 [&](const rating& r) { return r.time % 3 == value; });
    const dataset part = select_context(data, thirds, value);
    CHECK(ratings_of(part) == expected);
    CHECK(part.num_users() == data.num_users());
    CHECK(part.num_items() == data.num_items());
    selected += part.size();
  }
  CHECK(selected == data.size());
}

TEST_CASE("a context can depend on user and item") {
  const rating_context own(4, [](kindred::index user, kindred::index item, std::int64_t time) {
    return (user + item + static_cast<kindred::index>(time)) % 4;
  });
  const dataset data = ratings();
  const auto contexts = contexts_of(data, own);
  const std::vector<rating> all = ratings_of(data);
  REQUIRE(contexts.size() == all.size());
  for (std::size_t row = 0; row < all.size(); ++row)
    CHECK(contexts[row] == (all[row].user + all[row].item + all[row].time) % 4);
}

TEST_CASE("a context outside the count is refused, with its rating") {
  const rating_context bad(2, [](std::int64_t time) { return time == 0 ? 2 : -1; });
  CHECK_THROWS_WITH_AS((void)bad(3, 4, 0), "context 2 of user 3, item 4, time 0 is not in 0 .. 1",
                       kindred::data_error);
  CHECK_THROWS_WITH_AS((void)bad(3, 4, 1), "context -1 of user 3, item 4, time 1 is not in 0 .. 1",
                       kindred::data_error);
  CHECK_THROWS_AS((void)contexts_of(ratings(), bad), kindred::data_error);
}

TEST_CASE("contexts need times, unless there is nothing to tell") {
  CHECK_THROWS_WITH_AS((void)select_context(without_times(), thirds, 0),
                       "context: the ratings have no times", kindred::data_error);
  CHECK(contexts_of(dataset(), thirds).empty());
  CHECK(select_context(dataset(), thirds, 0).empty());
}

TEST_CASE("a count or a value out of range is refused") {
  const auto zero = [](std::int64_t) { return 0; };
  CHECK_THROWS_AS(rating_context(0, zero), kindred::option_error);
  CHECK_THROWS_AS(rating_context(257, zero), kindred::option_error);
  CHECK(rating_context(256, zero).count() == 256);
  CHECK_THROWS_AS((void)select_context(ratings(), thirds, -1), kindred::option_error);
  CHECK_THROWS_AS((void)select_context(ratings(), thirds, 3), kindred::option_error);
}

}  // namespace kindred::context_test
