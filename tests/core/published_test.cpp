#include <kindred/core/published.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

namespace kindred::published_test {

namespace {

/// Counts those that are alive; two numbers that must always agree.
struct counted {
  explicit counted(int n) : number(n), twin(n) { ++alive; }
  counted(const counted&) = delete;
  counted& operator=(const counted&) = delete;
  ~counted() { --alive; }

  int number;
  int twin;
  static inline std::atomic<int> alive{0};
};

}  // namespace

TEST_CASE("published: what was set last, and nothing older is kept") {
  published<counted> value;
  CHECK(value.get() == nullptr);
  for (int n = 0; n < 5; ++n) {
    value.set(std::make_shared<const counted>(n));
    CHECK(value.get()->number == n);
    CHECK(counted::alive == 1);
  }
  const auto held = value.get();
  value.set(std::make_shared<const counted>(9));
  CHECK(held->number == 4);
  CHECK(counted::alive == 2);
  value.set(nullptr);
  CHECK(value.get() == nullptr);
  CHECK(counted::alive == 1);
}

TEST_CASE("published: threads see whole values, never going back") {
  constexpr int last = 2000;
  published<counted> value(std::make_shared<const counted>(0));
  std::vector<int> wrong(6, 0);
  std::vector<std::thread> readers;
  for (std::size_t t = 0; t < wrong.size(); ++t)
    readers.emplace_back([&, t] {
      for (int seen = 0; seen < last;) {
        const auto now = value.get();
        wrong[t] += now->number < seen || now->number != now->twin ? 1 : 0;
        seen = now->number;
      }
    });
  for (int n = 1; n <= last; ++n) value.set(std::make_shared<const counted>(n));
  for (std::thread& reader : readers) reader.join();
  CHECK(wrong == std::vector<int>(6, 0));
  CHECK(counted::alive == 1);
}

}  // namespace kindred::published_test
