namespace kindred::kernel::KINDRED_TARGET {

/// What is kept for a row beside its factors, or for four rows side by side.
template <class Number>
struct row_state {
  Number curvature;
  Number bias_curvature;
  Number bias;
  Number decay;
};

/// The inner products of the rows of a triple: p of the user, q and n of the items.
template <class Number>
struct triple_products {
  Number pp;
  Number qq;
  Number nn;
  Number pq;
  Number pn;
  Number qn;
};

/// The update of a triple: p <- keep_p p + p_q q + p_n n, q <- keep_q q + q_p p, n likewise.
template <class Number>
struct triple_update {
  Number keep_p;
  Number p_q;
  Number p_n;
  Number keep_q;
  Number q_p;
  Number keep_n;
  Number n_p;
};

/// Minus the derivatives of a loss by the two scores, and the loss.
template <class Number>
struct score_pulls {
  Number positive;
  Number negative;
  Number loss;
};

/// sigmoid(x) and log(1 + exp(x)), within 1e-6 of themselves.
[[gnu::always_inline]] inline void soften(const quad_t<float>& x, quad_t<float>& sigmoid,
                                          quad_t<float>& softplus) noexcept {
  using four = quad_t<float>;
  four z = x < 0 ? x : -x;
  exponentiate(z);
  const four inverse = 1 / (1 + z);
  sigmoid = x < 0 ? z * inverse : inverse;
  // log(1 + z) = 2 artanh(z / (2 + z)), where the series is short.
  const four s = z / (2 + z);
  const four square = s * s;
  four series = square * (1 / 13.0F) + 1 / 11.0F;
  series = series * square + 1 / 9.0F;
  series = series * square + 1 / 7.0F;
  series = series * square + 1 / 5.0F;
  series = series * square + 1 / 3.0F;
  series = series * square + 1;
  softplus = (x < 0 ? four{} : x) + 2 * s * series;
}
[[gnu::always_inline]] inline void soften(float x, float& sigmoid, float& softplus) noexcept {
  quad_t<float> four_sigmoids;
  quad_t<float> four_softplus;
  soften(quad_t<float>{x, x, x, x}, four_sigmoids, four_softplus);
  sigmoid = four_sigmoids[0];
  softplus = four_softplus[0];
}

template <pair_loss Loss, class Number>
[[gnu::always_inline]] inline void pull(const Number& x, const Number& y, const Number& weight,
                                        score_pulls<Number>& pulls) noexcept {
  if constexpr (Loss == pair_loss::logistic) {
    soften(y - x, pulls.positive, pulls.loss);
    pulls.positive = weight * pulls.positive;
    pulls.negative = -pulls.positive;
    pulls.loss = weight * pulls.loss;
  } else if constexpr (Loss == pair_loss::hinge) {
    const Number margin = 1 + y - x;
    pulls.positive = margin > 0 ? weight : Number{};
    pulls.negative = -pulls.positive;
    pulls.loss = pulls.positive * margin;  // what is not a number stays so
  } else {
    Number of_negative;
    soften(-x, pulls.positive, pulls.loss);
    soften(y, pulls.negative, of_negative);
    pulls.positive = weight * pulls.positive;
    pulls.negative = -pulls.negative;
    pulls.loss = weight * pulls.loss + of_negative;
  }
}

/// Moves `row` by one step along `slope`, minus the gradient by its score; `square` is the squared
/// norm of the gradient by its factors. Leaves the rate of the factors.
template <class Number>
[[gnu::always_inline]] inline void advance(row_state<Number>& row, const Number& slope,
                                           const Number& square, const ranking_step& s,
                                           Number& rate) noexcept {
  rate = s.learning_rate + Number{};
  Number bias_rate = s.bias_learning_rate + Number{};
  const Number bias_slope = slope - s.bias_regularization * row.decay * row.bias;
  if (s.adagrad) {
    divide_by_root(rate, row.curvature);
    divide_by_root(bias_rate, row.bias_curvature);
    row.curvature += s.per_factor * square;
    row.bias_curvature += bias_slope * bias_slope;
  }
  row.bias += bias_rate * bias_slope;
}

/// Moves the states of a triple by one step, says how to move its factors, and returns its loss.
template <pair_loss Loss, class Number>
[[gnu::always_inline]] inline void advance(row_state<Number>& user, row_state<Number>& positive,
                                           row_state<Number>& negative,
                                           const triple_products<Number>& rows,
                                           const Number& weight, const ranking_step& s,
                                           triple_update<Number>& update, Number& loss) noexcept {
  score_pulls<Number> pulls;
  pull<Loss, Number>(rows.pq + user.bias + positive.bias, rows.pn + user.bias + negative.bias,
                     weight, pulls);
  const Number& a = pulls.positive;
  const Number& b = pulls.negative;
  loss = pulls.loss;
  // The squared norms of decay v - pulls; rounding that makes one negative is not felt by a
  // curvature of at least 1.
  const Number decay_p = s.regularization * user.decay;
  const Number decay_q = s.regularization * positive.decay;
  const Number decay_n = s.regularization * negative.decay;
  const Number square_p = decay_p * (decay_p * rows.pp - 2 * (a * rows.pq + b * rows.pn)) +
                          (a * a * rows.qq + 2 * a * b * rows.qn + b * b * rows.nn);
  const Number square_q = decay_q * (decay_q * rows.qq - 2 * a * rows.pq) + a * a * rows.pp;
  const Number square_n = decay_n * (decay_n * rows.nn - 2 * b * rows.pn) + b * b * rows.pp;
  Number rate_p;
  Number rate_q;
  Number rate_n;
  advance(user, Number(a + b), square_p, s, rate_p);
  advance(positive, a, square_q, s, rate_q);
  advance(negative, b, square_n, s, rate_n);
  update.keep_p = 1 - rate_p * decay_p;
  update.p_q = rate_p * a;
  update.p_n = rate_p * b;
  update.keep_q = 1 - rate_q * decay_q;
  update.q_p = rate_q * a;
  update.keep_n = 1 - rate_n * decay_n;
  update.n_p = rate_n * b;
}

/// `Factors` is the row length, or 0 for one that is known only at run time.
template <pair_loss Loss, std::size_t Factors>
struct ranking_pass {
  using vector = pack_t<float>;
  using four = quad_t<float>;
  static constexpr std::size_t lanes = pack<float>::lanes;
  /// Single steps are few: one function for rows of any length does them, with the same bits.
  using any_length = ranking_pass<Loss, 0>;
  template <pair_loss, std::size_t>
  friend struct ranking_pass;

