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

}  // namespace kindred::kernel::KINDRED_TARGET
