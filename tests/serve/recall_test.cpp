#include <kindred/core/error.hpp>
#include <kindred/core/random.hpp>
#include <kindred/serve/item_index.hpp>
#include <kindred/serve/recall.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <initializer_list>
#include <vector>

namespace kindred::recall_test {

namespace {

scored_lists lists_of(std::initializer_list<std::vector<index>> lists) {
  scored_lists made(lists.size(), 3);
  std::size_t n = 0;
  for (const std::vector<index>& list : lists) {
    for (std::size_t rank = 0; rank < list.size(); ++rank) made.room(n)[rank] = {list[rank], 1};
    made.resize(n++, list.size());
  }
  return made;
}

}  // namespace

TEST_CASE("Recall is the share of exact lists that was found") {
  const auto exact = lists_of({{1, 2, 3}, {4, 5}, {}, {6}});
  const auto report = compare_lists(exact, lists_of({{3, 9, 1}, {5, 4}, {7}, {8}}));
  CHECK(report.queries == 4);
  CHECK(report.recall == doctest::Approx((2.0 / 3 + 1 + 1 + 0) / 4));
  CHECK(report.worst == 0);
  CHECK(report.whole == 0.5);
  CHECK(compare_lists({}, {}).recall == 1);
  CHECK_THROWS_AS((void)compare_lists(exact, {}), data_error);
}

TEST_CASE("Halves alone find nearly all, bytes alone most") {
  const counter_rng rng(1);
  std::vector<float> rows(3000 * 16);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<float>(rng.normal(i));
  const auto queries = std::span(rows).first(200 * 16);
  const item_index exact(rows, 16);
  CHECK(measure_recall(exact, item_index(rows, 16, {}, {.storage = item_storage::float32}), queries,
                       10)
            .whole == 1);
  const item_index halves(rows, 16, {}, {.storage = item_storage::float16, .exact = false});
  CHECK(measure_recall(exact, halves, queries, 10).recall > 0.995);
  const item_index bytes(rows, 16, {}, {.storage = item_storage::int8, .exact = false});
  const auto report = measure_recall(exact, bytes, queries, 10);
  CHECK(report.recall > 0.95);
  CHECK(report.recall < 1);
}

}  // namespace kindred::recall_test
