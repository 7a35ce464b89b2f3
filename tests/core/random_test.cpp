#include <kindred/core/random.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace kindred::random_test {

TEST_CASE("counter_rng: known answers of Philox4x32-10") {
  // The vectors that come with Random123 (kat_vectors, "philox4x32 10"). Counter words are counter,
  // then stream; key words are the seed; low words first.
  using block = std::array<std::uint32_t, 4>;
  CHECK(counter_rng(0, 0).block(0) == block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  constexpr std::uint64_t ones = ~std::uint64_t{0};
  CHECK(counter_rng(ones, ones).block(ones) ==
        block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(counter_rng(0x299f31d0a4093822, 0x0370734413198a2e).block(0x85a308d3243f6a88) ==
        block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("counter_rng: a draw is a function of seed, stream and counter, at compile time too") {
  static_assert(counter_rng(0, 0).block(0)[0] == 0x6627e8d5);
  static_assert(counter_rng(0, 0).bits(0) == 0xe169c58d6627e8d5);
  CHECK(counter_rng(1, 2).bits(3) == counter_rng(1, 2).bits(3));
  CHECK(counter_rng(1, 2).bits(3) != counter_rng(2, 2).bits(3));
  CHECK(counter_rng(1, 2).bits(3) != counter_rng(1, 3).bits(3));
  CHECK(counter_rng(1, 2).bits(3) != counter_rng(1, 2).bits(4));
}

TEST_CASE("counter_rng: uniform numbers are in [0, 1) and spread evenly") {
  const counter_rng rng(7);
  constexpr std::size_t draws = 100000;
  std::array<int, 20> cells{};
  double sum = 0;
  bool inside = true;
  for (std::uint64_t k = 0; k < draws; ++k) {
    const double x = rng.uniform(k);
    inside = inside && x >= 0 && x < 1;
    ++cells[static_cast<std::size_t>(x * 20)];
    sum += x;
  }
  CHECK(inside);
  CHECK(std::abs(sum / draws - 0.5) < 5 / std::sqrt(12.0 * draws));
  double chi_squared = 0;
  for (const int cell : cells) chi_squared += (cell - 5000.0) * (cell - 5000.0) / 5000;
  CHECK(chi_squared < 43.82);  // 19 degrees of freedom, p = 0.001
}

TEST_CASE("counter_rng: below is the high part of the product, without bias") {
  const counter_rng rng(3);
  for (const std::uint32_t bound : {1U, 2U, 3U, 10U, 1000003U, 0xffffffffU})
    for (std::uint64_t k = 0; k < 1000; ++k) {
      __extension__ using wide = unsigned __int128;
      REQUIRE(rng.below(k, bound) == static_cast<std::uint64_t>((wide{rng.bits(k)} * bound) >> 64));
    }
  std::array<int, 7> cells{};
  for (std::uint64_t k = 0; k < 70000; ++k) ++cells[static_cast<std::size_t>(rng.below(k, 7))];
  double chi_squared = 0;
  for (const int cell : cells) chi_squared += (cell - 10000.0) * (cell - 10000.0) / 10000;
  CHECK(chi_squared < 22.46);  // 6 degrees of freedom, p = 0.001
}

TEST_CASE("counter_rng: normal numbers have the moments and tails of a normal distribution") {
  const counter_rng rng(11);
  constexpr double draws = 200000;
  std::array<double, 5> moments{};
  double beyond_two = 0;
  for (std::uint64_t k = 0; k < static_cast<std::uint64_t>(draws); ++k) {
    const double x = rng.normal(k);
    REQUIRE(std::isfinite(x));
    for (std::size_t p = 0; p < 5; ++p) moments[p] += std::pow(x, static_cast<double>(p)) / draws;
    beyond_two += std::abs(x) > 2 ? 1 / draws : 0;
  }
  // Five standard deviations of each sample moment: the variance of x^p is m(2p) - m(p)^2.
  const double unit = 5 / std::sqrt(draws);
  CHECK(std::abs(moments[1]) < unit);
  CHECK(std::abs(moments[2] - 1) < unit * std::sqrt(2.0));
  CHECK(std::abs(moments[3]) < unit * std::sqrt(15.0));
  CHECK(std::abs(moments[4] - 3) < unit * std::sqrt(96.0));
  const double p = std::erfc(std::sqrt(2.0));
  CHECK(std::abs(beyond_two - p) < unit * std::sqrt(p * (1 - p)));
}

TEST_CASE("random_permutation: a bijection on every size") {
  std::vector<std::uint64_t> sizes;
  for (std::uint64_t size = 1; size <= 300; ++size) sizes.push_back(size);
  for (const std::uint64_t size : {1023U, 1024U, 1025U, 4096U, 4097U, 16383U, 65536U, 65537U})
    sizes.push_back(size);
  for (const std::uint64_t size : sizes)
    for (const std::uint64_t seed : {0U, 42U}) {
      const random_permutation permutation(size, seed);
      CHECK(permutation.size() == size);
      std::vector<bool> hit(size);
      std::uint64_t distinct = 0;
      for (std::uint64_t k = 0; k < size; ++k) {
        const std::uint64_t image = permutation(k);
        REQUIRE(image < size);
        distinct += hit[image] ? 0U : 1U;
        hit[image] = true;
      }
      CHECK(distinct == size);
    }
}

TEST_CASE("random_permutation: stays inside the greatest sizes") {
  for (const std::uint64_t size :
       {std::uint64_t{1} << 33, (std::uint64_t{1} << 62) + 1, ~std::uint64_t{0}}) {
    const random_permutation permutation(size, 1);
    for (std::uint64_t k = 0; k < 100; ++k) CHECK(permutation(size - 1 - k) < size);
  }
}

TEST_CASE("random_permutation: each element is as likely to go anywhere") {
  constexpr std::uint64_t size = 12;
  constexpr int trials = 12000;
  std::vector<int> cells(size * size);
  for (std::uint64_t seed = 0; seed < trials; ++seed) {
    const random_permutation permutation(size, seed);
    for (std::uint64_t k = 0; k < size; ++k) ++cells[k * size + permutation(k)];
  }
  double chi_squared = 0;
  for (const int cell : cells) chi_squared += (cell - 1000.0) * (cell - 1000.0) / 1000;
  CHECK(chi_squared < 173.6);  // 11 * 11 degrees of freedom, p = 0.0012
}

}  // namespace kindred::random_test