  static double run(const ranking_triple* triples, std::size_t count, const sgd_matrices<float>& m,
                    const ranking_step& s) noexcept {
    double loss = 0;
    std::size_t n = 0;
    for (; n + 4 <= count; n += 4) {
      if (disjoint(triples + n)) {
        loss += step_four(triples + n, m, s);
      } else {
        for (std::size_t k = n; k < n + 4; ++k) loss += any_length::step_one(triples[k], m, s);
      }
    }
    for (; n < count; ++n) loss += any_length::step_one(triples[n], m, s);
    return loss;
  }

 private:
  typedef index four_indices __attribute__((vector_size(16)));

  struct triple_rows {
    float* p;
    float* q;
    float* n;
  };
  struct partial {
    vector pp;
    vector qq;
    vector nn;
    vector pq;
    vector pn;
    vector qn;
  };

  [[gnu::always_inline]] static inline triple_rows rows_of(const ranking_triple& t,
                                                           const sgd_matrices<float>& m) noexcept {
    const std::size_t stride = Factors > 0 ? Factors : m.stride;
    return {m.user_factors + static_cast<std::size_t>(t.user) * stride,
            m.item_factors + static_cast<std::size_t>(t.positive) * stride,
            m.item_factors + static_cast<std::size_t>(t.negative) * stride};
  }

