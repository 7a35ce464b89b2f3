#include <kindred/core/random.hpp>
#include <kindred/kernel/panel_scores.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "simd_levels.hpp"

namespace kindred::panel_scores_test {

using kernel::half;
using kernel::score_group;

namespace {

std::vector<float> normals(std::size_t count, std::uint64_t seed) {
  const counter_rng rng(seed);
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(rng.normal(i));
  return values;
}

template <class Stored>
Stored as(float value) {
  if constexpr (std::is_same_v<Stored, half>)
    return kernel::to_half(value);
  else
    return value;
}

float back(float value) { return value; }
float back(half value) { return kernel::to_float(value); }

}  // namespace

TEST_CASE_TEMPLATE("Panels score what rows of the same numbers score, to the bit", Stored, float,
                   half) {
  for (const std::size_t factors : {std::size_t{1}, std::size_t{7}, std::size_t{64}})
    for (const auto level : test::levels_of_this_machine()) {
      const auto& kernels = kernel::select_panel_kernels<Stored>(level);
      std::vector<float> rows = normals(kernels.strip * factors, 1);
      for (float& x : rows) x = back(as<Stored>(x));
      rows[0] = back(as<Stored>(3e-6F));  // subnormal as a half
      const std::vector<float> biases = normals(kernels.strip, 2);
      const std::vector<float> users = normals(score_group * factors, 3);
      std::vector<Stored> panel(rows.size());
      for (std::size_t i = 0; i < kernels.strip; ++i)
        for (std::size_t f = 0; f < factors; ++f)
          panel[f * kernels.strip + i] = as<Stored>(rows[i * factors + f]);
      std::vector<float> grouped(users.size());
      for (std::size_t u = 0; u < score_group; ++u)
        for (std::size_t f = 0; f < factors; ++f)
          grouped[f * score_group + u] = users[u * factors + f];

      const kernel::item_rows<float> items{rows.data(), biases.data(), kernels.strip, factors};
      const float thresholds[score_group] = {-100, 100, -100, 100, 100, -100};
      std::vector<float> some(score_group * kernels.strip);
      std::vector<float> one(kernels.strip);
      std::vector<float> expected(kernels.strip);
      CHECK(kernels.score_some(panel.data(), grouped.data(), factors, biases.data(), 0, thresholds,
                               some.data()) == 0b100101U);
      for (std::size_t u = 0; u < score_group; ++u) {
        const float* const user = users.data() + u * factors;
        kernel::score_items(items, user, std::span<float>(expected), level);
        CHECK(kernels.score_one(panel.data(), user, factors, biases.data(), 0, thresholds + u,
                                one.data()) == (thresholds[u] < 0 ? 1U : 0U));
        CHECK(one == expected);
        CHECK(std::ranges::equal(std::span(some).subspan(u * kernels.strip, kernels.strip), one));
      }
    }
}

}  // namespace kindred::panel_scores_test
