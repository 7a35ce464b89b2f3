#include <kindred/core/random.hpp>
#include <kindred/nn/clipping.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace kindred::clipping_test {
TEST_CASE("the squared norm is a sum of squares, over many blocks or none") {
  const kindred::counter_rng random(1);
  for (const std::size_t count : {0U, 1U, 16U, 4096U, 4097U, 30000U}) {
    std::vector<float> gradients(count);
    double expected = 0;
    for (std::size_t i = 0; i < count; ++i) {
      gradients[i] = static_cast<float>(random.uniform(i) - 0.5);
      expected += static_cast<double>(gradients[i]) * static_cast<double>(gradients[i]);
    }
    CHECK(nn::squared_norm(gradients) == doctest::Approx(expected).epsilon(1e-5));
  }
  std::vector<float> gradients(40, 1);
  gradients[17] = std::numeric_limits<float>::quiet_NaN();
  CHECK(std::isnan(nn::squared_norm(gradients)));
}

TEST_CASE("gradients are shortened to the norm, and never lengthened") {
  CHECK(nn::scale_to(2, 8) == 0.25);
  CHECK(nn::scale_to(2, 2) == 1);
  CHECK(nn::scale_to(2, 0) == 1);
  CHECK(nn::scale_to(nn::gradient_clipping{}.max_norm, 1e30) == 1);
}

TEST_CASE("a bound outside its range is named") {
  CHECK_NOTHROW(nn::check_option(nn::gradient_clipping{}));
  CHECK_THROWS_WITH_AS(nn::check_option(nn::gradient_clipping{.max_norm = 0}),
                       "option clipping.max_norm = 0 is not in (0, inf]", kindred::option_error);
  CHECK_THROWS_WITH_AS(nn::check_option(nn::gradient_clipping{.max_value = -1}),
                       "option clipping.max_value = -1 is not in (0, inf]", kindred::option_error);
}

}  // namespace kindred::clipping_test
