#pragma once

#include <kindred/core/types.hpp>

#include <algorithm>
#include <cstddef>
#include <span>

namespace kindred::detail {

/// Calls `f(n, m)` for all few[n] == many[m], by ascending n. Both ascend. O(few log many), or
/// O(few + many) in steps of a block if that is quicker.
template <class Function>
void join_few(std::span<const index> few, std::span<const index> many, const Function& f) {
  constexpr std::size_t block = 8;
  constexpr std::size_t far = 4 * block;
  const bool blocks = many.size() < few.size() * far;
  std::size_t at = 0;
  for (std::size_t n = 0; n < few.size(); ++n) {
    const index x = few[n];
    while (blocks && at + block <= many.size() && many[at + block - 1] < x) at += block;
    if (blocks && at + block <= many.size()) {
      int before = 0;
      for (std::size_t k = at; k < at + block; ++k) before += static_cast<int>(many[k] < x);
      at += static_cast<std::size_t>(before);
    } else {
      const auto rest = many.subspan(at);
      at += static_cast<std::size_t>(std::lower_bound(rest.begin(), rest.end(), x) - rest.begin());
      if (at == many.size()) return;
    }
    if (many[at] == x) f(n, at);
  }
}

/// Calls `f(n, m)` for all a[n] == b[m], in ascending order. Both ascend.
template <class Function>
void sorted_join(std::span<const index> a, std::span<const index> b, const Function& f) {
  constexpr std::size_t few = 4;
  if (a.size() * few < b.size()) return join_few(a, b, f);
  if (b.size() * few < a.size())
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
