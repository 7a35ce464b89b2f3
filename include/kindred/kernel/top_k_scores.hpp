#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <kindred/core/shared_array.hpp>
#include <kindred/kernel/scores.hpp>
#include <kindred/kernel/top_k.hpp>
#include <limits>
#include <span>

namespace kindred::kernel {

namespace detail {

/// Pushes what a strip has for one user.
template <class Scalar, class Accept>
void push_strip(const item_rows<Scalar>& items, const strip_scores<Scalar>& strip,
                const Scalar* scores, Accept&& accept, top_k_selector& best) {
  for (std::size_t i = 0; i < strip.size; ++i) {
    const scored_item candidate{items.item(strip.first + i), static_cast<float>(scores[i])};
    if (candidate.score >= best.threshold() && accept(candidate.item)) best.push(candidate);
  }
}

/// Users by groups, each [factor][user], padded with zeros: as `for_each_strip` reads them.
template <class Scalar>
[[nodiscard]] aligned_vector<Scalar> group_users(std::span<const Scalar* const> users,
                                                 std::size_t factors) {
  const std::size_t groups = (users.size() + score_group - 1) / score_group;
  aligned_vector<Scalar> grouped(groups * factors * score_group, Scalar{0});
  for (std::size_t u = 0; u < users.size(); ++u)
    for (std::size_t f = 0; f < factors; ++f)
      grouped[(u / score_group * factors + f) * score_group + u % score_group] = users[u][f];
  return grouped;
}

}  // namespace detail

/// Selects the best items for one user (`items.factors` numbers) among those that
/// `accept(item) -> bool` lets pass; it is asked only about items whose score is high enough, in
/// the order of `items`. Exact; O(items x factors). Allocates nothing.
template <class Scalar, class Accept>
void select_top_k(const item_rows<Scalar>& items, const Scalar* user, Accept&& accept,
                  top_k_selector& best, simd_level level = best_simd_level()) {
  auto threshold = static_cast<Scalar>(best.threshold());
  for_each_strip(items, user, threshold, level, [&](const strip_scores<Scalar>& strip) {
    if (strip.reached == 0) return;
    detail::push_strip(items, strip, strip.scores, accept, best);
    threshold = static_cast<Scalar>(best.threshold());
  });
}

/// select_top_k for many users on this thread, each with its own selector; `accept(u, item)` counts
/// users from 0. The scores have the bits that select_top_k gives. Products are made in blocks and
/// looked through while they are in registers; the score matrix never exists.
template <class Scalar, class Accept>
void select_top_k_batch(const item_rows<Scalar>& items, std::span<const Scalar* const> users,
                        Accept&& accept, std::span<top_k_selector> best,
                        simd_level level = best_simd_level()) {
  if (users.size() == 1)  // no group to share the work
    return select_top_k(
        items, users[0], [&](index item) { return accept(std::size_t{0}, item); }, best[0], level);
  constexpr std::size_t groups = 32;  // amortises the transposition of a strip to some percent
  constexpr std::size_t block = groups * score_group;
  for (std::size_t begin = 0; begin < users.size(); begin += block) {
    const auto some = users.subspan(begin, std::min(block, users.size() - begin));
    const auto grouped = detail::group_users(some, items.factors);
    std::array<Scalar, block> thresholds;
    thresholds.fill(std::numeric_limits<Scalar>::quiet_NaN());  // padding: no score reaches NaN
    for (std::size_t u = 0; u < some.size(); ++u)
      thresholds[u] = static_cast<Scalar>(best[begin + u].threshold());
    for_each_strip_of_groups<groups>(
        items, grouped.data(), (some.size() + score_group - 1) / score_group, thresholds.data(),
        level, [&](std::size_t group, const strip_scores<Scalar>& strip) {
          for (unsigned left = strip.reached; left != 0; left &= left - 1) {
            const auto lane = static_cast<std::size_t>(std::countr_zero(left));
            const std::size_t u = group * score_group + lane;
            top_k_selector& selector = best[begin + u];
            detail::push_strip(
                items, strip, strip.scores + lane * strip.stride,
                [&](index item) { return accept(begin + u, item); }, selector);
            thresholds[u] = static_cast<Scalar>(selector.threshold());
          }
        });
  }
}

}  // namespace kindred::kernel
