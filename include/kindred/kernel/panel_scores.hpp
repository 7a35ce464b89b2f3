#pragma once

#include <kindred/kernel/dispatch.hpp>
#include <kindred/kernel/half.hpp>
#include <kindred/kernel/scores.hpp>

#include <cstddef>

namespace kindred::kernel {

/// The kernels of one instruction set for items that lie by strips, [factor][item], as `Stored`:
/// float or half. They take one user, or a group of `score_group`, and give scores the bits that
/// `for_each_strip` gives those of the same numbers.
template <class Stored>
struct panel_kernels {
  std::size_t strip;  ///< items of a strip
  decltype(&baseline::score_strip<float>::multiply<1, Stored>) score_one;
  decltype(&baseline::score_strip<float>::multiply<score_group, Stored>) score_some;
};

namespace detail {

template <class Strip, class Stored>
inline constexpr panel_kernels<Stored> panel_kernels_of = {
    Strip::items, &Strip::template multiply<1, Stored>,
    &Strip::template multiply<score_group, Stored>};

}  // namespace detail

/// Precondition: the processor has `level`.
template <class Stored>
[[nodiscard]] const panel_kernels<Stored>& select_panel_kernels(
    [[maybe_unused]] simd_level level) noexcept {
#if defined(__x86_64__)
  if (level == simd_level::avx512)
    return detail::panel_kernels_of<avx512::score_strip<float>, Stored>;
  if (level == simd_level::avx2) return detail::panel_kernels_of<avx2::score_strip<float>, Stored>;
#endif
  return detail::panel_kernels_of<baseline::score_strip<float>, Stored>;
}

}  // namespace kindred::kernel
