// A register full of numbers, and the few operations on it that the language does not spell.
// Arithmetic is written with operators; `a * b + c` in one expression becomes a fused multiply-add
// where the instruction set has one.

namespace kindred::kernel::KINDRED_TARGET {

template <class Scalar>
struct pack {
  typedef Scalar type __attribute__((vector_size(KINDRED_VECTOR_BYTES)));
  static constexpr std::size_t lanes = KINDRED_VECTOR_BYTES / sizeof(Scalar);
};

template <class Scalar>
using pack_t = typename pack<Scalar>::type;

/// Four numbers side by side.
template <class Scalar>
struct quad {
  typedef Scalar type __attribute__((vector_size(4 * sizeof(Scalar))));
};

template <class Scalar>
using quad_t = typename quad<Scalar>::type;

template <class Vector, class Scalar>
[[gnu::always_inline]] inline void load(Vector& to, const Scalar* from) noexcept {
  __builtin_memcpy(&to, from, sizeof to);
}

template <class Vector, class Scalar>
[[gnu::always_inline]] inline void store(Scalar* to, const Vector& from) noexcept {
  __builtin_memcpy(to, &from, sizeof from);
}

/// Folds a register to four lanes, halves first.
template <class Scalar>
[[gnu::always_inline]] inline void fold(const pack_t<Scalar>& x, quad_t<Scalar>& to) noexcept {
  constexpr std::size_t lanes = pack<Scalar>::lanes;
  if constexpr (lanes == 16) {
    const auto eight = __builtin_shufflevector(x, x, 0, 1, 2, 3, 4, 5, 6, 7) +
                       __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15);
    to = __builtin_shufflevector(eight, eight, 0, 1, 2, 3) +
         __builtin_shufflevector(eight, eight, 4, 5, 6, 7);
  } else if constexpr (lanes == 8) {
    to = __builtin_shufflevector(x, x, 0, 1, 2, 3) + __builtin_shufflevector(x, x, 4, 5, 6, 7);
  } else if constexpr (lanes == 4) {
    to = x;
  } else {
    to = quad_t<Scalar>{x[0], x[1], 0, 0};
  }
}

/// Adds up all lanes.
template <class Scalar>
[[gnu::always_inline]] inline Scalar sum(const pack_t<Scalar>& x) noexcept {
  quad_t<Scalar> four;
  fold<Scalar>(x, four);
  return (four[0] + four[2]) + (four[1] + four[3]);
}

/// Adds up all lanes of each of four registers, in the order of `sum`.
template <class Scalar>
[[gnu::always_inline]] inline void sum_four(const pack_t<Scalar>& a, const pack_t<Scalar>& b,
                                            const pack_t<Scalar>& c, const pack_t<Scalar>& d,
                                            quad_t<Scalar>& sums) noexcept {
  quad_t<Scalar> x, y, z, w;
  fold<Scalar>(a, x);
  fold<Scalar>(b, y);
  fold<Scalar>(c, z);
  fold<Scalar>(d, w);
  const auto xy =
      __builtin_shufflevector(x, y, 0, 4, 1, 5) + __builtin_shufflevector(x, y, 2, 6, 3, 7);
  const auto zw =
      __builtin_shufflevector(z, w, 0, 4, 1, 5) + __builtin_shufflevector(z, w, 2, 6, 3, 7);
  sums = __builtin_shufflevector(xy, zw, 0, 1, 4, 5) + __builtin_shufflevector(xy, zw, 2, 3, 6, 7);
}

/// Whether a lane of either register is `threshold` or more.
template <class Vector, class Scalar>
[[gnu::always_inline]] inline bool any_reaches(const Vector& low, const Vector& high,
                                               Scalar threshold) noexcept {
  const auto hits = (low >= threshold) | (high >= threshold);
  unsigned long long words[KINDRED_VECTOR_BYTES / 8];
  __builtin_memcpy(words, &hits, sizeof words);
  unsigned long long any = 0;
  for (const unsigned long long word : words) any |= word;
  return any != 0;
}

// What compilers make of the above takes a dozen instructions.
#if defined(KINDRED_NATIVE_VECTORS) && KINDRED_VECTOR_BYTES == 64
[[gnu::always_inline]] inline bool any_reaches(const pack_t<float>& low, const pack_t<float>& high,
                                               float threshold) noexcept {
  constexpr int not_less = 13;
  const pack_t<float> least = threshold + pack_t<float>{};
  return (__builtin_ia32_cmpps512_mask(low, least, not_less, 0xffff, 4) |
          __builtin_ia32_cmpps512_mask(high, least, not_less, 0xffff, 4)) != 0;
}
#elif defined(KINDRED_NATIVE_VECTORS) && KINDRED_VECTOR_BYTES == 32
[[gnu::always_inline]] inline bool any_reaches(const pack_t<float>& low, const pack_t<float>& high,
                                               float threshold) noexcept {
  return __builtin_ia32_movmskps256(pack_t<float>((low >= threshold) | (high >= threshold))) != 0;
}
#endif

/// Turns four rows of four into their columns.
template <class Scalar>
[[gnu::always_inline]] inline void transpose(quad_t<Scalar>& a, quad_t<Scalar>& b,
                                             quad_t<Scalar>& c, quad_t<Scalar>& d) noexcept {
  const auto ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5);
  const auto ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const auto cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5);
  const auto cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  a = __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5);
  b = __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7);
  c = __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5);
  d = __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7);
}

/// Divides by the root; correctly rounded twice, so that processors agree on the bits (the
/// approximate instruction differs between their makers).
[[gnu::always_inline]] inline void divide_by_root(float& x, float square) noexcept {
  x /= std::sqrt(square);
}
[[gnu::always_inline]] inline void divide_by_root(double& x, double square) noexcept {
  x /= std::sqrt(square);
}
[[gnu::always_inline]] inline void divide_by_root(quad_t<float>& x,
                                                  const quad_t<float>& square) noexcept {
#if defined(__SSE__)
  x /= quad_t<float>(_mm_sqrt_ps(square));
#else
  for (int lane = 0; lane < 4; ++lane) x[lane] /= std::sqrt(square[lane]);
#endif
}
[[gnu::always_inline]] inline void divide_by_root(quad_t<double>& x,
                                                  const quad_t<double>& square) noexcept {
  for (int lane = 0; lane < 4; ++lane) x[lane] /= std::sqrt(square[lane]);
}

}  // namespace kindred::kernel::KINDRED_TARGET
