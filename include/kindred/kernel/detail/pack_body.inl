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

template <class Vector, class Scalar>
[[gnu::always_inline]] inline void load(Vector& to, const Scalar* from) noexcept {
  __builtin_memcpy(&to, from, sizeof to);
}

template <class Vector, class Scalar>
[[gnu::always_inline]] inline void store(Scalar* to, const Vector& from) noexcept {
  __builtin_memcpy(to, &from, sizeof from);
}

/// Adds up all lanes, halves first.
template <class Scalar>
[[gnu::always_inline]] inline Scalar sum(const pack_t<Scalar>& x) noexcept {
  constexpr std::size_t lanes = pack<Scalar>::lanes;
  if constexpr (lanes == 16) {
    const auto eight = __builtin_shufflevector(x, x, 0, 1, 2, 3, 4, 5, 6, 7) +
                       __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15);
    const auto four = __builtin_shufflevector(eight, eight, 0, 1, 2, 3) +
                      __builtin_shufflevector(eight, eight, 4, 5, 6, 7);
    const auto two = four + __builtin_shufflevector(four, four, 2, 3, 0, 1);
    return two[0] + two[1];
  } else if constexpr (lanes == 8) {
    const auto four =
        __builtin_shufflevector(x, x, 0, 1, 2, 3) + __builtin_shufflevector(x, x, 4, 5, 6, 7);
    const auto two = four + __builtin_shufflevector(four, four, 2, 3, 0, 1);
    return two[0] + two[1];
  } else if constexpr (lanes == 4) {
    const auto two = x + __builtin_shufflevector(x, x, 2, 3, 0, 1);
    return two[0] + two[1];
  } else {
    return x[0] + x[1];
  }
}

}  // namespace kindred::kernel::KINDRED_TARGET
