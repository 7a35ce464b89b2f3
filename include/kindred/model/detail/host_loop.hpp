#pragma once

#include <kindred/backend/concepts.hpp>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

namespace kindred::detail {

/// `for_range` of a host backend without the type of the backend, so that what runs on it is
/// compiled once and not for every backend. Allocates nothing of its own.
class host_loop {
 public:
  /// `backend` must outlive it.
  template <host_backend Backend>
  explicit host_loop(const Backend& backend)
      : backend_(&backend), run_([](const void* erased, std::size_t count, body f) {
          static_cast<const Backend*>(erased)->for_range(count, f);
        }) {}

  /// Calls `f(begin, end)` on disjoint ranges that cover 0 .. count-1.
  template <class Function>
  void operator()(std::size_t count, const Function& f) const {
    run_(backend_, count, {&f, [](const void* erased, std::size_t begin, std::size_t end) {
                             (*static_cast<const Function*>(erased))(begin, end);
                           }});
  }

 private:
  struct body {
    const void* function;
    void (*call)(const void* function, std::size_t begin, std::size_t end);
    void operator()(std::size_t begin, std::size_t end) const { call(function, begin, end); }
  };

  const void* backend_;
  void (*run_)(const void* backend, std::size_t count, body f);
};

/// Calls `f(row)` for each of `count` rows.
template <class Function>
void for_each_index(const host_loop& loop, std::size_t count, const Function& f) {
  loop(count, [&](std::size_t begin, std::size_t end) {
    for (std::size_t row = begin; row < end; ++row) f(row);
  });
}

/// Adds up `term(begin, end)` over blocks of `block` rows of `count`, block by block in order: the
/// same bits on any number of threads.
template <class Term>
[[nodiscard]] double sum_blocks(const host_loop& loop, std::size_t count, std::size_t block,
                                const Term& term) {
  std::vector<double> sums((count + block - 1) / block, 0.0);
  for_each_index(loop, sums.size(), [&](std::size_t b) {
    sums[b] = term(b * block, std::min(count, (b + 1) * block));
  });
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

/// Adds up `term(row)` of each of `count` rows, in the same way.
template <class Term>
[[nodiscard]] double sum_over(const host_loop& loop, std::size_t count, const Term& term) {
  constexpr std::size_t block = 4096;
  return sum_blocks(loop, count, block, [&](std::size_t begin, std::size_t end) {
    double sum = 0;
    for (std::size_t row = begin; row < end; ++row) sum += term(row);
    return sum;
  });
}

}  // namespace kindred::detail
