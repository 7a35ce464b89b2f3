#include <kindred/serve/recommender.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support.hpp"

namespace kindred::prediction_test {

using namespace test;

namespace {

struct predicting {
  dataset train = make_dataset(numbered_ids(20), numbered_ids(30), random_columns(200, 20, 30, 41));
  recommender<latent_stub<float>> served{latent_stub<float>(20, 30, 2), train};
};

}  // namespace

TEST_CASE_FIXTURE(predicting, "A prediction says what was known") {
  const auto known = served.predict("3", 7);
  CHECK(known.rating == 3.007F);
  CHECK(known.status == prediction_status::known);
  CHECK(served.predict("x", 7).status == prediction_status::unknown_user);
  CHECK(served.predict("x", 7).rating == -1.0F);
  CHECK(served.predict(3, "x").status == prediction_status::unknown_item);
  CHECK(served.predict(3, "x").rating == -2.0F);
  CHECK(served.predict(-3, "x").status == prediction_status::unknown_both);
  CHECK(served.predict(-3, "x").rating == -3.0F);
}

TEST_CASE_FIXTURE(predicting, "A list is answered in its order, repeats included") {
  const std::vector<std::string> items = {"29", "0", "lost", "0", "12"};
  const auto list = served.predict(5, items);
  REQUIRE(list.size() == items.size());
  for (std::size_t n = 0; n < items.size(); ++n) {
    const auto [item, rating, status] = list[n];
    CHECK(item == items[n]);
    const auto alone = served.predict(5, items[n]);
    CHECK(rating == alone.rating);
    CHECK(status == alone.status);
  }
  CHECK(list[2].status == prediction_status::unknown_item);
  CHECK(served.predict("5", std::vector<int>{12, 99})[1].item == "99");
  CHECK(served.predict("5", std::vector<int>{}).empty());
}

TEST_CASE_FIXTURE(predicting, "Predicting cannot throw") {
  static_assert(noexcept(served.predict("3", "7")));
  static_assert(noexcept(served.predict(3, std::string())));
}

}  // namespace kindred::prediction_test
