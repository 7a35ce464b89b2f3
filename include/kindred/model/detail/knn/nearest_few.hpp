#pragma once

#include <kindred/kernel/neighbor_key.hpp>
#include <kindred/model/neighbor_lists.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <utility>

namespace kindred::detail {

/// Keeps the nearest of many neighbours, on the stack.
class nearest_few {
 public:
  static constexpr std::size_t most = 512;

  /// Of those that are as near as `least`. Precondition: 0 < count <= most.
  explicit nearest_few(std::size_t count, float least = 0) noexcept
      : count_(count), bar_(kernel::to_neighbor_key(std::abs(least), -1)) {}

  void push(neighbor one) noexcept {
    some_[size_] = kernel::to_neighbor_key(one.similarity, one.row);
    size_ += static_cast<std::size_t>(some_[size_] > bar_);
    if (size_ == 2 * count_) shrink();
  }
  /// Drops all but the nearest.
  void finish() noexcept {
    if (size_ > count_) shrink();
  }
  /// Calls `f(neighbor)` for each one left, in no order, but always in the same.
  template <class Function>
  void for_each(const Function& f) const {
    for (std::size_t n = 0; n < size_; ++n)
      f(neighbor{kernel::row_of(some_[n]), kernel::similarity_of(some_[n])});
  }

 private:
  using key = kernel::neighbor_key;

  /// Moves the largest to the front, the least of them last. Which side of a pivot a key goes to is
  /// as good as random, so that branches would be guessed wrong half the time.
  void shrink() noexcept {
    auto first = some_.begin();
    auto last = first + static_cast<std::ptrdiff_t>(size_);
    const auto wanted = first + static_cast<std::ptrdiff_t>(count_);
    while (last - first > 1) {
      std::swap(*first, first[(last - first) / 2]);
      const key pivot = *first;
      auto larger = first;  // than the pivot; these lie behind it
      for (auto at = first + 1; at < last; ++at) {
        const key one = *at;
        *at = larger[1];
        larger[1] = one;
        larger += one > pivot;
      }
      std::swap(*first, *larger);
      if (larger + 1 == wanted) break;
      if (larger < wanted)
        first = larger + 1;
      else
        last = larger;
    }
    size_ = count_;
    bar_ = wanted[-1];
  }

  std::size_t count_;
  std::size_t size_ = 0;
  key bar_;                         ///< what is kept is larger
  std::array<key, 2 * most> some_;  // on purpose not filled
};

}  // namespace kindred::detail
