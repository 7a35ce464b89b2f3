#include <kindred/core/error.hpp>
#include <kindred/data/binarize.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <limits>
#include <vector>

#include "support.hpp"

namespace kindred::binarize_test {

using namespace test;

TEST_CASE("binarize: ratings from the threshold on are 1, all else stays") {
  const dataset data = random_dataset(3000, 70, 40, 5);
  std::vector<rating> expected = ratings_of(data);
  double liked = 0;
  for (rating& r : expected) {
    r.value = r.value < 3.5F ? 0.0F : 1.0F;
    liked += double{r.value};
  }
  const dataset binary = binarize(data, 3.5F);
  CHECK(ratings_of(binary) == expected);
  CHECK(binary.mean() == doctest::Approx(liked / static_cast<double>(expected.size())));
  CHECK(binary.min_value() == 0);
  CHECK(binary.max_value() == 1);
  for (index item = 0; item < data.num_items(); ++item) {
    const auto before = data.by_item(item);
    const auto after = binary.by_item(item);
    REQUIRE(after.size() == before.size());
    for (std::size_t k = 0; k < before.size(); ++k)
      CHECK(after.values()[k] == (before.values()[k] < 3.5F ? 0.0F : 1.0F));
  }
  CHECK(binary.row_items().data() == data.row_items().data());
  CHECK(binary.users().text().data() == data.users().text().data());
}

TEST_CASE("binarize: all of one class, nothing, and no threshold") {
  CHECK(binarize(random_dataset(50, 9, 9, 1), 0.0F).mean() == 1);
  CHECK(binarize(random_dataset(50, 9, 9, 1), 6.0F).mean() == 0);
  CHECK(binarize(dataset(), 4.0F).empty());
  CHECK_THROWS_AS((void)binarize(dataset(), std::numeric_limits<float>::quiet_NaN()), option_error);
}

}  // namespace kindred::binarize_test
