#pragma once

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <vector>

namespace kindred {

namespace detail {

/// A loop body without its type, so that oneTBB's loop is compiled once and not for every body:
/// each costs the compiler a third of a second.
struct loop_body {
  const void* body;
  void (*call)(const void* body, std::size_t begin, std::size_t end);
};

inline void run_parallel(std::size_t count, std::size_t grain, loop_body loop) {
  ::tbb::parallel_for(::tbb::blocked_range<std::size_t>(0, count, grain),
                      [loop](const ::tbb::blocked_range<std::size_t>& range) {
                        loop.call(loop.body, range.begin(), range.end());
                      });
}

}  // namespace detail

/// Calls `body(begin, end)` on disjoint ranges that cover 0 .. count-1, in parallel in the caller's
/// TBB arena. Ranges hold at least about `grain` elements; where they are cut is up to the
/// schedule.
template <class Body>
void parallel_for(std::size_t count, std::size_t grain, const Body& body) {
  if (count <= grain) {
    if (count > 0) body(std::size_t{0}, count);
    return;
  }
  detail::run_parallel(count, std::max<std::size_t>(grain, 1),
                       {&body, [](const void* erased, std::size_t begin, std::size_t end) {
                          (*static_cast<const Body*>(erased))(begin, end);
                        }});
}

/// How many elements `parallel_sum` adds up in one go; fixed, so that its result is, too.
inline constexpr std::size_t sum_block = 4096;

/// Adds up `term(begin, end)` over blocks of `block` elements, block by block in order: the same
/// bits on any number of threads. A term is a number or whatever else starts at {} and has `+=`.
template <class Term>
[[nodiscard]] auto parallel_sum(std::size_t count, const Term& term,
                                std::size_t block = sum_block) {
  using sum_type = std::invoke_result_t<const Term&, std::size_t, std::size_t>;
  const std::size_t blocks = (count + block - 1) / block;
  std::vector<sum_type> sums(blocks);
  parallel_for(blocks, 1, [&](std::size_t first, std::size_t last) {
    for (std::size_t b = first; b < last; ++b)
      sums[b] = term(b * block, std::min(count, (b + 1) * block));
  });
  sum_type total{};
  for (const sum_type& sum : sums) total += sum;
  return total;
}

}  // namespace kindred
