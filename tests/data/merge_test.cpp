#include <kindred/core/error.hpp>
#include <kindred/data/merge.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "support.hpp"

namespace kindred::merge_test {

using namespace test;

namespace {

rating_columns without(rating_columns columns, bool times, bool weights) {
  if (!times) columns.times.clear();
  if (!weights) columns.weights.clear();
  return columns;
}

template <class T>
void append(aligned_vector<T>& to, const aligned_vector<T>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

/// The last of each pair, by user and item.
std::vector<rating_change> changes_of(const rating_columns& columns) {
  std::map<std::pair<index, index>, rating_change> last;
  for (std::size_t r = 0; r < columns.size(); ++r)
    last[{columns.users[r], columns.items[r]}] = {
        columns.users[r], columns.items[r], columns.values[r],
        columns.weights.empty() ? 1.0F : columns.weights[r],
        columns.times.empty() ? 0 : columns.times[r]};
  std::vector<rating_change> changes;
  for (const auto& [pair, change] : last) changes.push_back(change);
  return changes;
}

}  // namespace

TEST_CASE("a merge has the bits of a dataset made of all ratings") {
  const auto users = numbered_ids(40);
  const auto items = numbered_ids(30);
  for (const bool times : {true, false})
    for (const bool weights : {true, false})
      for (const std::size_t old_rows : {0U, 1U, 300U})
        for (const std::size_t new_rows : {0U, 1U, 50U, 900U}) {
          const auto old_columns = without(random_columns(old_rows, 25, 20, 1), times, weights);
          const auto new_columns = without(random_columns(new_rows, 40, 30, 2), times, weights);
          const dataset old = make_dataset(numbered_ids(25), numbered_ids(20), old_columns);
          auto all = old_columns;
          append(all.users, new_columns.users);
          append(all.items, new_columns.items);
          append(all.values, new_columns.values);
          append(all.times, new_columns.times);
          append(all.weights, new_columns.weights);
          if (old_rows == 0) all.times.clear();  // the old ones decide whether there are times
          const dataset merged = merge(old, users, items, changes_of(new_columns));
          CHECK(same(merged, make_dataset(users, items, all)));
        }
}

TEST_CASE("weights come with the first change that has one") {
  const dataset old =
      make_dataset(numbered_ids(3), numbered_ids(3), without(random_columns(9, 3, 3, 1), 0, 0));
  const std::vector<rating_change> plain = {{1, 1, 4.0F}};
  const std::vector<rating_change> weighted = {{1, 1, 4.0F, 0.5F}};
  CHECK_FALSE(merge(old, old.users(), old.items(), plain).has_weights());
  const dataset merged = merge(old, old.users(), old.items(), weighted);
  CHECK(merged.has_weights());
  for (const rating& r : ratings_of(merged))
    CHECK(r.weight == (r.user == 1 && r.item == 1 ? 0.5F : 1.0F));
}

TEST_CASE("a merge of what has no id is an error") {
  const dataset old = random_dataset(20, 5, 5, 1);
  const std::vector<rating_change> stranger = {{5, 1, 4.0F}};
  CHECK_THROWS_WITH_AS((void)merge(old, old.users(), old.items(), stranger),
                       "rating 0: user index 5 is not in 0 .. 4", data_error);
  const std::vector<rating_change> unheard_of = {{0, 7, 4.0F}};
  CHECK_THROWS_AS((void)merge(old, old.users(), old.items(), unheard_of), data_error);
}

}  // namespace kindred::merge_test
