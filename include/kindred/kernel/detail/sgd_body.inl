#include <kindred/kernel/detail/sgd_step_body.inl>

namespace kindred::kernel::KINDRED_TARGET {

/// `Factors` is the row length, or 0 for one that is known only at run time.
template <class Scalar, std::size_t Factors>
struct sgd_pass {
  using vector = pack_t<Scalar>;
  using four = quad_t<Scalar>;
  static constexpr std::size_t lanes = pack<Scalar>::lanes;
  /// Single steps are few: one function for rows of any length does them, with the same bits.
  using any_length = sgd_pass<Scalar, 0>;
  template <class, std::size_t>
  friend struct sgd_pass;

  static double run(const sgd_tile& tile, const sgd_matrices<Scalar>& m,
                    const sgd_step<Scalar>& s) noexcept {
    const std::size_t run_length = tile.count / sgd_runs;
    double squared_error = 0;
    for (std::size_t n = 0; n < run_length; ++n) {
      if (tile.prefetch && n + sgd_lookahead < run_length)
        for (std::size_t r = 0; r < sgd_runs; ++r)
          fetch_ahead(tile.ratings[r * run_length + n + sgd_lookahead], m);
      for (std::size_t r = 0; r < sgd_runs; r += 4)
        squared_error += step_four(tile, r * run_length + n, run_length, m, s);
    }
    for (std::size_t n = run_length * sgd_runs; n < tile.count; ++n)
      squared_error += any_length::step_one(tile, n, m, s);
    return squared_error;
  }

 private:
  [[gnu::always_inline]] static inline Scalar* row(Scalar* factors, index i,
                                                   std::size_t stride) noexcept {
    return factors + static_cast<std::size_t>(i) * (Factors > 0 ? Factors : stride);
  }

  [[gnu::always_inline]] static inline void fetch_ahead(const tile_rating& rating,
                                                        const sgd_matrices<Scalar>& m) noexcept {
    constexpr std::size_t line = 64 / sizeof(Scalar);
    const std::size_t length = Factors > 0 ? Factors : m.stride;
    const Scalar* const p = row(m.user_factors, rating.user, m.stride);
    const Scalar* const q = row(m.item_factors, rating.item, m.stride);
    for (std::size_t f = 0; f < length; f += line) {
      __builtin_prefetch(p + f, 1);
      __builtin_prefetch(q + f, 1);
    }
    __builtin_prefetch(m.users + rating.user, 1);
    __builtin_prefetch(m.items + rating.item, 1);
  }

  /// Whether any two of four rows are one. Sums, not branches: they would be taken at random.
  [[gnu::always_inline]] static inline bool shared(index a, index b, index c, index d) noexcept {
    return (int{a == b} | int{a == c} | int{a == d} | int{b == c} | int{b == d} | int{c == d}) != 0;
  }

  [[gnu::noinline]] static double step_one(const sgd_tile& tile, std::size_t n,
                                           const sgd_matrices<Scalar>& m,
                                           const sgd_step<Scalar>& s) noexcept {
    const tile_rating& rating = tile.ratings[n];
    Scalar* const p = row(m.user_factors, rating.user, m.stride);
    Scalar* const q = row(m.item_factors, rating.item, m.stride);
    partial products;
    sweep(p, q, m.stride, products);
    const row_products<Scalar> rows{sum<Scalar>(products.pq), sum<Scalar>(products.pp),
                                    sum<Scalar>(products.qq)};
    sgd_row<Scalar>& user = m.users[rating.user];
    sgd_row<Scalar>& item = m.items[rating.item];
    sgd_state<Scalar> state{user.factor_curvature, user.bias_curvature, user.bias, user.decay,
                            item.factor_curvature, item.bias_curvature, item.bias, item.decay};
    const Scalar error =
        (static_cast<Scalar>(rating.value) - s.mean - user.bias - item.bias) - rows.pq;
    const Scalar weight =
        tile.weights == nullptr ? Scalar{1} : static_cast<Scalar>(tile.weights[n]);
    row_update<Scalar> change;
    advance(state, rows, error, weight, s, change);
    user = {state.user_curvature, state.user_bias_curvature, state.user_bias, state.user_decay};
    item = {state.item_curvature, state.item_bias_curvature, state.item_bias, state.item_decay};
    apply(p, q, m.stride, change, s.nonnegative);
    return static_cast<double>(error) * static_cast<double>(error);
  }

