namespace kindred::kernel::KINDRED_TARGET {

template <class Scalar>
[[nodiscard]] inline Scalar dot(const Scalar* a, const Scalar* b, std::size_t count) noexcept {
  constexpr std::size_t lanes = pack<Scalar>::lanes;
  pack_t<Scalar> even{};  // two sums, since one alone would wait for its own last addition
  pack_t<Scalar> odd{};
  pack_t<Scalar> x;
  pack_t<Scalar> y;
  std::size_t f = 0;
  for (; f + 2 * lanes <= count; f += 2 * lanes) {
    load(x, a + f);
    load(y, b + f);
    even = x * y + even;
    load(x, a + f + lanes);
    load(y, b + f + lanes);
    odd = x * y + odd;
  }
  if (f + lanes <= count) {
    load(x, a + f);
    load(y, b + f);
    even = x * y + even;
    f += lanes;
  }
  Scalar total = sum<Scalar>(even + odd);
  for (; f < count; ++f) total += a[f] * b[f];
  return total;
}

}  // namespace kindred::kernel::KINDRED_TARGET
