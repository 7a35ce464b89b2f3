namespace kindred::bench::KINDRED_TARGET {

/// `rounds` multiplications and additions in each lane of twelve registers, which do not wait for
/// each other. Returns how many operations that were.
inline double multiply_add(std::size_t rounds, float factor, float& used) noexcept {
  using lanes = float __attribute__((vector_size(KINDRED_VECTOR_BYTES)));
  constexpr std::size_t registers = 12;
  lanes sums[registers];  // all different, or one would do for all
  for (std::size_t n = 0; n < registers; ++n) sums[n] = lanes{} + static_cast<float>(n);
  const lanes by = lanes{} + factor;
  for (std::size_t round = 0; round < rounds; ++round)
#pragma GCC unroll 12
    for (std::size_t n = 0; n < registers; ++n) sums[n] = sums[n] * by + by;
  for (const lanes& sum : sums) used += sum[0];
  return 2.0 * static_cast<double>(rounds * registers * KINDRED_VECTOR_BYTES / sizeof(float));
}

}  // namespace kindred::bench::KINDRED_TARGET
