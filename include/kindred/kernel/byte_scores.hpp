#pragma once

#include <kindred/kernel/dispatch.hpp>
#include <kindred/kernel/pack.hpp>
#include <kindred/kernel/scores.hpp>

#include <cstddef>
#include <cstdint>

namespace kindred::kernel {

/// A strip of items whose factors are bytes: a factor is (byte - 128) times the item's scale.
struct byte_panel {
  const std::uint8_t* bytes;  ///< [factor / 4][item][factor % 4]
  const float* scales;        ///< one an item
  const float* biases;        ///< one an item
  std::size_t quads;          ///< factors / 4, rounded up
};

/// Users whose factors are signed bytes times their scale, as `byte_kernels::spread` puts them.
struct byte_users {
  const std::int32_t* words;   ///< [factor / 4][user][byte_kernels::words]
  const std::int32_t* starts;  ///< -128 * the sum of a user's bytes
  const float* scales;
};

}  // namespace kindred::kernel

#define KINDRED_KERNEL_BODY <kindred/kernel/detail/byte_scores_body.inl>
#include <kindred/kernel/detail/foreach_target.inl>

// The same for processors that multiply and add up four bytes at once.
#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define KINDRED_TARGET avx512vnni
#define KINDRED_VECTOR_BYTES 64
#define KINDRED_NATIVE_VECTORS
#define KINDRED_BYTE_PRODUCTS
#if defined(__clang__)
#pragma clang attribute push(                                                               \
    __attribute__((target("avx2,fma,f16c,avx512f,avx512vl,avx512dq,avx512bw,avx512vnni"))), \
    apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma,f16c,avx512f,avx512vl,avx512dq,avx512bw,avx512vnni")
#endif
#include <kindred/kernel/detail/pack_body.inl>
// It needs the pack.
#include <kindred/kernel/detail/byte_scores_body.inl>
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#undef KINDRED_TARGET
#undef KINDRED_VECTOR_BYTES
#undef KINDRED_NATIVE_VECTORS
#undef KINDRED_BYTE_PRODUCTS
#endif

namespace kindred::kernel {

/// The kernels of one instruction set for factors that are bytes. They take one user, or a group of
/// `score_group`. The scores depend on whether the set has fused multiply-add, and on nothing else.
struct byte_kernels {
  std::size_t strip;  ///< items of a strip
  std::size_t words;  ///< that `spread` makes of four factors
  decltype(&baseline::byte_strip::spread) spread;
  decltype(&baseline::byte_strip::score<1>) score_one;
  decltype(&baseline::byte_strip::score<score_group>) score_some;
};

namespace detail {

template <class Strip>
inline constexpr byte_kernels byte_kernels_of = {Strip::items, Strip::words, &Strip::spread,
                                                 &Strip::template score<1>,
                                                 &Strip::template score<score_group>};

}  // namespace detail

/// Whether the processor has AVX-512 VNNI.
[[nodiscard]] inline bool has_byte_products() noexcept {
#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
  return __builtin_cpu_supports("avx512vnni") != 0;
#else
  return false;
#endif
}

/// Precondition: the processor has `level`, and VNNI if `products` is set.
[[nodiscard]] inline const byte_kernels& select_byte_kernels(
    [[maybe_unused]] simd_level level, [[maybe_unused]] bool products) noexcept {
#if defined(__x86_64__)
  if (level == simd_level::avx512)
    return products ? detail::byte_kernels_of<avx512vnni::byte_strip>
                    : detail::byte_kernels_of<avx512::byte_strip>;
  if (level == simd_level::avx2) return detail::byte_kernels_of<avx2::byte_strip>;
#endif
  return detail::byte_kernels_of<baseline::byte_strip>;
}

}  // namespace kindred::kernel
