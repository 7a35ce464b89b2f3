#include <kindred/core/persistent_array.hpp>
#include <kindred/core/random.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace kindred::persistent_array_test {

namespace {

/// What runs cover, without the elements that were never set.
std::map<std::size_t, int> contents_of(const persistent_array<int>& array) {
  std::map<std::size_t, int> contents;
  std::size_t next = 0;
  bool ascending = true;
  array.for_each_run([&](std::size_t first, std::span<const int> run) {
    ascending &= first >= next;
    next = first + run.size();
    for (std::size_t i = 0; i < run.size(); ++i)
      if (run[i] != 0) contents[first + i] = run[i];
  });
  CHECK(ascending);
  return contents;
}

}  // namespace

TEST_CASE("persistent_array: as a map, whose copies stay what they are") {
  for (const std::uint32_t bound : {1U, 31U, 33U, 1025U, 40'000U, 4'000'000U}) {
    CAPTURE(bound);
    const counter_rng rng(bound);
    persistent_array<int> array;
    std::map<std::size_t, int> expected;
    std::vector<std::pair<persistent_array<int>, std::map<std::size_t, int>>> versions;
    for (std::uint64_t n = 0; n < 400; ++n) {
      const auto at = static_cast<std::size_t>(rng.below(2 * n, bound));
      const auto value = static_cast<int>(rng.below(2 * n + 1, 1000)) + 1;
      array.set(at, value);
      expected[at] = value;
      if (n % 50 == 0) versions.emplace_back(array, expected);
    }
    versions.emplace_back(array, expected);
    for (const auto& [version, contents] : versions) {
      CHECK(contents_of(version) == contents);
      int wrong = 0;
      for (const auto& [at, value] : expected) {
        const auto known = contents.find(at);
        wrong += version[at] != (known == contents.end() ? 0 : known->second) ? 1 : 0;
      }
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE("persistent_array: made of elements, and extended") {
  for (const std::size_t size : {0U, 1U, 32U, 33U, 1024U, 1025U, 33'000U}) {
    std::vector<int> elements(size);
    for (std::size_t i = 0; i < size; ++i) elements[i] = static_cast<int>(i) + 1;
    persistent_array<int> array{std::span<const int>(elements)};
    const persistent_array<int> before = array;
    array.set(size, -1);
    int wrong = 0;
    for (std::size_t i = 0; i < size; ++i) wrong += array[i] != elements[i] ? 1 : 0;
    CHECK(wrong == 0);
    CHECK(array[size] == -1);
    CHECK(array[size + 1] == 0);
    CHECK(before[size] == 0);
    CHECK(contents_of(array).size() == size + 1);
  }
}

TEST_CASE("persistent_array: an element lives as long as a copy that has it") {
  const auto element = std::make_shared<int>(1);
  persistent_array<std::shared_ptr<int>> array;
  CHECK(array[7] == nullptr);
  array.set(7, element);
  {
    const auto copy = array;
    array.set(7, nullptr);
    CHECK(copy[7] == element);
    CHECK(element.use_count() == 2);
  }
  CHECK(element.use_count() == 1);
  CHECK(array[7] == nullptr);
}

}  // namespace kindred::persistent_array_test
