#include <kindred/core/random.hpp>
#include <kindred/core/shuffle.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <numeric>
#include <span>
#include <vector>

namespace kindred::shuffle_test {

TEST_CASE("a shuffle keeps the elements, and the seed makes the order") {
  std::vector<int> sorted(1000);
  std::iota(sorted.begin(), sorted.end(), 0);
  std::vector<int> first = sorted;
  std::vector<int> again = sorted;
  std::vector<int> other = sorted;
  shuffle(std::span(first), counter_rng(1));
  shuffle(std::span(again), counter_rng(1));
  shuffle(std::span(other), counter_rng(2));
  CHECK(std::ranges::is_permutation(first, sorted));
  CHECK(first == again);
  CHECK(first != other);
  CHECK(first != sorted);
  std::span<int> none;
  shuffle(none, counter_rng(1));
}

TEST_CASE("all orders are as likely") {
  std::map<std::array<int, 4>, int> counts;
  constexpr int draws = 24'000;
  for (std::uint64_t seed = 0; seed < draws; ++seed) {
    std::array<int, 4> order{0, 1, 2, 3};
    shuffle(std::span<int>(order), counter_rng(seed));
    ++counts[order];
  }
  CHECK(counts.size() == 24);
  double squares = 0;  // chi squared, of 23 degrees of freedom
  for (const auto& [order, count] : counts) squares += (count - 1000.0) * (count - 1000.0) / 1000;
  CHECK(squares < 49.7);  // exceeded once in a thousand
}

}  // namespace kindred::shuffle_test
