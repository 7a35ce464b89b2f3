#include <kindred/kernel/half.hpp>

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace kindred::half_test {

using kernel::half;
using kernel::to_float;
using kernel::to_half;

namespace {

/// By the definition of the format.
double value_of(std::uint32_t bits) {
  const double sign = (bits & 0x8000U) != 0 ? -1 : 1;
  const int exponent = static_cast<int>(bits >> 10 & 0x1fU);
  const double mantissa = bits & 0x3ffU;
  if (exponent == 0x1f)
    return mantissa == 0 ? sign * std::numeric_limits<double>::infinity()
                         : std::numeric_limits<double>::quiet_NaN();
  return sign *
         (exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25));
}

}  // namespace

TEST_CASE("Every half is the number that its bits say, and comes back from it") {
  int wrong = 0;
  for (std::uint32_t bits = 0; bits < 0x10000U; ++bits) {
    const float value = to_float(static_cast<half>(bits));
    const double expected = value_of(bits);
    if (std::isnan(expected)) {
      wrong += std::isnan(value) && std::isnan(to_float(to_half(value))) ? 0 : 1;
    } else {
      wrong += static_cast<double>(value) == expected ? 0 : 1;
      wrong += static_cast<std::uint32_t>(to_half(value)) == bits ? 0 : 1;
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("A float becomes the nearest half, of two the even one") {
  int wrong = 0;
  for (std::uint32_t bits = 0; bits < 0x7bffU; ++bits) {  // up to the largest
    const auto low = static_cast<float>(value_of(bits));
    const auto high = static_cast<float>(value_of(bits + 1));
    const float middle = (low + high) / 2;  // exact: a float has room for 13 bits more
    const std::uint32_t even = (bits & 1U) == 0 ? bits : bits + 1;
    const auto becomes = [&](float value, std::uint32_t expected) {
      wrong += static_cast<std::uint32_t>(to_half(value)) == expected ? 0 : 1;
      wrong += static_cast<std::uint32_t>(to_half(-value)) == (expected | 0x8000U) ? 0 : 1;
    };
    becomes(middle, even);
    becomes(std::nextafter(middle, low), bits);
    becomes(std::nextafter(middle, high), bits + 1);
  }
  CHECK(wrong == 0);
  CHECK(std::isinf(to_float(to_half(65520.0F))));
  CHECK(to_float(to_half(65519.99F)) == kernel::largest_half);
  CHECK(std::isinf(to_float(to_half(1e30F))));
}

}  // namespace kindred::half_test
