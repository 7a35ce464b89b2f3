#include <kindred/core/error.hpp>
#include <kindred/serve/item_categories.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

namespace kindred::item_categories_test {

TEST_CASE("Categories of an item are what it was given, in order") {
  const item_categories categories({{3, 1}, {}, {1}});
  CHECK(categories.count() == 4);
  CHECK(std::ranges::equal(categories[0], std::vector<index>{1, 3}));
  CHECK(categories[1].empty());
  CHECK(std::ranges::equal(categories[2], std::vector<index>{1}));
  CHECK(categories[3].empty());
  CHECK(categories[-1].empty());
  CHECK(item_categories()[0].empty());
  CHECK_THROWS_AS(item_categories({{0}, {2, 2}}), data_error);
  CHECK_THROWS_AS(item_categories(std::vector<std::vector<index>>{{-1}}), data_error);
}

TEST_CASE("Encoded features are categories by their slots") {
  const aligned_vector<std::uint64_t> offsets = {0, 2, 3, 3};  // two items, and the unknown
  const aligned_vector<index> slots = {4, 0, 2};
  const item_categories categories(
      encoded_rows(2, 1, offsets, slots, aligned_vector<float>{1, 1, 1}));
  CHECK(categories.count() == 5);
  CHECK(std::ranges::equal(categories[0], std::vector<index>{0, 4}));
  CHECK(std::ranges::equal(categories[1], std::vector<index>{2}));
}

}  // namespace kindred::item_categories_test