  /// Whether no two of four triples share a row.
  [[gnu::always_inline]] static inline bool disjoint(const ranking_triple* t) noexcept {
    const four_indices u = {t[0].user, t[1].user, t[2].user, t[3].user};
    const four_indices p = {t[0].positive, t[1].positive, t[2].positive, t[3].positive};
    const four_indices n = {t[0].negative, t[1].negative, t[2].negative, t[3].negative};
    const four_indices u1 = __builtin_shufflevector(u, u, 1, 2, 3, 0);
    const four_indices u2 = __builtin_shufflevector(u, u, 2, 3, 0, 1);
    const four_indices p1 = __builtin_shufflevector(p, p, 1, 2, 3, 0);
    const four_indices p2 = __builtin_shufflevector(p, p, 2, 3, 0, 1);
    const four_indices n1 = __builtin_shufflevector(n, n, 1, 2, 3, 0);
    const four_indices n2 = __builtin_shufflevector(n, n, 2, 3, 0, 1);
    const four_indices n3 = __builtin_shufflevector(n, n, 3, 0, 1, 2);
    const four_indices same = (u == u1) | (u == u2) | (p == p1) | (p == p2) | (n == n1) |
                              (n == n2) | (p == n1) | (p == n2) | (p == n3);
    return (same[0] | same[1] | same[2] | same[3]) == 0;
  }

  [[gnu::noinline]] static double step_one(const ranking_triple& t, const sgd_matrices<float>& m,
                                           const ranking_step& s) noexcept {
    const triple_rows at = rows_of(t, m);
    partial sums;
    sweep(at, m.stride, sums);
    const triple_products<float> products{sum<float>(sums.pp), sum<float>(sums.qq),
                                          sum<float>(sums.nn), sum<float>(sums.pq),
                                          sum<float>(sums.pn), sum<float>(sums.qn)};
    row_state<float> user = state(m.users[t.user]);
    row_state<float> positive = state(m.items[t.positive]);
    row_state<float> negative = state(m.items[t.negative]);
    triple_update<float> change;
    float loss;
    advance<Loss, float>(user, positive, negative, products, t.weight, s, change, loss);
    m.users[t.user] = {user.curvature, user.bias_curvature, user.bias, user.decay};
    m.items[t.positive] = {positive.curvature, positive.bias_curvature, positive.bias,
                           positive.decay};
    m.items[t.negative] = {negative.curvature, negative.bias_curvature, negative.bias,
                           negative.decay};
    apply(at, m.stride, change);
    return static_cast<double>(loss);
  }

  /// Steps four triples that share no row.
  [[gnu::noinline]] static double step_four(const ranking_triple* t, const sgd_matrices<float>& m,
                                            const ranking_step& s) noexcept {
    triple_rows at[4];
    partial sums[4];
    for (int k = 0; k < 4; ++k) {
      at[k] = rows_of(t[k], m);
      sweep(at[k], m.stride, sums[k]);
    }
    triple_products<four> products;
    total(sums, &partial::pp, products.pp);
    total(sums, &partial::qq, products.qq);
    total(sums, &partial::nn, products.nn);
    total(sums, &partial::pq, products.pq);
    total(sums, &partial::pn, products.pn);
    total(sums, &partial::qn, products.qn);

    sgd_row<float>* const users[4] = {m.users + t[0].user, m.users + t[1].user, m.users + t[2].user,
                                      m.users + t[3].user};
    sgd_row<float>* const positives[4] = {m.items + t[0].positive, m.items + t[1].positive,
                                          m.items + t[2].positive, m.items + t[3].positive};
    sgd_row<float>* const negatives[4] = {m.items + t[0].negative, m.items + t[1].negative,
                                          m.items + t[2].negative, m.items + t[3].negative};
    row_state<four> user;
    row_state<four> positive;
    row_state<four> negative;
    gather(users, user);
    gather(positives, positive);
    gather(negatives, negative);
    const four weight = {t[0].weight, t[1].weight, t[2].weight, t[3].weight};
    triple_update<four> change;
    four loss;
    advance<Loss, four>(user, positive, negative, products, weight, s, change, loss);
    scatter(user, users);
    scatter(positive, positives);
    scatter(negative, negatives);
    for (int k = 0; k < 4; ++k)
      apply(at[k], m.stride,
            {change.keep_p[k], change.p_q[k], change.p_n[k], change.keep_q[k], change.q_p[k],
             change.keep_n[k], change.n_p[k]});
    return static_cast<double>((loss[0] + loss[1]) + (loss[2] + loss[3]));
  }

