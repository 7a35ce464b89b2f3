#include <kindred/core/shared_array.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace kindred::shared_array_test {

TEST_CASE("aligned_vector: on cache lines, whatever it holds") {
  for (const std::size_t size : {1U, 3U, 100U, 12345U}) {
    const aligned_vector<float> numbers(size, 1.0F);
    CHECK(reinterpret_cast<std::uintptr_t>(numbers.data()) % 64 == 0);
    const aligned_vector<char> text(size, 'x');
    CHECK(reinterpret_cast<std::uintptr_t>(text.data()) % 64 == 0);
  }
}

TEST_CASE("aligned_vector: values where they are asked for, constructors for what has them") {
  const aligned_vector<int> zeros(100, 0);
  CHECK(std::accumulate(zeros.begin(), zeros.end(), 0) == 0);
  const aligned_vector<std::string> texts(3);
  CHECK(texts[2].empty());
  aligned_vector<std::unique_ptr<int>> pointers(2);
  CHECK(pointers[1] == nullptr);
}

TEST_CASE("aligned_allocator: refuses sizes that overflow") {
  aligned_allocator<double> allocator;
  CHECK_THROWS_AS(static_cast<void>(allocator.allocate(static_cast<std::size_t>(-1) / 4)),
                  std::bad_array_new_length);
}

TEST_CASE("shared_array: takes over a vector, and copies share it") {
  aligned_vector<int> numbers{1, 2, 3};
  const int* storage = numbers.data();
  const shared_array<int> array = std::move(numbers);
  CHECK(array.data() == storage);
  CHECK(array.size() == 3);
  const shared_array<int> copy = array;  // NOLINT: the copy is the point
  CHECK(copy.data() == storage);
  CHECK(copy[2] == 3);
  CHECK(std::accumulate(copy.begin(), copy.end(), 0) == 6);
  CHECK(copy.span().subspan(1)[0] == 2);
}

TEST_CASE("shared_array: lives as long as the last copy") {
  shared_array<int> copy;
  {
    const shared_array<int> array = aligned_vector<int>(1000, 7);
    copy = array;
  }
  CHECK(std::accumulate(copy.begin(), copy.end(), 0) == 7000);
}

TEST_CASE("shared_array: keeps alive whatever owns its elements") {
  auto owner = std::make_shared<const std::vector<int>>(std::vector<int>{4, 5, 6});
  const std::weak_ptr<const std::vector<int>> watch = owner;
  shared_array<int> tail(owner, owner->data() + 1, 2);
  owner.reset();
  CHECK_FALSE(watch.expired());
  CHECK(tail.size() == 2);
  CHECK(tail[0] == 5);
  tail = {};
  CHECK(watch.expired());
}

TEST_CASE("shared_array: empty") {
  const shared_array<float> none;
  CHECK(none.empty());
  CHECK(none.begin() == none.end());
  CHECK(none.span().empty());
  const shared_array<float> nothing = aligned_vector<float>();
  CHECK(nothing.empty());
}

}  // namespace kindred::shared_array_test
