#include <kindred/core/random.hpp>
#include <kindred/kernel/byte_scores.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "simd_levels.hpp"

namespace kindred::byte_scores_test {

using kernel::score_group;
using kernel::simd_level;

namespace {

/// Every set of instructions, with and without products of bytes.
std::vector<std::pair<simd_level, bool>> sets_of_this_machine() {
  std::vector<std::pair<simd_level, bool>> sets;
  for (const simd_level level : test::levels_of_this_machine()) sets.emplace_back(level, false);
  if (sets.back().first == simd_level::avx512 && kernel::has_byte_products())
    sets.emplace_back(simd_level::avx512, true);
  else
    MESSAGE("this processor has no AVX-512 VNNI: not tested");
  return sets;
}

std::vector<std::int8_t> random_bytes(std::size_t count, std::uint64_t seed) {
  const counter_rng rng(seed);
  std::vector<std::int8_t> bytes(count);
  for (std::size_t i = 0; i < count; ++i)
    bytes[i] = static_cast<std::int8_t>(std::lround(rng.uniform(i) * 254 - 127));
  return bytes;
}

struct strip_of_bytes {
  strip_of_bytes(const kernel::byte_kernels& by, std::size_t quads_of_four, bool extreme)
      : kernels(by), quads(quads_of_four) {
    const std::size_t factors = 4 * quads;
    rows = random_bytes(kernels.strip * factors, 1);
    users = random_bytes(score_group * factors, 2);
    if (extreme) {  // as large as sums become
      std::ranges::fill(rows, std::int8_t{127});
      std::ranges::fill(users, std::int8_t{-127});
    }
    for (std::size_t i = 0; i < kernels.strip; ++i) {
      scales.push_back(0.01F + 0.001F * static_cast<float>(i));
      biases.push_back(static_cast<float>(i) - 3);
    }
    panel.resize(rows.size());
    for (std::size_t i = 0; i < kernels.strip; ++i)
      for (std::size_t f = 0; f < factors; ++f)
        panel[(f / 4 * kernels.strip + i) * 4 + f % 4] =
            static_cast<std::uint8_t>(rows[i * factors + f] + 128);
  }

  [[nodiscard]] std::int32_t product(std::size_t u, std::size_t i) const {
    std::int32_t sum = 0;
    for (std::size_t f = 0; f < 4 * quads; ++f)
      sum += rows[i * 4 * quads + f] * users[u * 4 * quads + f];
    return sum;
  }

  /// Scores of users `first` .. first + Users - 1.
  template <std::size_t Users>
  [[nodiscard]] std::pair<unsigned, std::vector<float>> scores(std::size_t first,
                                                               const float* thresholds) const {
    std::vector<std::int32_t> words(quads * Users * kernels.words);
    std::vector<std::int32_t> starts(Users);
    std::vector<float> user_scales;
    for (std::size_t u = 0; u < Users; ++u) {
      const std::int8_t* const bytes = users.data() + (first + u) * 4 * quads;
      for (std::size_t q = 0; q < quads; ++q)
        kernels.spread(bytes + 4 * q, words.data() + (q * Users + u) * kernels.words);
      for (std::size_t f = 0; f < 4 * quads; ++f) starts[u] -= 128 * bytes[f];
      user_scales.push_back(scale_of(first + u));
    }
    std::vector<float> found(Users * kernels.strip);
    const kernel::byte_panel items{panel.data(), scales.data(), biases.data(), quads};
    const kernel::byte_users group{words.data(), starts.data(), user_scales.data()};
    const auto score = [&] {
      if constexpr (Users == 1)
        return kernels.score_one(items, group, thresholds, found.data());
      else
        return kernels.score_some(items, group, thresholds, found.data());
    };
    const unsigned reached = score();
    return {reached, found};
  }

  static float scale_of(std::size_t user) { return 0.5F + static_cast<float>(user); }

  const kernel::byte_kernels& kernels;
  std::size_t quads;
  std::vector<std::int8_t> rows;
  std::vector<std::int8_t> users;
  std::vector<float> scales;
  std::vector<float> biases;
  std::vector<std::uint8_t> panel;
};

}  // namespace

TEST_CASE("Scores are exact products of bytes, times scales, plus biases") {
  for (const auto& [level, products] : sets_of_this_machine())
    for (const std::size_t quads : {std::size_t{1}, std::size_t{16}, std::size_t{8192}})
      for (const bool extreme : {false, true}) {
        const strip_of_bytes strip(kernel::select_byte_kernels(level, products), quads, extreme);
        const float thresholds[score_group] = {-1e12F, 1e12F, -1e12F, 1e12F, 1e12F, -1e12F};
        const auto [reached, together] = strip.scores<score_group>(0, thresholds);
        CHECK(reached == 0b100101U);
        double worst = 0;
        for (std::size_t u = 0; u < score_group; ++u) {
          const auto [hit, alone] = strip.scores<1>(u, thresholds + u);
          CHECK(hit == (thresholds[u] < 0 ? 1U : 0U));
          for (std::size_t i = 0; i < strip.kernels.strip; ++i) {
            const double scaled = static_cast<double>(strip.product(u, i)) *
                                  static_cast<double>(strip.scales[i]) *
                                  static_cast<double>(strip_of_bytes::scale_of(u));
            const double expected = scaled + static_cast<double>(strip.biases[i]);
            const double off =
                std::abs(static_cast<double>(together[u * strip.kernels.strip + i]) - expected);
            worst = std::max(worst, off / (std::abs(scaled) + 64));
            CHECK(alone[i] == together[u * strip.kernels.strip + i]);
          }
        }
        CHECK(worst < 4e-7);  // of the roundings of a product with scales
      }
}

}  // namespace kindred::byte_scores_test