  /// Steps the ratings first, first + gap, first + 2 gap and first + 3 gap.
  [[gnu::noinline]] static double step_four(const sgd_tile& tile, std::size_t first,
                                            std::size_t gap, const sgd_matrices<Scalar>& m,
                                            const sgd_step<Scalar>& s) noexcept {
    const tile_rating& a = tile.ratings[first];
    const tile_rating& b = tile.ratings[first + gap];
    const tile_rating& c = tile.ratings[first + 2 * gap];
    const tile_rating& d = tile.ratings[first + 3 * gap];
    if (shared(a.user, b.user, c.user, d.user) || shared(a.item, b.item, c.item, d.item)) {
      double squared_error = 0;
      for (std::size_t n = 0; n < 4; ++n)
        squared_error += any_length::step_one(tile, first + n * gap, m, s);
      return squared_error;
    }
    Scalar* const p[4] = {
        row(m.user_factors, a.user, m.stride), row(m.user_factors, b.user, m.stride),
        row(m.user_factors, c.user, m.stride), row(m.user_factors, d.user, m.stride)};
    Scalar* const q[4] = {
        row(m.item_factors, a.item, m.stride), row(m.item_factors, b.item, m.stride),
        row(m.item_factors, c.item, m.stride), row(m.item_factors, d.item, m.stride)};
    partial products[4];
    for (int n = 0; n < 4; ++n) sweep(p[n], q[n], m.stride, products[n]);
    row_products<four> rows;
    sum_four<Scalar>(products[0].pq, products[1].pq, products[2].pq, products[3].pq, rows.pq);
    sum_four<Scalar>(products[0].pp, products[1].pp, products[2].pp, products[3].pp, rows.pp);
    sum_four<Scalar>(products[0].qq, products[1].qq, products[2].qq, products[3].qq, rows.qq);

    sgd_state<four> state;
    load(state.user_curvature, &m.users[a.user].factor_curvature);
    load(state.user_bias_curvature, &m.users[b.user].factor_curvature);
    load(state.user_bias, &m.users[c.user].factor_curvature);
    load(state.user_decay, &m.users[d.user].factor_curvature);
    transpose<Scalar>(state.user_curvature, state.user_bias_curvature, state.user_bias,
                      state.user_decay);
    load(state.item_curvature, &m.items[a.item].factor_curvature);
    load(state.item_bias_curvature, &m.items[b.item].factor_curvature);
    load(state.item_bias, &m.items[c.item].factor_curvature);
    load(state.item_decay, &m.items[d.item].factor_curvature);
    transpose<Scalar>(state.item_curvature, state.item_bias_curvature, state.item_bias,
                      state.item_decay);

    const four value = {static_cast<Scalar>(a.value), static_cast<Scalar>(b.value),
                        static_cast<Scalar>(c.value), static_cast<Scalar>(d.value)};
    const four error = (value - s.mean - state.user_bias - state.item_bias) - rows.pq;
    four weight = four{} + 1;
    if (tile.weights != nullptr)
      weight = four{static_cast<Scalar>(tile.weights[first]),
                    static_cast<Scalar>(tile.weights[first + gap]),
                    static_cast<Scalar>(tile.weights[first + 2 * gap]),
                    static_cast<Scalar>(tile.weights[first + 3 * gap])};
    row_update<four> change;
    advance(state, rows, error, weight, s, change);

    transpose<Scalar>(state.user_curvature, state.user_bias_curvature, state.user_bias,
                      state.user_decay);
    store(&m.users[a.user].factor_curvature, state.user_curvature);
    store(&m.users[b.user].factor_curvature, state.user_bias_curvature);
    store(&m.users[c.user].factor_curvature, state.user_bias);
    store(&m.users[d.user].factor_curvature, state.user_decay);
    transpose<Scalar>(state.item_curvature, state.item_bias_curvature, state.item_bias,
                      state.item_decay);
    store(&m.items[a.item].factor_curvature, state.item_curvature);
    store(&m.items[b.item].factor_curvature, state.item_bias_curvature);
    store(&m.items[c.item].factor_curvature, state.item_bias);
    store(&m.items[d.item].factor_curvature, state.item_decay);
    for (int n = 0; n < 4; ++n)
      apply(p[n], q[n], m.stride,
            row_update<Scalar>{change.keep_p[n], change.pull_p[n], change.keep_q[n],
                               change.pull_q[n]},
            s.nonnegative);
    const four square = error * error;
    return static_cast<double>((square[0] + square[1]) + (square[2] + square[3]));
  }

  struct partial {
    vector pq;
    vector pp;
    vector qq;
  };

  [[gnu::always_inline]] static inline void sweep(const Scalar* p, const Scalar* q,
                                                  std::size_t stride, partial& sums) noexcept {
    const std::size_t length = Factors > 0 ? Factors : stride;
    vector x;
    vector y;
    load(x, p);
    load(y, q);
    vector pq = x * y;
    vector pp = x * x;
    vector qq = y * y;
#pragma GCC unroll 4
    for (std::size_t f = lanes; f < length; f += lanes) {
      load(x, p + f);
      load(y, q + f);
      pq = x * y + pq;
      pp = x * x + pp;
      qq = y * y + qq;
    }
    sums.pq = pq;
    sums.pp = pp;
    sums.qq = qq;
  }

  [[gnu::always_inline]] static inline void apply(Scalar* __restrict p, Scalar* __restrict q,
                                                  std::size_t stride,
                                                  const row_update<Scalar>& change,
                                                  bool nonnegative) noexcept {
    const std::size_t length = Factors > 0 ? Factors : stride;
    const vector keep_p = vector{} + change.keep_p;
    const vector pull_p = vector{} + change.pull_p;
    const vector keep_q = vector{} + change.keep_q;
    const vector pull_q = vector{} + change.pull_q;
    vector x;
    vector y;
#pragma GCC unroll 4
    for (std::size_t f = 0; f < length; f += lanes) {
      load(x, p + f);
      load(y, q + f);
      const vector moved_x = pull_p * y;
      const vector moved_y = pull_q * x;
      store(p + f, vector(keep_p * x + moved_x));
      store(q + f, vector(keep_q * y + moved_y));
    }
    if (nonnegative) {
      clamp(p, length);
      clamp(q, length);
    }
  }

  static void clamp(Scalar* x, std::size_t length) noexcept {
    for (std::size_t f = 0; f < length; ++f) x[f] = x[f] > 0 ? x[f] : Scalar{0};
  }
};

}  // namespace kindred::kernel::KINDRED_TARGET
