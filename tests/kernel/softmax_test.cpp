#include <kindred/kernel/softmax.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "simd_levels.hpp"

namespace kindred::softmax_test {

using kindred::kernel::simd_level;
using kindred::kernel::softmax_cross_entropy;

TEST_CASE("softmax cross-entropy is that of brute force at every level and length") {
  for (const simd_level level : kindred::test::levels_of_this_machine()) {
    for (std::size_t count = 1; count < 70; ++count) {
      CAPTURE(static_cast<int>(level));
      CAPTURE(count);
      const std::size_t positive = (count * 5) / 7;
      std::vector<float> scores;
      std::vector<float> log_q;
      std::vector<kindred::index> items;
      for (std::size_t i = 0; i < count; ++i) {
        scores.push_back(4 * std::sin(static_cast<float>(3 * i + 1)));
        log_q.push_back(-std::log(static_cast<float>(2 + i)));
        items.push_back(static_cast<kindred::index>(i % 20));
      }
      std::vector<double> weights(count);
      double sum = 0;
      for (std::size_t i = 0; i < count; ++i) {
        if (i != positive && items[i] == items[positive]) continue;
        weights[i] = std::exp(static_cast<double>(scores[i]) / 0.5 - static_cast<double>(log_q[i]));
        sum += weights[i];
      }
      scores.push_back(7);  // one more, which stays as it is
      const float loss = softmax_cross_entropy({.scores = scores.data(),
                                                .count = count,
                                                .positive = positive,
                                                .sharpness = 2,
                                                .log_q = log_q.data(),
                                                .items = items.data()},
                                               level);
      CHECK(static_cast<double>(loss) ==
            doctest::Approx(-std::log(weights[positive] / sum)).epsilon(1e-5).scale(0.1));
      double worst = 0;
      for (std::size_t i = 0; i < count; ++i) {
        const double expected = 2 * (weights[i] / sum - (i == positive ? 1 : 0));
        worst = std::max(worst, std::abs(static_cast<double>(scores[i]) - expected));
      }
      CHECK(worst < 2e-6);
      CHECK(scores[count] == 7);
    }
  }
}

}  // namespace kindred::softmax_test
