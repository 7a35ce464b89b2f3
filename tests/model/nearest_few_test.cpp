#include <kindred/core/random.hpp>
#include <kindred/model/detail/knn/nearest_few.hpp>
#include <kindred/model/detail/knn/sorted_join.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace kindred::nearest_few_test {

TEST_CASE("the nearest few of many neighbours are those that a sort puts first") {
  const counter_rng rng(1);
  for (const std::size_t count : {1U, 2U, 7U, 40U, 512U})
    for (const std::size_t offered : {0U, 1U, 40U, 81U, 3000U}) {
      const float least = offered == 81 ? 0.5F : 0.0F;
      std::vector<neighbor> all;
      detail::nearest_few few(count, least);
      for (std::size_t n = 0; n < offered; ++n) {  // of few values, so that there are ties
        const float similarity = 0.125F * static_cast<float>(1 + rng.below(2 * n, 9));
        all.push_back(
            {static_cast<index>(n), rng.below(2 * n + 1, 2) == 0 ? similarity : -similarity});
        few.push(all.back());
      }
      few.finish();
      std::vector<neighbor> kept;
      few.for_each([&](const neighbor& one) { kept.push_back(one); });
      std::erase_if(all, [&](const neighbor& one) { return std::abs(one.similarity) < least; });
      std::sort(all.begin(), all.end(), nearer);
      all.resize(std::min(count, all.size()));
      std::sort(kept.begin(), kept.end(), nearer);
      CHECK(kept == all);
    }
}

TEST_CASE("joined lists meet where they are equal, whatever their lengths") {
  using places = std::vector<std::pair<std::size_t, std::size_t>>;
  const counter_rng rng(2);
  std::uint64_t n = 0;
  const auto list = [&](std::uint32_t one_in) {
    std::vector<index> some;
    for (index row = 0; row < 3000; ++row)
      if (rng.below(n++, one_in) == 0) some.push_back(row);
    return some;
  };
  for (const std::uint32_t a_in : {1U, 2U, 9U, 50U, 1000U, 9999U})
    for (const std::uint32_t b_in : {1U, 2U, 9U, 50U, 1000U, 9999U}) {
      const std::vector<index> a = list(a_in);
      const std::vector<index> b = list(b_in);
      places expected;
      for (std::size_t k = 0; k < a.size(); ++k) {
        const auto at = std::ranges::find(b, a[k]);
        if (at != b.end()) expected.emplace_back(k, static_cast<std::size_t>(at - b.begin()));
      }
      places found;
      detail::sorted_join(a, b, [&](std::size_t k, std::size_t m) { found.emplace_back(k, m); });
      CHECK(found == expected);
    }
}

}  // namespace kindred::nearest_few_test
