#pragma once

#include <kindred/core/types.hpp>

#include <algorithm>
#include <cstddef>
#include <span>

namespace kindred::detail {

/// Calls `f(n, m)` for all few[n] == many[m], by ascending n. Both ascend. O(few log many).
template <class Function>
void join_few(std::span<const index> few, std::span<const index> many, const Function& f) {
  auto at = many.begin();
  for (std::size_t n = 0; n < few.size() && at != many.end(); ++n) {
    at = std::lower_bound(at, many.end(), few[n]);
    if (at != many.end() && *at == few[n]) f(n, static_cast<std::size_t>(at - many.begin()));
  }
}

/// Calls `f(n, m)` for all a[n] == b[m], in ascending order. Both ascend.
template <class Function>
void sorted_join(std::span<const index> a, std::span<const index> b, const Function& f) {
  constexpr std::size_t much = 32;
  if (a.size() * much < b.size()) return join_few(a, b, f);
  if (b.size() * much < a.size())
    return join_few(b, a, [&](std::size_t m, std::size_t n) { f(n, m); });
  // Which list goes on is as good as random, so that branches would be guessed wrong half the time.
  for (std::size_t n = 0, m = 0; n < a.size() && m < b.size();) {
    const index x = a[n];
    const index y = b[m];
    if (x == y) f(n, m);
    n += static_cast<std::size_t>(x <= y);
    m += static_cast<std::size_t>(y <= x);
  }
}

}  // namespace kindred::detail
