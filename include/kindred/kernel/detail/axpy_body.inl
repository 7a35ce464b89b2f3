namespace kindred::kernel::KINDRED_TARGET {

template <class Scalar>
inline void axpy(Scalar a, const Scalar* x, std::size_t count, Scalar* y) noexcept {
  constexpr std::size_t lanes = pack<Scalar>::lanes;
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    pack_t<Scalar> from;
    pack_t<Scalar> to;
    load(from, x + i);
    load(to, y + i);
    to = from * a + to;
    store(y + i, to);
  }
  for (; i < count; ++i) y[i] += a * x[i];
}

template <class Scalar>
inline void xpay(const Scalar* x, Scalar a, std::size_t count, Scalar* y) noexcept {
  constexpr std::size_t lanes = pack<Scalar>::lanes;
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    pack_t<Scalar> from;
    pack_t<Scalar> to;
    load(from, x + i);
    load(to, y + i);
    to = to * a + from;
    store(y + i, to);
  }
  for (; i < count; ++i) y[i] = a * y[i] + x[i];
}

template <class Scalar>
inline void add_products(const Scalar* x, const Scalar* y, std::size_t count, Scalar* z) noexcept {
  constexpr std::size_t lanes = pack<Scalar>::lanes;
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    pack_t<Scalar> left;
    pack_t<Scalar> right;
    pack_t<Scalar> to;
    load(left, x + i);
    load(right, y + i);
    load(to, z + i);
    to = left * right + to;
    store(z + i, to);
  }
  for (; i < count; ++i) z[i] += x[i] * y[i];
}

}  // namespace kindred::kernel::KINDRED_TARGET
