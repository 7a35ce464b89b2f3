namespace kindred::kernel::KINDRED_TARGET {

/// Integers in the place of floats.
typedef int int_pack __attribute__((vector_size(KINDRED_VECTOR_BYTES)));

/// In place, of a register of floats or of four of them, within 2 units in the last place; zero
/// below -87, where the results cease to be normal numbers, and held to exp(88) above. The same
/// bits under every C library.
template <class Vector>
[[gnu::always_inline]] inline void exponentiate(Vector& x) noexcept {
  using integers = decltype(Vector{} < Vector{});
  const Vector low = Vector{} - 87;
  const Vector high = Vector{} + 88;
  x = x > high ? high : x;
  const auto zero = x < low;
  // exp(x) = 2^n exp(r), with r = x - n log 2 in two parts of log 2, and a polynomial for the rest,
  // whose coefficients are those of Cephes. What is not a number has no n: it passes through r.
  const Vector exponent = 1.44269504F * (x > low ? x : low);
  const Vector half = Vector{} + 0.5F;
  const integers n = __builtin_convertvector(exponent + (exponent < 0 ? -half : half), integers);
  const Vector whole = __builtin_convertvector(n, Vector);
  Vector r = x - 0.693359375F * whole;
  r = r + 2.12194440e-4F * whole;
  Vector tail = 1.9875691500e-4F * r + 1.3981999507e-3F;
  tail = tail * r + 8.3334519073e-3F;
  tail = tail * r + 4.1665795894e-2F;
  tail = tail * r + 1.6666665459e-1F;
  tail = tail * r + 5.0000001201e-1F;
  const Vector square = r * r;
  tail = tail * square + r;
  const integers bits = (n + 127) << 23;
  Vector power;
  __builtin_memcpy(&power, &bits, sizeof power);
  x = (tail + 1) * power;
  x = zero ? Vector{} : x;
}

}  // namespace kindred::kernel::KINDRED_TARGET
