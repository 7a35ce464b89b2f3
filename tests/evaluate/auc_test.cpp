#include <doctest/doctest.h>

#include <kindred/evaluate/auc.hpp>

#include <vector>

namespace kindred::auc_test {

namespace {

double auc_of(const std::vector<float>& relevant, const std::vector<float>& candidates) {
  kindred::auc_counter counter;
  counter.start(relevant);
  counter.add(candidates);
  REQUIRE(counter.defined());
  return counter.value();
}

}  // namespace

TEST_CASE("area under the curve of cases worked by hand") {
  CHECK(auc_of({4}, {4, 1, 2, 3}) == 1);
  CHECK(auc_of({0}, {1, 2, 0, 3}) == 0);
  CHECK(auc_of({2}, {1, 2, 3, 2}) == doctest::Approx((1 + 0 + 0.5) / 3));
  CHECK(auc_of({1, 3}, {0, 1, 2, 3}) == doctest::Approx((1 + 0 + 1 + 1) / 4.0));
  CHECK(auc_of({3, 1}, {0, 1, 2, 3}) == doctest::Approx(0.75));
  CHECK(auc_of({7, 7}, {7, 7, 7, 7, 7}) == doctest::Approx(0.5));
}

TEST_CASE("area under the curve does not depend on how candidates are cut into parts") {
  kindred::auc_counter counter;
  counter.start(std::vector<float>{9});  // what was counted before is forgotten
  counter.add(std::vector<float>{9, 9, 9});
  counter.start(std::vector<float>{1, 3});
  counter.add(std::vector<float>{0});
  counter.add({});
  counter.add(std::vector<float>{1, 2, 3});
  CHECK(counter.value() == doctest::Approx(0.75));
}

TEST_CASE("area under the curve needs a relevant and another item") {
  kindred::auc_counter counter;
  CHECK_FALSE(counter.defined());
  counter.start(std::vector<float>{1, 2});
  counter.add(std::vector<float>{1, 2});
  CHECK_FALSE(counter.defined());
  counter.add(std::vector<float>{0});
  CHECK(counter.defined());
}

}  // namespace kindred::auc_test
