#include <kindred/kernel/exponential.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace kindred::exponential_test {

// Registers are only found where the instruction set is: the wider ones are tested through softmax.
namespace kernel = kindred::kernel::baseline;

namespace {

float exponential(float of) {
  kernel::pack_t<float> x = kernel::pack_t<float>{} + of;
  kernel::exponentiate(x);
  return x[1];
}

}  // namespace

TEST_CASE("the exponential is within two units in the last place") {
  double worst = 0;
  for (double x = -86.99; x < 88; x += 0.00123) {
    const auto at = static_cast<float>(x);
    const double exact = std::exp(static_cast<double>(at));
    worst = std::max(worst, std::abs(static_cast<double>(exponential(at)) / exact - 1));
  }
  CHECK(worst < 2 * static_cast<double>(std::numeric_limits<float>::epsilon()));
}

TEST_CASE("the exponential ends at zero below and is held above") {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  CHECK(exponential(0) == 1);
  CHECK(exponential(-0.0F) == 1);
  CHECK(exponential(-87.5F) == 0);
  CHECK(exponential(-infinity) == 0);
  CHECK(exponential(200) == exponential(88));
  CHECK(std::isfinite(exponential(infinity)));
  CHECK(std::isnan(exponential(std::numeric_limits<float>::quiet_NaN())));
}

}  // namespace kindred::exponential_test
