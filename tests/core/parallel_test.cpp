#include <kindred/core/parallel.hpp>
#include <kindred/core/random.hpp>

#include <doctest/doctest.h>
#include <tbb/global_control.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <vector>

namespace kindred::parallel_test {

namespace {

/// Numbers of very different sizes, so that the order of their sum shows in its bits.
std::vector<double> wild_numbers(std::size_t count) {
  const counter_rng rng(2);
  std::vector<double> numbers(count);
  for (std::size_t k = 0; k < count; ++k)
    numbers[k] = rng.normal(2 * k) * std::exp(20 * rng.uniform(2 * k + 1));
  return numbers;
}

double sum_of(const std::vector<double>& numbers, std::size_t block) {
  return parallel_sum(
      numbers.size(),
      [&](std::size_t begin, std::size_t end) {
        double sum = 0;
        for (std::size_t k = begin; k < end; ++k) sum += numbers[k];
        return sum;
      },
      block);
}

}  // namespace

TEST_CASE("parallel_for: every element once, whatever the count and grain") {
  for (const std::size_t count : {0U, 1U, 2U, 31U, 1000U, 65537U})
    for (const std::size_t grain : {0U, 1U, 7U, 1000U, 100000U}) {
      std::vector<int> hits(count);
      std::atomic<bool> sound = true;
      parallel_for(count, grain, [&](std::size_t begin, std::size_t end) {
        if (begin >= end || end > count) sound = false;
        for (std::size_t k = begin; k < end; ++k) ++hits[k];
      });
      CHECK(sound);
      CHECK(std::count(hits.begin(), hits.end(), 1) == static_cast<std::ptrdiff_t>(count));
    }
}

TEST_CASE("parallel_for: an exception of the body reaches the caller") {
  CHECK_THROWS_WITH_AS(parallel_for(10000, 10,
                                    [](std::size_t begin, std::size_t) {
                                      if (begin > 3000) throw std::runtime_error("no");
                                    }),
                       "no", std::runtime_error);
}

TEST_CASE("parallel_sum: the same bits in arenas of 1, 2 and 8 threads") {
  const auto numbers = wild_numbers(1000003);
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, 8);
  for (const std::size_t block : {std::size_t{100}, sum_block, std::size_t{1} << 20}) {
    std::vector<std::uint64_t> bits;
    for (const int threads : {1, 2, 8})
      for (int repetition = 0; repetition < 5; ++repetition)
        bits.push_back(tbb::task_arena(threads).execute(
            [&] { return std::bit_cast<std::uint64_t>(sum_of(numbers, block)); }));
    CHECK(std::count(bits.begin(), bits.end(), bits[0]) ==
          static_cast<std::ptrdiff_t>(bits.size()));
  }
  // Were these numbers tame, the test above could not fail.
  CHECK(sum_of(numbers, 100) != sum_of(numbers, std::size_t{1} << 20));
}

TEST_CASE("parallel_sum: the sum, also of nothing and at the edges of a block") {
  CHECK(sum_of({}, 16) == 0);
  for (const std::size_t count : {1U, 15U, 16U, 17U, 160U}) {
    std::vector<double> numbers(count);
    for (std::size_t k = 0; k < count; ++k) numbers[k] = static_cast<double>(k + 1);
    CHECK(sum_of(numbers, 16) == static_cast<double>(count * (count + 1) / 2));
  }
}

}  // namespace kindred::parallel_test
