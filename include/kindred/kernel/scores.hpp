#pragma once

#include <kindred/core/types.hpp>
#include <kindred/kernel/dispatch.hpp>
#include <kindred/kernel/half.hpp>
#include <kindred/kernel/pack.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

namespace kindred::kernel {

/// How many users the kernels take at once: as many as leave registers for their sums.
inline constexpr std::size_t score_group = 6;

}  // namespace kindred::kernel

#define KINDRED_KERNEL_BODY <kindred/kernel/detail/scores_body.inl>
#include <kindred/kernel/detail/foreach_target.inl>

namespace kindred::kernel {

/// Items that are scored by inner product: item i has the score biases[i] + dot(user, row i) for a
/// user. Rows are `factors` long and follow each other, unless `scattered` says where each is.
template <class Scalar>
struct item_rows {
  const Scalar* rows = nullptr;
  const Scalar* biases = nullptr;  ///< one an item, or null
  std::size_t count = 0;
  std::size_t factors = 0;
  /// The only items to look at, in any order, each in 0 .. count-1; null for all of them.
  const index* subset = nullptr;
  std::size_t subset_size = 0;
  const Scalar* const* scattered = nullptr;  ///< in place of `rows`, or null
  const index* names = nullptr;  ///< what selectors call an item, or null if by its number

  [[nodiscard]] std::size_t size() const noexcept {
    return subset == nullptr ? count : subset_size;
  }
  /// The number of the item at a position of 0 .. size()-1.
  [[nodiscard]] std::size_t number(std::size_t position) const noexcept {
    return subset == nullptr ? position : static_cast<std::size_t>(subset[position]);
  }
  [[nodiscard]] index item(std::size_t position) const noexcept {
    const std::size_t item = number(position);
    return names == nullptr ? static_cast<index>(item) : names[item];
  }
  [[nodiscard]] const Scalar* row(std::size_t number) const noexcept {
    return scattered == nullptr ? rows + number * factors : scattered[number];
  }
};

/// A strip of items with its scores for one user, or for one group of users.
template <class Scalar>
struct strip_scores {
  std::size_t first;     ///< position of the first item in `item_rows`
  std::size_t size;      ///< how many items
  unsigned reached;      ///< bit u: a score of the group's user u may reach its threshold
  const Scalar* scores;  ///< of the group's user u and the strip's item i at [u * stride + i]
  std::size_t stride;
};

namespace detail {

/// The kernels of one instruction set.
template <class Scalar>
struct score_kernels {
  std::size_t strip;
  decltype(&baseline::score_strip<Scalar>::score) score;
  decltype(&baseline::score_strip<Scalar>::gather) gather;
  decltype(&baseline::score_strip<Scalar>::template multiply<score_group, Scalar>) multiply;
};

template <class Strip, class Scalar>
inline constexpr score_kernels<Scalar> score_kernels_of = {
    Strip::items, &Strip::score, &Strip::gather, &Strip::template multiply<score_group, Scalar>};

template <class Scalar>
[[nodiscard]] const score_kernels<Scalar>& select_score_kernels(
    [[maybe_unused]] simd_level level) noexcept {
#if defined(__x86_64__)
  if (level == simd_level::avx512) return score_kernels_of<avx512::score_strip<Scalar>, Scalar>;
  if (level == simd_level::avx2) return score_kernels_of<avx2::score_strip<Scalar>, Scalar>;
#endif
  return score_kernels_of<baseline::score_strip<Scalar>, Scalar>;
}

/// Items of the widest strip of any instruction set.
template <class Scalar>
inline constexpr std::size_t widest_strip = 128 / sizeof(Scalar);

/// Where the items of a strip are. The last strip repeats its last item to be full.
template <class Scalar>
struct strip_rows {
  const Scalar* rows[widest_strip<Scalar>];
  alignas(64) Scalar biases[widest_strip<Scalar>] = {};

