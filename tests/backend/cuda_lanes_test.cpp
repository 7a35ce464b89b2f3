#include <kindred/backend/cuda/plan.hpp>
#include <kindred/backend/cuda/sgd_lanes.hpp>
#include <kindred/core/random.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/kernel/half.hpp>
#include <kindred/kernel/sgd.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <vector>

namespace kindred::cuda_lanes_test {

using kernel::sgd_row;
using kernel::sgd_step;
using kernel::tile_rating;

namespace {

/// What the device keeps for 16 bits: a number that converts.
struct stored_half {
  kernel::half bits{};
  stored_half() = default;
  explicit stored_half(float x) : bits(kernel::to_half(x)) {}
  explicit operator float() const { return kernel::to_float(bits); }
};

template <class Scalar, class Stored>
struct problem {
  static constexpr std::size_t users = 7;
  static constexpr std::size_t items = 5;

  problem(std::size_t factors, std::size_t row_stride)
      : stride(row_stride),
        p(users * stride),
        q(items * stride),
        user_rows(users),
        item_rows(items) {
    const counter_rng random(3);
    for (auto* side : {&p, &q})
      for (std::size_t n = 0; n < side->size(); ++n)
        (*side)[n] = static_cast<Stored>(static_cast<Scalar>(
            n % stride < factors ? random.uniform(n + side->size() * 1000) - 0.4 : 0.0));
    for (auto* rows : {&user_rows, &item_rows})
      for (std::size_t n = 0; n < rows->size(); ++n)
        (*rows)[n] = {.factor_curvature = static_cast<Scalar>(1 + random.uniform(n + 200000)),
                      .bias_curvature = static_cast<Scalar>(1 + random.uniform(n + 300000)),
                      .bias = static_cast<Scalar>(random.uniform(n + 400000) - 0.5),
                      .decay = static_cast<Scalar>(0.5 + random.uniform(n + 500000))};
  }

