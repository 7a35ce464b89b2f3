// The arithmetic of one step of stochastic gradient descent, for every instruction set and for the
// GPU. Wants core/host_device.hpp, kernel/sgd_step.hpp and, in KINDRED_TARGET, divide_by_root.
namespace kindred::kernel::KINDRED_TARGET {

/// What a step needs to know of its two rows beside the factors. `Number` is a scalar, or four of
/// them side by side: four ratings that share no row are stepped together.
template <class Number>
struct sgd_state {
  Number user_curvature;
  Number user_bias_curvature;
  Number user_bias;
  Number user_decay;
  Number item_curvature;
  Number item_bias_curvature;
  Number item_bias;
  Number item_decay;
};

/// The inner products of a pair of rows, taken in one sweep: they give the error and, for AdaGrad,
/// the squared norms of both gradients without a second reduction that would have to wait for it.
template <class Number>
struct row_products {
  Number pq;
  Number pp;
  Number qq;
};

/// The update of a pair of rows: p <- keep_p p + pull_p q, q <- keep_q q + pull_q p.
template <class Number>
struct row_update {
  Number keep_p;
  Number pull_p;
  Number keep_q;
  Number pull_q;
};

/// Moves `state` by one step and says how to move the factors; `error` is r - prediction.
template <class Number, class Scalar>
[[gnu::always_inline]] KINDRED_HOST_DEVICE inline void advance(
    sgd_state<Number>& state, const row_products<Number>& rows, const Number& error,
    const Number& weight, const sgd_step<Scalar>& s, row_update<Number>& update) noexcept {
  const Number pull = error * weight;
  Number user_rate = s.learning_rate + Number{};
  Number item_rate = user_rate;
  Number user_bias_rate = s.bias_learning_rate + Number{};
  Number item_bias_rate = user_bias_rate;
  const Number user_decay = s.regularization * state.user_decay;
  const Number item_decay = s.regularization * state.item_decay;
  const Number user_slope = s.bias_regularization * state.user_decay * state.user_bias - pull;
  const Number item_slope = s.bias_regularization * state.item_decay * state.item_bias - pull;
  if (s.adagrad) {
    divide_by_root(user_rate, state.user_curvature);
    divide_by_root(item_rate, state.item_curvature);
    divide_by_root(user_bias_rate, state.user_bias_curvature);
    divide_by_root(item_bias_rate, state.item_bias_curvature);
    // |decay p - pull q|^2 and its twin. Rounding can turn a zero into a tiny negative number,
    // which a curvature of at least 1 does not feel.
    const Number square = pull * pull;
    const Number cross = 2 * pull * rows.pq;
    state.user_curvature +=
        s.per_factor * (square * rows.qq + user_decay * (user_decay * rows.pp - cross));
    state.item_curvature +=
        s.per_factor * (square * rows.pp + item_decay * (item_decay * rows.qq - cross));
    state.user_bias_curvature += user_slope * user_slope;
    state.item_bias_curvature += item_slope * item_slope;
  }
  state.user_bias -= user_bias_rate * user_slope;
  state.item_bias -= item_bias_rate * item_slope;
  update.keep_p = 1 - user_rate * user_decay;
  update.keep_q = 1 - item_rate * item_decay;
  update.pull_p = user_rate * pull;
  update.pull_q = item_rate * pull;
}

}  // namespace kindred::kernel::KINDRED_TARGET