  /// Turns to the strip at position `first`, and has the memory of the next one fetched: rows lie
  /// too far apart for the processor to guess them.
  void turn_to(const item_rows<Scalar>& items, std::size_t first, std::size_t strip) noexcept {
    const std::size_t last = items.size() - 1;
    for (std::size_t i = 0; i < strip; ++i) {
      const std::size_t item = items.number(std::min(first + i, last));
      rows[i] = items.row(item);
      if (items.biases != nullptr) biases[i] = items.biases[item];
    }
    for (std::size_t next = first + strip; next < std::min(first + 2 * strip, last); ++next) {
      const Scalar* const row = items.row(items.number(next));
      for (std::size_t f = 0; f < items.factors; f += 64 / sizeof(Scalar))
        __builtin_prefetch(row + f);
    }
  }
};

}  // namespace detail

/// Scores all items for one user and calls `visit(strip_scores)` for every strip, in the order of
/// `items`; `visit` may change `threshold`. Allocates nothing.
///
/// A score has the same bits here and in `for_each_strip_of_groups`, whatever the subset; they
/// depend on whether `level` has fused multiply-add. Precondition: the processor has `level`.
template <class Scalar, class Visit>
void for_each_strip(const item_rows<Scalar>& items, const Scalar* user, const Scalar& threshold,
                    simd_level level, Visit&& visit) {
  const auto& kernels = detail::select_score_kernels<Scalar>(level);
  const std::size_t strip = kernels.strip;
  detail::strip_rows<Scalar> at;
  alignas(64) Scalar scores[detail::widest_strip<Scalar>];
  for (std::size_t first = 0; first < items.size(); first += strip) {
    at.turn_to(items, first, strip);
    const bool reached = kernels.score(at.rows, at.biases, user, items.factors, threshold, scores);
    const std::size_t size = std::min(strip, items.size() - first);
    visit(strip_scores<Scalar>{first, size, reached ? 1U : 0U, scores, strip});
  }
}

/// Scores all items for `groups` <= Groups groups of `score_group` users and calls
/// `visit(group, strip_scores)` for every strip, in the order of `items`, and group. Group g of
/// `users` is [factor][user], behind the groups before it. `thresholds` has one element a user, and
/// `visit` may change them. Allocates nothing, but needs some 40 kB of stack for 32 groups.
template <std::size_t Groups, class Scalar, class Visit>
void for_each_strip_of_groups(const item_rows<Scalar>& items, const Scalar* users,
                              std::size_t groups, const Scalar* thresholds, simd_level level,
                              Visit&& visit) {
  constexpr std::size_t widest = detail::widest_strip<Scalar>;
  constexpr std::size_t depth_limit = 128;  // so that a panel fits the first cache and the stack
  const auto& kernels = detail::select_score_kernels<Scalar>(level);
  const std::size_t strip = kernels.strip;
  const std::size_t sums_size = score_group * strip;
  detail::strip_rows<Scalar> at;
  alignas(64) Scalar panel[depth_limit * widest];
  alignas(64) Scalar scores[Groups * score_group * widest];
  for (std::size_t first = 0; first < items.size(); first += strip) {
    at.turn_to(items, first, strip);
    const std::size_t size = std::min(strip, items.size() - first);
    std::size_t begin = 0;
    do {
      const std::size_t depth = std::min(depth_limit, items.factors - begin);
      const bool last = begin + depth == items.factors;
      kernels.gather(at.rows, begin, depth, panel);
      for (std::size_t g = 0; g < groups; ++g) {
        Scalar* const sums = scores + g * sums_size;
        const unsigned reached =
            kernels.multiply(panel, users + (g * items.factors + begin) * score_group, depth,
                             begin == 0 ? at.biases : sums, begin == 0 ? 0 : strip,
                             thresholds + g * score_group, sums);
        if (last) visit(g, strip_scores<Scalar>{first, size, reached, sums, strip});
      }
      begin += depth;
    } while (begin < items.factors);
  }
}

/// scores[p] = biases[i] + dot(user, row i), rounded to float, for the item i at each position p.
/// Allocates nothing. Precondition: scores.size() == items.size().
template <class Scalar>
void score_items(const item_rows<Scalar>& items, const Scalar* user, std::span<float> scores,
                 simd_level level = best_simd_level()) noexcept {
  for_each_strip(items, user, Scalar{0}, level, [&](const strip_scores<Scalar>& strip) {
    for (std::size_t i = 0; i < strip.size; ++i)
      scores[strip.first + i] = static_cast<float>(strip.scores[i]);
  });
}

}  // namespace kindred::kernel
