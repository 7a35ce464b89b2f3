#include <kindred/core/shared_array.hpp>
#include <kindred/kernel/activation.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <limits>

namespace kindred::activation_test {

namespace kindred {
namespace {

using kernel::activation;

double expected(activation function, double x) {
  switch (function) {
    case activation::linear:
      return x;
    case activation::relu:
      return x > 0 ? x : 0;
    case activation::leaky_relu:
      return x > 0 ? x : x / 100;
    case activation::sigmoid:
      return 1 / (1 + std::exp(-x));
    case activation::tanh:
      return std::tanh(x);
    default:
      return x * 0.5 * std::erfc(-x / std::sqrt(2.0));
  }
}

TEST_CASE("activations and their derivatives are those of the definition") {
  for (const auto level :
       {kernel::simd_level::baseline, kernel::simd_level::avx2, kernel::simd_level::avx512}) {
    if (level > kernel::best_simd_level()) continue;
    for (int function = 0; function <= static_cast<int>(activation::gelu); ++function) {
      CAPTURE(function);
      const auto kind = static_cast<activation>(function);
      const auto tested = kernel::select_activation(kind, level);
      constexpr std::size_t count = 1600;
      aligned_vector<float> x(count);
      for (std::size_t k = 0; k < count; ++k) x[k] = (static_cast<float>(k) - 799.5F) / 80;
      aligned_vector<float> y = x;
      tested.apply(y.data(), count);
      aligned_vector<float> gradients(count, 3.0F);
      tested.derive(kind == activation::gelu ? x.data() : y.data(), gradients.data(), count);
      for (std::size_t k = 0; k < count; ++k) {
        const auto at = static_cast<double>(x[k]);
        REQUIRE(std::abs(static_cast<double>(y[k]) - expected(kind, at)) < 1e-6);
        const double slope = (expected(kind, at + 1e-5) - expected(kind, at - 1e-5)) / 2e-5;
        REQUIRE(std::abs(static_cast<double>(gradients[k]) - 3 * slope) < 1e-5);
      }
    }
  }
}

TEST_CASE("activations of the greatest numbers are finite, and NaN stays NaN") {
  for (int function = 0; function <= static_cast<int>(activation::gelu); ++function) {
    CAPTURE(function);
    const auto tested = kernel::select_activation(static_cast<activation>(function));
    aligned_vector<float> x(16, 1e4F);
    x[1] = -1e4F;
    tested.apply(x.data(), 16);
    CHECK(std::isfinite(x[0]));
    CHECK(std::isfinite(x[1]));
    aligned_vector<float> odd(16, std::numeric_limits<float>::quiet_NaN());
    tested.apply(odd.data(), 16);
    CHECK(std::isnan(odd[0]));
  }
}

}  // namespace
}  // namespace kindred

}  // namespace kindred::activation_test
