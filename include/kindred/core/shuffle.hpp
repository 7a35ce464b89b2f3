#pragma once

#include <kindred/core/random.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace kindred {

/// Puts fewer than 2^32 elements into one of all orders, each as likely (Fisher and Yates): draw n
/// of `random` says which goes to place n - 1.
template <class T>
void shuffle(std::span<T> elements, const counter_rng& random) noexcept {
  for (std::size_t n = elements.size(); n > 1; --n)
    std::swap(elements[n - 1], elements[random.below(n, static_cast<std::uint32_t>(n))]);
}

}  // namespace kindred
