#include <kindred/nn/sigmoid.hpp>

#include <doctest/doctest.h>

#include <cmath>

namespace kindred::sigmoid_test {
using kindred::nn::sigmoid;
using kindred::nn::softplus;

TEST_CASE("sigmoid and softplus are exact to rounding in between and at both ends") {
  for (double x = -80; x <= 80; x += 0.37) {
    const auto at = static_cast<float>(x);
    const auto exact = static_cast<double>(at);
    CHECK(static_cast<double>(sigmoid(at)) ==
          doctest::Approx(1 / (1 + std::exp(-exact))).epsilon(1e-6));
    CHECK(static_cast<double>(softplus(at)) ==
          doctest::Approx(std::log1p(std::exp(exact))).epsilon(1e-6).scale(0));
  }
  CHECK(sigmoid(1e4F) == 1);
  CHECK(sigmoid(-1e4F) == 0);
  CHECK(softplus(1e4F) == 1e4F);
  CHECK(softplus(-1e4F) == 0);
}

}  // namespace kindred::sigmoid_test
