#include <kindred/nn/rating_loss.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace kindred::rating_loss_test {
namespace {

/// Central differences, of values in float: the step is as wide as their rounding asks for.
template <nn::pointwise Loss>
void check_derivative(const Loss& loss) {
  for (float output = -3.05F; output < 3.2F; output += 0.25F) {
    for (const float target : {0.0F, 0.3F, 1.0F}) {
      constexpr float step = 0.01F;
      CAPTURE(output);
      CAPTURE(target);
      const auto difference = static_cast<double>(loss.value(output + step, target)) -
                              static_cast<double>(loss.value(output - step, target));
      const double width = static_cast<double>(output + step) - static_cast<double>(output - step);
      CHECK(static_cast<double>(loss.derivative(output, target)) ==
            doctest::Approx(difference / width).epsilon(1e-3).scale(1));
    }
  }
}

}  // namespace

TEST_CASE("the derivatives of rating losses are those of their values") {
  check_derivative(nn::squared_error{});
  check_derivative(nn::absolute_error{});
  check_derivative(nn::huber{.delta = 0.5});
  check_derivative(nn::huber{.delta = 2});
  check_derivative(nn::cross_entropy{});
}

TEST_CASE("rating losses have the values of their definitions") {
  CHECK(nn::squared_error{}.value(3, 1) == 4);
  CHECK(nn::absolute_error{}.value(3, 4.5F) == 1.5F);
  CHECK(nn::absolute_error{}.derivative(2, 2) == 0);
  CHECK(nn::huber{.delta = 2}.value(1, 2) == 0.5F);
  CHECK(nn::huber{.delta = 2}.value(6, 1) == 8);
  for (const double x : {-4.0, -0.5, 0.0, 1.5, 6.0}) {
    for (const double target : {0.0, 0.25, 1.0}) {
      const double p = 1 / (1 + std::exp(-x));
      CHECK(static_cast<double>(
                nn::cross_entropy{}.value(static_cast<float>(x), static_cast<float>(target))) ==
            doctest::Approx(-target * std::log(p) - (1 - target) * std::log(1 - p)).epsilon(1e-5));
    }
  }
}

TEST_CASE("cross-entropy of extreme outputs is finite") {
  const nn::cross_entropy loss;
  CHECK(loss.value(1e4F, 1) == 0);
  CHECK(loss.value(1e4F, 0) == 1e4F);
  CHECK(loss.value(-1e4F, 1) == 1e4F);
  CHECK(loss.value(-1e4F, 0) == 0);
  CHECK(loss.derivative(1e4F, 0) == 1);
  CHECK(loss.derivative(-1e4F, 1) == -1);
}

TEST_CASE("what is not a number shows in every loss") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK(std::isnan(nn::squared_error{}.derivative(nan, 1)));
  CHECK(std::isnan(nn::absolute_error{}.derivative(nan, 1)));
  CHECK(std::isnan(nn::huber{}.derivative(nan, 1)));
  CHECK(std::isnan(nn::huber{}.value(nan, 1)));
  CHECK(std::isnan(nn::cross_entropy{}.derivative(nan, 1)));
  CHECK(std::isnan(nn::cross_entropy{}.value(nan, 1)));
}

TEST_CASE("targets that a loss cannot be taken of are named") {
  std::vector<float> stars = {0, 1, 0.5F, 4};
  CHECK_NOTHROW(nn::check_targets(nn::squared_error{}, stars));
  CHECK_THROWS_WITH_AS(nn::check_targets(nn::cross_entropy{}, stars),
                       "cross_entropy: label 4 of row 3 is not in [0, 1]", kindred::data_error);
  stars[1] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH_AS(nn::check_targets(nn::huber{}, stars),
                       "huber: target nan of row 1 is not finite", kindred::data_error);
  CHECK_THROWS_WITH_AS(nn::check_targets(nn::cross_entropy{}, stars),
                       "cross_entropy: label nan of row 1 is not in [0, 1]", kindred::data_error);
}

TEST_CASE("a rating loss outside its range is named") {
  CHECK_NOTHROW(nn::check_option(nn::rating_loss(nn::huber{})));
  CHECK_THROWS_WITH_AS(nn::check_option(nn::rating_loss(nn::huber{.delta = 0})),
                       "option huber.delta = 0 is not in (0, 1e12)", kindred::option_error);
}

}  // namespace kindred::rating_loss_test
