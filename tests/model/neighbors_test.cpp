#include <kindred/backend/serial.hpp>
#include <kindred/core/error.hpp>
#include <kindred/model/neighbors.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "../data/support.hpp"
#include "neighbor_reference.hpp"

namespace kindred::neighbors_test {

namespace {

/// The largest difference from the reference, over all pairs. Where floats round a similarity near
/// nothing to either side of it, it may be there or not.
double worst_difference(const dataset& data, axis side, const similarity_options& options) {
  const test::neighbor_reference expected(data, side, options);
  const neighbor_lists lists = find_neighbors(data, side, options, 0);
  REQUIRE(lists.size() == expected.size());
  double worst = 0;
  for (std::size_t a = 0; a < lists.size(); ++a)
    for (std::size_t b = 0; b < lists.size(); ++b) {
      const double right = a == b ? 0 : expected(a, b);
      const double found = static_cast<double>(test::similarity_in(lists, a, b));
      worst = std::max(worst, std::abs(found - right) / std::max(1.0, std::abs(right)));
    }
  return worst;
}

/// `scaled` of each value of the odd items, others as they are.
template <class Change>
dataset with_changed_items(const dataset& data, const Change& change) {
  rating_columns columns;
  for (const test::rating& r : test::ratings_of(data)) {
    columns.users.push_back(r.user);
    columns.items.push_back(r.item);
    columns.values.push_back(r.item % 2 == 1 ? change(r.value) : r.value);
  }
  return make_dataset(data.users(), data.items(), std::move(columns));
}

}  // namespace

TEST_CASE("neighbours are those of the definitions, for every measure and either side") {
  const dataset data = test::random_dataset(700, 40, 50, 1);
  for (const similarity_options& options : test::all_similarities())
    for (const auto side : {axis::users, axis::items}) {
      CAPTURE(static_cast<int>(options.measure));
      CAPTURE(static_cast<int>(options.norms));
      CHECK(worst_difference(data, side, options) < 1e-5);
    }
}

TEST_CASE("neighbours are those of the definitions, with every option of confidence") {
  const dataset data = test::random_dataset(600, 35, 45, 2);
  for (similarity_options options : test::all_similarities()) {
    options.shrinkage = 4;
    options.significance = 6;
    options.min_support = 2;
    options.negative = true;
    CAPTURE(static_cast<int>(options.measure));
    CHECK(worst_difference(data, axis::items, options) < 1e-5);
  }
}

TEST_CASE("neighbours that are few among many rows are found as well") {
  const dataset data = test::random_dataset(900, 500, 700, 3);  // most pairs share nothing
  for (const auto measure : {similarity::cosine, similarity::mean_squared_difference,
                             similarity::log_likelihood, similarity::asymmetric_cosine})
    CHECK(worst_difference(data, axis::items, {.measure = measure, .alpha = 0.3}) < 1e-5);
}

TEST_CASE("neighbours are the same among so many rows that their pairs do not fit in memory") {
  rating_columns columns = test::random_columns(12000, 20, 4000, 12);
  const dataset few = test::random_dataset(12000, 20, 4000, 12);
  for (index item = 4000; item < 4200; ++item) {  // of a user of their own
    columns.users.push_back(20);
    columns.items.push_back(item);
    columns.values.push_back(3);
    columns.times.push_back(0);
    columns.weights.push_back(1);
  }
  const dataset many =
      make_dataset(test::numbered_ids(21), test::numbered_ids(4200), std::move(columns));
  for (const index most : {0, 30}) {
    const similarity_options options{.measure = similarity::mean_squared_difference};
    const neighbor_lists expected = find_neighbors(few, axis::items, options, most);
    const neighbor_lists lists = find_neighbors(many, axis::items, options, most);
    for (std::size_t row = 0; row < expected.size(); ++row) {
      REQUIRE(std::ranges::equal(lists[row].rows, expected[row].rows));
      REQUIRE(std::ranges::equal(lists[row].similarities, expected[row].similarities));
    }
  }
}

TEST_CASE("the neighbours kept are the nearest, with ties to the lower index") {
  const dataset data = test::random_dataset(900, 60, 70, 4);
  for (similarity_options options : test::all_similarities()) {
    options.negative = true;
    const neighbor_lists all = find_neighbors(data, axis::items, options, 0);
    for (const index most : {1, 7, 69, 1000}) {
      const neighbor_lists lists = find_neighbors(data, axis::items, options, most);
      for (std::size_t row = 0; row < all.size(); ++row) {
        std::vector<neighbor> expected;
        for (std::size_t n = 0; n < all[row].size(); ++n) expected.push_back(all[row][n]);
        std::sort(expected.begin(), expected.end(), nearer);
        if (expected.size() > static_cast<std::size_t>(most))
          expected.resize(static_cast<std::size_t>(most));
        std::sort(expected.begin(), expected.end(),
                  [](const neighbor& a, const neighbor& b) { return a.row < b.row; });
        std::vector<neighbor> found;
        for (std::size_t n = 0; n < lists[row].size(); ++n) found.push_back(lists[row][n]);
        CHECK(found == expected);
      }
    }
  }
}

TEST_CASE("neighbours have the same bits on any number of threads and on every host backend") {
  for (const dataset& data : {test::random_dataset(20000, 597, 143, 5),
                              test::random_dataset(31, 1, 31, 6), test::random_dataset(9, 9, 1, 7)})
    for (const auto measure : {similarity::cosine, similarity::bm25, similarity::pearson,
                               similarity::asymmetric_cosine}) {
      const similarity_options options{
          .measure = measure, .norms = similarity_norms::common, .alpha = 0.3};
      for (const auto side : {axis::users, axis::items}) {
        const auto reference = find_neighbors(data, side, options, 20, {}, backend::serial{});
        for (const int threads : {1, 2, 8})
          CHECK(test::same_bits(
              test::on_threads(threads, [&] { return find_neighbors(data, side, options, 20); }),
              reference));
      }
    }
}

TEST_CASE("symmetric measures are the same to the bit both ways") {
  const dataset data = test::random_dataset(900, 60, 70, 8);
  for (similarity_options options : test::all_similarities()) {
    if (options.measure == similarity::tversky || options.measure == similarity::asymmetric_cosine)
      continue;
    options.negative = true;
    options.shrinkage = 3;
    const neighbor_lists lists = find_neighbors(data, axis::users, options, 0);
    for (std::size_t a = 0; a < lists.size(); ++a)
      for (const index b : lists[a].rows) {
        const auto other = static_cast<std::size_t>(b);
        CHECK(test::similarity_in(lists, a, other) == test::similarity_in(lists, other, a));
      }
  }
}

TEST_CASE("similarities stay in their range") {
  const dataset data = test::random_dataset(2000, 90, 40, 9);
  for (similarity_options options : test::all_similarities()) {
    if (options.measure == similarity::bm25 || options.measure == similarity::asymmetric_cosine)
      continue;  // the others are at most 1
    options.negative = true;
    const auto lists = find_neighbors(data, axis::users, options, 0);
    for (const float s : lists.similarities()) CHECK(std::abs(s) < 1.000001F);
  }
}

TEST_CASE("cosines do not see the scale of a row, nor pearson its mean") {
  const dataset data = test::random_dataset(900, 60, 40, 10);
  const dataset doubled = with_changed_items(data, [](float value) { return 2 * value; });
  const dataset shifted = with_changed_items(data, [](float value) { return 16 + value; });
  const dataset both = with_changed_items(data, [](float value) { return 16 + 2 * value; });
  for (const auto norms : {similarity_norms::all, similarity_norms::common}) {
    const auto find = [&](const dataset& ratings, similarity measure) {
      const similarity_options options{.measure = measure, .norms = norms, .negative = true};
      return find_neighbors(ratings, axis::items, options, 0);
    };
    CHECK(test::same_bits(find(data, similarity::cosine), find(doubled, similarity::cosine)));
    CHECK_FALSE(test::same_bits(find(data, similarity::cosine), find(shifted, similarity::cosine)));
    const auto pearson = find(data, similarity::pearson);
    for (const dataset& changed : {doubled, shifted, both}) {
      const auto again = find(changed, similarity::pearson);
      for (std::size_t a = 0; a < pearson.size(); ++a)
        for (std::size_t b = 0; b < pearson.size(); ++b)
          CHECK(test::similarity_in(again, a, b) ==
                doctest::Approx(test::similarity_in(pearson, a, b)).epsilon(1e-4));
    }
  }
}

TEST_CASE("rows without variance, without company or without ratings have no neighbours") {
  // Item 0 has one rating all over, item 1 is rated by user 3 alone, who rates nothing else, and
  // item 4 by nobody.
  const std::vector<index> users = {0, 1, 2, 0, 1, 2, 0, 1, 3};
  const std::vector<index> items = {0, 0, 0, 2, 2, 2, 3, 3, 1};
  const std::vector<float> values = {0.1F, 0.1F, 0.1F, 1, 2, 5, 2, 1, 4};
  const dataset data =
      make_dataset(test::numbered_ids(5), test::numbered_ids(5), users, items, values);
  for (similarity_options options : test::all_similarities()) {
    options.negative = true;
    const auto lists = find_neighbors(data, axis::items, options, 3);
    CHECK(lists[1].empty());
    CHECK(lists[4].empty());
    const bool centred = options.measure == similarity::pearson;
    CHECK(lists[0].empty() == centred);
    for (const float s : lists.similarities()) CHECK(std::isfinite(s));
  }
}

TEST_CASE("ratings beyond the range of products give no neighbours, not NaN") {
  const std::vector<index> users = {0, 0, 1, 1};
  const std::vector<index> items = {0, 1, 0, 1};
  const std::vector<float> values = {3e38F, -3e38F, 3e38F, 1};
  const dataset data =
      make_dataset(test::numbered_ids(2), test::numbered_ids(2), users, items, values);
  for (similarity_options options : test::all_similarities()) {
    if (options.measure == similarity::tf_idf || options.measure == similarity::bm25) continue;
    options.negative = true;
    for (const auto side : {axis::users, axis::items}) {
      const neighbor_lists lists = find_neighbors(data, side, options, 0);
      for (const float s : lists.similarities()) CHECK(std::isfinite(s));
    }
  }
}

TEST_CASE("tf-idf and bm25 refuse negative ratings") {
  const std::vector<index> zeros = {0};
  const std::vector<float> values = {-2};
  const dataset data =
      make_dataset(test::numbered_ids(1), test::numbered_ids(1), zeros, zeros, values);
  for (const auto measure : {similarity::tf_idf, similarity::bm25})
    CHECK_THROWS_AS((void)find_neighbors(data, axis::items, {.measure = measure}, 1), data_error);
}

TEST_CASE("no ratings make no neighbours") {
  const auto lists = find_neighbors(dataset(), axis::items, {}, 5);
  CHECK(lists.size() == 0);
  CHECK(neighbor_lists().size() == 0);
}

}  // namespace kindred::neighbors_test