  [[gnu::always_inline]] static inline row_state<float> state(const sgd_row<float>& row) noexcept {
    return {row.factor_curvature, row.bias_curvature, row.bias, row.decay};
  }

  [[gnu::always_inline]] static inline void total(const partial* sums, vector partial::*part,
                                                  four& to) noexcept {
    sum_four<float>(sums[0].*part, sums[1].*part, sums[2].*part, sums[3].*part, to);
  }

  [[gnu::always_inline]] static inline void gather(sgd_row<float>* const* rows,
                                                   row_state<four>& to) noexcept {
    load(to.curvature, &rows[0]->factor_curvature);
    load(to.bias_curvature, &rows[1]->factor_curvature);
    load(to.bias, &rows[2]->factor_curvature);
    load(to.decay, &rows[3]->factor_curvature);
    transpose<float>(to.curvature, to.bias_curvature, to.bias, to.decay);
  }
  [[gnu::always_inline]] static inline void scatter(row_state<four>& from,
                                                    sgd_row<float>* const* rows) noexcept {
    transpose<float>(from.curvature, from.bias_curvature, from.bias, from.decay);
    store(&rows[0]->factor_curvature, from.curvature);
    store(&rows[1]->factor_curvature, from.bias_curvature);
    store(&rows[2]->factor_curvature, from.bias);
    store(&rows[3]->factor_curvature, from.decay);
  }

  [[gnu::always_inline]] static inline void sweep(const triple_rows& at, std::size_t stride,
                                                  partial& sums) noexcept {
    const std::size_t length = Factors > 0 ? Factors : stride;
    vector p;
    vector q;
    vector n;
    load(p, at.p);
    load(q, at.q);
    load(n, at.n);
    vector pp = p * p;
    vector qq = q * q;
    vector nn = n * n;
    vector pq = p * q;
    vector pn = p * n;
    vector qn = q * n;
#pragma GCC unroll 4
    for (std::size_t f = lanes; f < length; f += lanes) {
      load(p, at.p + f);
      load(q, at.q + f);
      load(n, at.n + f);
      pp = p * p + pp;
      qq = q * q + qq;
      nn = n * n + nn;
      pq = p * q + pq;
      pn = p * n + pn;
      qn = q * n + qn;
    }
    sums = {pp, qq, nn, pq, pn, qn};
  }

  [[gnu::always_inline]] static inline void apply(const triple_rows& at, std::size_t stride,
                                                  const triple_update<float>& change) noexcept {
    const std::size_t length = Factors > 0 ? Factors : stride;
    float* __restrict const to_p = at.p;
    float* __restrict const to_q = at.q;
    float* __restrict const to_n = at.n;
    vector p;
    vector q;
    vector n;
#pragma GCC unroll 4
    for (std::size_t f = 0; f < length; f += lanes) {
      load(p, to_p + f);
      load(q, to_q + f);
      load(n, to_n + f);
      const vector q_of_p = change.q_p * p;
      const vector n_of_p = change.n_p * p;
      const vector p_of_both = change.p_q * q + change.p_n * n;
      store(to_p + f, vector(change.keep_p * p + p_of_both));
      store(to_q + f, vector(change.keep_q * q + q_of_p));
      store(to_n + f, vector(change.keep_n * n + n_of_p));
    }
  }
};

}  // namespace kindred::kernel::KINDRED_TARGET