  std::size_t stride;
  aligned_vector<Stored> p;
  aligned_vector<Stored> q;
  aligned_vector<sgd_row<Scalar>> user_rows;
  aligned_vector<sgd_row<Scalar>> item_rows;
};

/// The step of a warp, its lanes one after the other; the sums as `warp_sum` takes them.
template <std::size_t Width, int Turns, class Scalar, class Stored>
Scalar step_of_warp(problem<Scalar, Stored>& m, const tile_rating& rating, float weight,
                    const sgd_step<Scalar>& step) {
  using pair = kernel::lanes::row_pair<Scalar, Stored, Width, Turns>;
  const auto user = static_cast<std::size_t>(rating.user);
  const auto item = static_cast<std::size_t>(rating.item);
  std::vector<pair> lanes;
  std::vector<kernel::lanes::row_products<Scalar>> sums;
  for (std::size_t lane = 0; lane < gpu::warp_size; ++lane) {
    lanes.emplace_back(&m.p[user * m.stride], &m.q[item * m.stride], m.stride, lane);
    sums.push_back(lanes.back().products());
  }
  for (std::size_t distance = 16; distance > 0; distance /= 2) {
    const auto before = sums;
    for (std::size_t lane = 0; lane < gpu::warp_size; ++lane) {
      sums[lane].pq += before[lane ^ distance].pq;
      sums[lane].pp += before[lane ^ distance].pp;
      sums[lane].qq += before[lane ^ distance].qq;
    }
  }
  const auto next = kernel::lanes::step_rating(rating.value, weight, sums[0], m.user_rows[user],
                                               m.item_rows[item], step);
  for (pair& lane : lanes) lane.apply(next.change, step.nonnegative);
  m.user_rows[user] = next.user;
  m.item_rows[item] = next.item;
  return next.error;
}

template <class Scalar, class Stored>
Scalar step_of_warp(problem<Scalar, Stored>& m, const gpu::row_shape& shape,
                    const tile_rating& rating, float weight, const sgd_step<Scalar>& step) {
  if (shape.width == 1) return step_of_warp<1, 1>(m, rating, weight, step);
  if (shape.width == 2) return step_of_warp<2, 1>(m, rating, weight, step);
  if (shape.one_turn()) return step_of_warp<4, 1>(m, rating, weight, step);
  return step_of_warp<4, 0>(m, rating, weight, step);
}

template <class Scalar>
void check_close(const sgd_row<Scalar>& a, const sgd_row<Scalar>& b, double tolerance) {
  const auto close = [&](Scalar x, Scalar y) {
    return std::abs(static_cast<double>(x) - static_cast<double>(y)) <= tolerance;
  };
  CHECK(close(a.factor_curvature, b.factor_curvature));
  CHECK(close(a.bias_curvature, b.bias_curvature));
  CHECK(close(a.bias, b.bias));
  CHECK(a.decay == b.decay);
}

/// Some steps of warps and of the processor's kernel, on the same numbers.
template <class Scalar, class Stored>
void check_steps(std::size_t factors, bool adagrad, bool nonnegative, double tolerance) {
  const gpu::row_shape shape = gpu::shape_of_rows(factors);
  problem<Scalar, Stored> device(factors, shape.stride);
  problem<Scalar, Scalar> host(factors, shape.stride);
  const sgd_step<Scalar> step{.mean = static_cast<Scalar>(3.5),
                              .learning_rate = static_cast<Scalar>(0.02),
                              .bias_learning_rate = static_cast<Scalar>(0.03),
                              .regularization = static_cast<Scalar>(0.1),
                              .bias_regularization = static_cast<Scalar>(0.05),
                              .per_factor = static_cast<Scalar>(1.0 / static_cast<double>(factors)),
                              .adagrad = adagrad,
                              .nonnegative = nonnegative};
  const auto pass = kernel::select_sgd_kernel<Scalar>(shape.stride);
  const counter_rng random(9);
  for (std::size_t n = 0; n < 20; ++n) {
    const tile_rating rating{static_cast<index>(random.below(3 * n, host.users)),
                             static_cast<index>(random.below(3 * n + 1, host.items)),
                             static_cast<float>(1 + random.below(3 * n + 2, 5))};
    const float weight = n % 2 == 0 ? 1.0F : 0.5F;
    const auto error = static_cast<double>(step_of_warp(device, shape, rating, weight, step));
    const double square = pass(
        {&rating, &weight, 1},
        {host.p.data(), host.q.data(), host.user_rows.data(), host.item_rows.data(), shape.stride},
        step);
    CHECK(error * error == doctest::Approx(square).epsilon(tolerance));
  }
  for (std::size_t u = 0; u < host.users; ++u)
    check_close(device.user_rows[u], host.user_rows[u], tolerance);
  for (std::size_t i = 0; i < host.items; ++i)
    check_close(device.item_rows[i], host.item_rows[i], tolerance);
  double furthest = 0;
  for (std::size_t n = 0; n < host.p.size(); ++n)
    furthest = std::max(
        furthest, static_cast<double>(std::abs(static_cast<Scalar>(device.p[n]) - host.p[n])));
  for (std::size_t n = 0; n < host.q.size(); ++n)
    furthest = std::max(
        furthest, static_cast<double>(std::abs(static_cast<Scalar>(device.q[n]) - host.q[n])));
  CHECK(furthest <= tolerance);
}

}  // namespace

TEST_CASE("a warp takes the step that the processor takes") {
  for (const std::size_t factors : {1U, 8U, 31U, 32U, 33U, 64U, 100U, 128U, 129U, 597U})
    for (const bool adagrad : {false, true})
      for (const bool nonnegative : {false, true}) {
        CAPTURE(factors);
        CAPTURE(adagrad);
        CAPTURE(nonnegative);
        check_steps<float, float>(factors, adagrad, nonnegative, 1e-4);
        check_steps<double, double>(factors, adagrad, nonnegative, 1e-11);
      }
}

TEST_CASE("so it does on halves, up to their rounding") {
  for (const std::size_t factors : {8U, 64U, 100U, 200U}) {
    CAPTURE(factors);
    check_steps<float, stored_half>(factors, true, false, 2e-2);
  }
}

}  // namespace kindred::cuda_lanes_test
