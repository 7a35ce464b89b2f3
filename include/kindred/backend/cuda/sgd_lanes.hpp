#pragma once

#include <kindred/core/host_device.hpp>
#include <kindred/kernel/sgd_step.hpp>

#include <cmath>
#include <cstddef>

namespace kindred::kernel::lanes {

KINDRED_HOST_DEVICE inline void divide_by_root(float& x, float square) noexcept {
  x /= std::sqrt(square);
}
KINDRED_HOST_DEVICE inline void divide_by_root(double& x, double square) noexcept {
  x /= std::sqrt(square);
}

}  // namespace kindred::kernel::lanes

#define KINDRED_TARGET lanes
#include <kindred/kernel/detail/sgd_step_body.inl>
#undef KINDRED_TARGET

/// A step of stochastic gradient descent by the lanes of a warp. What a lane does is here, so that
/// the processor can test it; what the lanes tell each other is left to the caller.
namespace kindred::kernel::lanes {

/// Neighbouring numbers of a row, moved in one access.
template <class Stored, std::size_t Width>
struct alignas(sizeof(Stored) * Width) packet {
  Stored numbers[Width];
};

/// A lane's part of a pair of factor rows. `Turns` is how often the lanes go along the row, if that
/// is once: the numbers then stay in registers from the products to the step. 0: as often as
/// needed.
template <class Scalar, class Stored, std::size_t Width, int Turns>
class row_pair {
 public:
  using packet_type = packet<Stored, Width>;
  static constexpr std::size_t turn = 32 * Width;

  KINDRED_HOST_DEVICE row_pair(Stored* p, Stored* q, std::size_t stride, std::size_t lane) noexcept
      : p_(p), q_(q), stride_(Turns == 1 ? turn : stride), first_(lane * Width) {}

  /// The lane's share of the three inner products.
  KINDRED_HOST_DEVICE row_products<Scalar> products() noexcept {
    row_products<Scalar> sums{};
    for (std::size_t at = first_; at < stride_; at += turn) {
      load(at);
      for (std::size_t n = 0; n < Width; ++n) {
        sums.pq += x_[n] * y_[n];
        sums.pp += x_[n] * x_[n];
        sums.qq += y_[n] * y_[n];
      }
    }
    return sums;
  }

  /// Moves the lane's share of both rows. Comes after products().
  KINDRED_HOST_DEVICE void apply(const row_update<Scalar>& change, bool nonnegative) noexcept {
    for (std::size_t at = first_; at < stride_; at += turn) {
      if constexpr (Turns != 1) load(at);
      packet_type p;
      packet_type q;
      for (std::size_t n = 0; n < Width; ++n) {
        const Scalar x = change.keep_p * x_[n] + change.pull_p * y_[n];
        const Scalar y = change.keep_q * y_[n] + change.pull_q * x_[n];
        p.numbers[n] = static_cast<Stored>(nonnegative && !(x > 0) ? Scalar{0} : x);
        q.numbers[n] = static_cast<Stored>(nonnegative && !(y > 0) ? Scalar{0} : y);
      }
      *reinterpret_cast<packet_type*>(p_ + at) = p;
      *reinterpret_cast<packet_type*>(q_ + at) = q;
    }
  }

 private:
  KINDRED_HOST_DEVICE void load(std::size_t at) noexcept {
    const packet_type p = *reinterpret_cast<const packet_type*>(p_ + at);
    const packet_type q = *reinterpret_cast<const packet_type*>(q_ + at);
    for (std::size_t n = 0; n < Width; ++n) {
      x_[n] = static_cast<Scalar>(p.numbers[n]);
      y_[n] = static_cast<Scalar>(q.numbers[n]);
    }
  }

  Stored* p_;
  Stored* q_;
  std::size_t stride_;
  std::size_t first_;
  Scalar x_[Width];
  Scalar y_[Width];
};

/// The step of one rating, all but the factors: every lane computes it alike.
template <class Scalar>
struct rating_step {
  row_update<Scalar> change;
  sgd_row<Scalar> user;  ///< as they are after the step
  sgd_row<Scalar> item;
  Scalar error = 0;  ///< before it
};

template <class Scalar>
KINDRED_HOST_DEVICE inline rating_step<Scalar> step_rating(float value, float weight,
                                                           const row_products<Scalar>& rows,
                                                           const sgd_row<Scalar>& user,
                                                           const sgd_row<Scalar>& item,
                                                           const sgd_step<Scalar>& s) noexcept {
  sgd_state<Scalar> state{user.factor_curvature, user.bias_curvature, user.bias, user.decay,
                          item.factor_curvature, item.bias_curvature, item.bias, item.decay};
  rating_step<Scalar> result;
  result.error = (static_cast<Scalar>(value) - s.mean - user.bias - item.bias) - rows.pq;
  advance(state, rows, result.error, static_cast<Scalar>(weight), s, result.change);
  result.user = {state.user_curvature, state.user_bias_curvature, state.user_bias,
                 state.user_decay};
  result.item = {state.item_curvature, state.item_bias_curvature, state.item_bias,
                 state.item_decay};
  return result;
}

}  // namespace kindred::kernel::lanes
