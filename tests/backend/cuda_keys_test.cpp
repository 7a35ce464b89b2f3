#include <kindred/backend/cuda/ranked_key.hpp>
#include <kindred/kernel/top_k.hpp>

#include <doctest/doctest.h>

#include <limits>

namespace kindred::cuda_keys_test {

using gpu::from_key;
using gpu::to_key;

TEST_CASE("keys are in the order of a ranking, and no item is behind all") {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  constexpr index last = std::numeric_limits<index>::max();
  const scored_item ranked[] = {{7, infinity},    {0, 1e30F},  {3, 1.5F},  {4, 1.5F},
                                {last, 1.5F},     {2, 1e-40F}, {0, 0.0F},  {1, -1e-40F},
                                {9, -2.0F},       {0, -3.0F},  {5, -3.0F}, {0, -infinity},
                                {last, -infinity}};
  gpu::ranked_key before = ~gpu::ranked_key{0};
  for (const scored_item& each : ranked) {
    const gpu::ranked_key key = to_key(each.score, each.item);
    CHECK(key < before);
    CHECK(key > 0);
    CHECK(from_key(key) == each);
    before = key;
  }
  CHECK(to_key(-0.0F, 5) == to_key(0.0F, 5));
}

}  // namespace kindred::cuda_keys_test
