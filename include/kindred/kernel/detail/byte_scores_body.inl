namespace kindred::kernel::KINDRED_TARGET {

/// Scores a strip of items, two registers of them, whose factors are bytes. The products are
/// integers, and so the same on any instruction set.
struct byte_strip {
  using floats = pack_t<float>;
  typedef std::int32_t ints __attribute__((vector_size(KINDRED_VECTOR_BYTES)));
  typedef std::int16_t shorts __attribute__((vector_size(KINDRED_VECTOR_BYTES)));
  static constexpr std::size_t lanes = pack<float>::lanes;
  static constexpr std::size_t items = 2 * lanes;
#if defined(KINDRED_BYTE_PRODUCTS)
  static constexpr std::size_t words = 1;
#else
  static constexpr std::size_t words = 2;
#endif

  /// Turns four factors of a user into the words that `score` multiplies by.
  static void spread(const std::int8_t* factors, std::int32_t* to) noexcept {
#if defined(KINDRED_BYTE_PRODUCTS)
    __builtin_memcpy(to, factors, 4);
#else
    const std::int16_t pairs[4] = {factors[0], factors[2], factors[1], factors[3]};
    __builtin_memcpy(to, pairs, sizeof pairs);
#endif
  }

  /// scores[user][item] = biases[item] + scales[item] * scales[user] * dot of their factors.
  /// Bit u of the result says that a score of user u reaches thresholds[u].
  template <std::size_t Users>
  static unsigned score(const byte_panel& panel, const byte_users& users, const float* thresholds,
                        float* scores) noexcept {
    ints low[Users];
    ints high[Users];
#pragma GCC unroll 8
    for (std::size_t u = 0; u < Users; ++u) low[u] = high[u] = users.starts[u] + ints{};
    const std::uint8_t* bytes = panel.bytes;
    const std::int32_t* word = users.words;
    for (std::size_t q = 0; q < panel.quads; ++q, bytes += 4 * items, word += Users * words) {
      ints a;
      ints b;
      load(a, bytes);
      load(b, bytes + sizeof a);
#pragma GCC unroll 8
      for (std::size_t u = 0; u < Users; ++u) {
        accumulate(a, word + u * words, low[u]);
        accumulate(b, word + u * words, high[u]);
      }
    }
    floats scale[2];
    floats bias[2];
    for (std::size_t half = 0; half < 2; ++half) {
      load(scale[half], panel.scales + half * lanes);
      load(bias[half], panel.biases + half * lanes);
    }
    unsigned reached = 0;
#pragma GCC unroll 8
    for (std::size_t u = 0; u < Users; ++u) {
      const floats x =
          __builtin_convertvector(low[u], floats) * (scale[0] * users.scales[u]) + bias[0];
      const floats y =
          __builtin_convertvector(high[u], floats) * (scale[1] * users.scales[u]) + bias[1];
      store(scores + u * items, x);
      store(scores + u * items + lanes, y);
      if (any_reaches(x, y, thresholds[u])) reached |= 1U << u;
    }
    return reached;
  }

 private:
  /// sums += products of four unsigned bytes a lane with the four numbers of `word`.
  [[gnu::always_inline]] static inline void accumulate(const ints& bytes, const std::int32_t* word,
                                                       ints& sums) noexcept {
#if !defined(KINDRED_BYTE_PRODUCTS)
    const ints even = bytes & 0x00ff00ff;
    const ints odd = (bytes >> 8) & 0x00ff00ff;
    add_products(even, word[0] + ints{}, sums);
    add_products(odd, word[1] + ints{}, sums);
#elif defined(__clang__)
    sums = __builtin_ia32_vpdpbusd512(sums, bytes, word[0] + ints{});
#else
    sums = __builtin_ia32_vpdpbusd_v16si(sums, bytes, word[0] + ints{});
#endif
  }

#if !defined(KINDRED_BYTE_PRODUCTS)
  /// sums += products of two numbers of 16 bits a lane.
  [[gnu::always_inline]] static inline void add_products(const ints& a, const ints& b,
                                                         ints& sums) noexcept {
#if KINDRED_VECTOR_BYTES == 64 && defined(__clang__)
    sums += ints(__builtin_ia32_pmaddwd512(shorts(a), shorts(b)));
#elif KINDRED_VECTOR_BYTES == 64
    sums += ints(__builtin_ia32_pmaddwd512_mask(shorts(a), shorts(b), ints{}, 0xffff));
#elif KINDRED_VECTOR_BYTES == 32
    sums += ints(__builtin_ia32_pmaddwd256(shorts(a), shorts(b)));
#elif defined(__SSE2__)
    sums += ints(__builtin_ia32_pmaddwd128(shorts(a), shorts(b)));
#else
    sums += (a << 16 >> 16) * (b << 16 >> 16) + (a >> 16) * (b >> 16);
#endif
  }
#endif
};

}  // namespace kindred::kernel::KINDRED_TARGET
