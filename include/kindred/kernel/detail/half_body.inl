namespace kindred::kernel::KINDRED_TARGET {

/// Loads a register of halves as floats.
[[gnu::always_inline]] inline void load(pack_t<float>& to, const half* from) noexcept {
#if KINDRED_VECTOR_BYTES == 64
  typedef short half_bits __attribute__((vector_size(32)));
  half_bits bits;
  __builtin_memcpy(&bits, from, sizeof bits);
#if defined(__clang__)
  constexpr std::uint16_t all = 0xffff;
#else
  constexpr std::int16_t all = -1;
#endif
  to = __builtin_ia32_vcvtph2ps512_mask(bits, pack_t<float>{}, all, 4);
#elif KINDRED_VECTOR_BYTES == 32
  typedef short half_bits __attribute__((vector_size(16)));
  half_bits bits;
  __builtin_memcpy(&bits, from, sizeof bits);
  to = __builtin_ia32_vcvtph2ps256(bits);
#else
  for (std::size_t lane = 0; lane < pack<float>::lanes; ++lane) to[lane] = to_float(from[lane]);
#endif
}

}  // namespace kindred::kernel::KINDRED_TARGET
