#include <kindred/core/huge_pages.hpp>
#include <kindred/core/shared_array.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <span>

namespace kindred::huge_pages_test {

TEST_CASE("memory of any size serves as before with huge pages behind it") {
  for (const std::size_t size : {0UL, 1UL, 5000UL, 3'000'000UL}) {
    aligned_vector<float> memory(size, 1.0F);
    prefer_huge_pages(std::span(memory));
    CHECK(std::ranges::all_of(memory, [](float x) { return x == 1; }));
    std::ranges::fill(memory, 2.0F);
    CHECK(std::ranges::count(memory, 2.0F) == static_cast<std::ptrdiff_t>(size));
  }
}

}  // namespace kindred::huge_pages_test
