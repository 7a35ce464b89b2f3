namespace kindred::kernel::KINDRED_TARGET {

/// Scores a strip of items, two registers of them. Each score is one chain of multiply-adds over
/// the factors in ascending order, so that a user alone gets the same bits as in a group.
template <class Scalar>
struct score_strip {
  using vector = pack_t<Scalar>;
  static constexpr std::size_t lanes = pack<Scalar>::lanes;
  static constexpr std::size_t items = 2 * lanes;

  /// scores[item] = biases[item] + dot(user, rows[item]). Says whether one reaches `threshold`.
  static bool score(const Scalar* const* rows, const Scalar* biases, const Scalar* user,
                    std::size_t factors, Scalar threshold, Scalar* scores) noexcept {
    vector low;
    vector high;
    load(low, biases);
    load(high, biases + lanes);
    const std::size_t whole = factors - factors % lanes;
    for (std::size_t f = 0; f < whole; f += lanes) {
      accumulate(rows, f, user + f, low);
      accumulate(rows + lanes, f, user + f, high);
    }
    for (std::size_t f = whole; f < factors; ++f) {
      vector a;
      vector b;
      for (std::size_t i = 0; i < lanes; ++i) a[i] = rows[i][f];
      for (std::size_t i = 0; i < lanes; ++i) b[i] = rows[lanes + i][f];
      low = a * user[f] + low;
      high = b * user[f] + high;
    }
    store(scores, low);
    store(scores + lanes, high);
    return any_reaches(low, high, threshold);
  }

  /// Transposes factors [begin, begin + depth) of `items` rows to panel[factor][item].
  static void gather(const Scalar* const* rows, std::size_t begin, std::size_t depth,
                     Scalar* panel) noexcept {
    for (std::size_t half = 0; half < items; half += lanes) {
      const std::size_t whole = depth - depth % lanes;
      for (std::size_t f = 0; f < whole; f += lanes) {
        vector x[lanes];
        transpose(rows + half, begin + f, x);
#pragma GCC unroll 16
        for (std::size_t i = 0; i < lanes; ++i) store(panel + (f + i) * items + half, x[i]);
      }
      for (std::size_t f = whole; f < depth; ++f)
        for (std::size_t i = half; i < half + lanes; ++i) panel[f * items + i] = rows[i][begin + f];
    }
  }

  /// scores[user][item] = start[user][item] + sum of panel[factor][item] * users[factor][user] for
  /// a group of users; rows of `start` are `start_stride` apart. Bit u of the result says that a
  /// score of user u reaches thresholds[u].
  template <std::size_t Users, class Stored>
  static unsigned multiply(const Stored* panel, const Scalar* users, std::size_t depth,
                           const Scalar* start, std::size_t start_stride, const Scalar* thresholds,
                           Scalar* scores) noexcept {
    vector low[Users];
    vector high[Users];
#pragma GCC unroll 8
    for (std::size_t u = 0; u < Users; ++u) {
      load(low[u], start + u * start_stride);
      load(high[u], start + u * start_stride + lanes);
    }
    for (std::size_t f = 0; f < depth; ++f) {
      vector a;
      vector b;
      load(a, panel + f * items);
      load(b, panel + f * items + lanes);
#pragma GCC unroll 8
      for (std::size_t u = 0; u < Users; ++u) {
        low[u] = a * users[f * Users + u] + low[u];
        high[u] = b * users[f * Users + u] + high[u];
      }
    }
    unsigned reached = 0;
#pragma GCC unroll 8
    for (std::size_t u = 0; u < Users; ++u) {
      store(scores + u * items, low[u]);
      store(scores + u * items + lanes, high[u]);
      if (any_reaches(low[u], high[u], thresholds[u])) reached |= 1U << u;
    }
    return reached;
  }

 private:
  /// sums[item] += dot of `lanes` factors from `begin` on.
  [[gnu::always_inline]] static inline void accumulate(const Scalar* const* rows, std::size_t begin,
                                                       const Scalar* user, vector& sums) noexcept {
    vector x[lanes];
    transpose(rows, begin, x);
#pragma GCC unroll 16
    for (std::size_t f = 0; f < lanes; ++f) sums = x[f] * user[f] + sums;
  }

  /// x[factor][item] of `lanes` factors from `begin` on, of as many rows.
  [[gnu::always_inline]] static inline void transpose(const Scalar* const* rows, std::size_t begin,
                                                      vector (&x)[lanes]) noexcept {
    constexpr auto all = std::make_index_sequence<lanes>{};
#pragma GCC unroll 16
    for (std::size_t i = 0; i < lanes; ++i) load(x[i], rows[i] + begin);
    if constexpr (lanes >= 16) exchange<8>(x, all);
    if constexpr (lanes >= 8) exchange<4>(x, all);
    if constexpr (lanes >= 4) exchange<2>(x, all);
    exchange<1>(x, all);
  }

  /// Swaps the off-diagonal blocks of `Step` in place; halving steps transpose the whole.
  template <std::size_t Step, std::size_t... I>
  [[gnu::always_inline]] static inline void exchange(vector (&x)[lanes],
                                                     std::index_sequence<I...>) noexcept {
#pragma GCC unroll 16
    for (std::size_t i = 0; i < lanes; ++i) {
      if ((i & Step) != 0) continue;
      const vector a = x[i];
      const vector b = x[i + Step];
      x[i] = __builtin_shufflevector(a, b, ((I & Step) == 0 ? I : lanes + I - Step)...);
      x[i + Step] = __builtin_shufflevector(a, b, ((I & Step) == 0 ? I + Step : lanes + I)...);
    }
  }
};

}  // namespace kindred::kernel::KINDRED_TARGET
