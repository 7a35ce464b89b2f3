#include <kindred/core/random.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/kernel/sgd.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "simd_levels.hpp"

// The code of AVX-512, sixteen floats a register, compiled for whatever this machine has: the
// compiler splits the registers, and what is left untested is the instruction set alone.
#define KINDRED_TARGET wide
#define KINDRED_VECTOR_BYTES 64
#include <kindred/kernel/detail/pack_body.inl>
#include <kindred/kernel/detail/sgd_body.inl>

namespace kindred::sgd_test {
#undef KINDRED_TARGET
#undef KINDRED_VECTOR_BYTES

using namespace kindred::kernel;
using kindred::aligned_vector;

namespace {

std::size_t padded(std::size_t factors) {
  return (factors + sgd_row_multiple - 1) / sgd_row_multiple * sgd_row_multiple;
}

/// Parameters of a small problem, with some rows rated often so that runs clash.
template <class Scalar>
struct problem {
  problem(kindred::index users, kindred::index items, std::size_t factors, std::size_t ratings)
      : stride(padded(factors)),
        p(static_cast<std::size_t>(users) * stride, 0),
        q(static_cast<std::size_t>(items) * stride, 0),
        user_rows(static_cast<std::size_t>(users)),
        item_rows(static_cast<std::size_t>(items)) {
    const kindred::counter_rng random(3);
    for (std::size_t n = 0; n < p.size(); ++n)
      if (n % stride < factors) p[n] = static_cast<Scalar>(random.uniform(n) - 0.4);
    for (std::size_t n = 0; n < q.size(); ++n)
      if (n % stride < factors) q[n] = static_cast<Scalar>(random.uniform(n + 100000) - 0.4);
    for (auto* rows : {&user_rows, &item_rows})
      for (std::size_t n = 0; n < rows->size(); ++n)
        (*rows)[n] = {.factor_curvature = static_cast<Scalar>(1 + random.uniform(n + 200000)),
                      .bias_curvature = static_cast<Scalar>(1 + random.uniform(n + 300000)),
                      .bias = static_cast<Scalar>(random.uniform(n + 400000) - 0.5),
                      .decay = static_cast<Scalar>(0.5 + random.uniform(n + 500000))};
    for (std::size_t n = 0; n < ratings; ++n) {
      list.push_back(
          {static_cast<kindred::index>(n * static_cast<std::size_t>(users) / ratings),
           static_cast<kindred::index>(random.below(n + 600000, static_cast<std::uint32_t>(items))),
           static_cast<float>(1 + random.below(n + 700000, 5))});
      weights.push_back(static_cast<float>(0.5 + random.uniform(n + 800000)));
    }
  }

  sgd_matrices<Scalar> matrices() {
    return {p.data(), q.data(), user_rows.data(), item_rows.data(), stride};
  }

  std::size_t stride;
  aligned_vector<Scalar> p;
  aligned_vector<Scalar> q;
  aligned_vector<sgd_row<Scalar>> user_rows;
  aligned_vector<sgd_row<Scalar>> item_rows;
  std::vector<tile_rating> list;
  std::vector<float> weights;
};

/// One step as the documentation of sgd_step says it, in double, factor by factor.
template <class Scalar>
double reference_step(problem<Scalar>& x, std::size_t n, const sgd_step<Scalar>& s, bool weighted) {
  const tile_rating& r = x.list[n];
  Scalar* p = x.p.data() + static_cast<std::size_t>(r.user) * x.stride;
  Scalar* q = x.q.data() + static_cast<std::size_t>(r.item) * x.stride;
  auto& user = x.user_rows[static_cast<std::size_t>(r.user)];
  auto& item = x.item_rows[static_cast<std::size_t>(r.item)];
  const auto d = [](auto v) { return static_cast<double>(v); };
  double prediction = d(s.mean) + d(user.bias) + d(item.bias);
  for (std::size_t f = 0; f < x.stride; ++f) prediction += d(p[f]) * d(q[f]);
  const double error = d(r.value) - prediction;
  const double pull = weighted ? error * d(x.weights[n]) : error;
  const auto rate = [&](double base, Scalar curvature) {
    return s.adagrad ? base / std::sqrt(d(curvature)) : base;
  };
  const double user_rate = rate(d(s.learning_rate), user.factor_curvature);
  const double item_rate = rate(d(s.learning_rate), item.factor_curvature);
  double user_norm = 0;
  double item_norm = 0;
  for (std::size_t f = 0; f < x.stride; ++f) {
    const double gp = d(s.regularization) * d(user.decay) * d(p[f]) - pull * d(q[f]);
    const double gq = d(s.regularization) * d(item.decay) * d(q[f]) - pull * d(p[f]);
    user_norm += gp * gp;
    item_norm += gq * gq;
    p[f] = static_cast<Scalar>(d(p[f]) - user_rate * gp);
    q[f] = static_cast<Scalar>(d(q[f]) - item_rate * gq);
    if (s.nonnegative) {
      p[f] = std::max(p[f], Scalar{0});
      q[f] = std::max(q[f], Scalar{0});
    }
  }
  const double gb = d(s.bias_regularization) * d(user.decay) * d(user.bias) - pull;
  const double gc = d(s.bias_regularization) * d(item.decay) * d(item.bias) - pull;
  user.bias =
      static_cast<Scalar>(d(user.bias) - rate(d(s.bias_learning_rate), user.bias_curvature) * gb);
  item.bias =
      static_cast<Scalar>(d(item.bias) - rate(d(s.bias_learning_rate), item.bias_curvature) * gc);
  if (s.adagrad) {
    user.factor_curvature += static_cast<Scalar>(d(s.per_factor) * user_norm);
    item.factor_curvature += static_cast<Scalar>(d(s.per_factor) * item_norm);
    user.bias_curvature += static_cast<Scalar>(gb * gb);
    item.bias_curvature += static_cast<Scalar>(gc * gc);
  }
  return error * error;
}

/// The order that the kernel documents: its runs in turn, then the rest.
template <class Step>
double in_kernel_order(std::size_t count, const Step& step) {
  const std::size_t length = count / sgd_runs;
  double total = 0;
  for (std::size_t n = 0; n < length; ++n)
    for (std::size_t r = 0; r < sgd_runs; ++r) total += step(r * length + n);
  for (std::size_t n = length * sgd_runs; n < count; ++n) total += step(n);
  return total;
}

template <class Scalar>
void check_close(const aligned_vector<Scalar>& a, const aligned_vector<Scalar>& b, double bound) {
  double worst = 0;
  for (std::size_t n = 0; n < a.size(); ++n)
    worst = std::max(worst, std::abs(static_cast<double>(a[n]) - static_cast<double>(b[n])));
  CHECK(worst <= bound);
}

template <class Scalar>
void check_against_reference(std::size_t factors, const sgd_step<Scalar>& step, bool weighted,
                             sgd_kernel<Scalar> pass) {
  // Few users and items: many groups of four share a row. The count leaves a remainder.
  problem<Scalar> fast(19, 7, factors, 803);
  problem<Scalar> slow(19, 7, factors, 803);
  const bool prefetch = weighted;  // changes nothing but the speed
  const double error =
      pass({fast.list.data(), weighted ? fast.weights.data() : nullptr, fast.list.size(), prefetch},
           fast.matrices(), step);
  const double expected = in_kernel_order(
      slow.list.size(), [&](std::size_t n) { return reference_step(slow, n, step, weighted); });
  const double bound = sizeof(Scalar) == 4 ? 2e-4 : 1e-11;
  CHECK(error == doctest::Approx(expected).epsilon(bound));
  check_close(fast.p, slow.p, bound);
  check_close(fast.q, slow.q, bound);
  for (std::size_t u = 0; u < fast.user_rows.size(); ++u) {
    CHECK(std::abs(fast.user_rows[u].bias - slow.user_rows[u].bias) <= bound);
    CHECK(fast.user_rows[u].factor_curvature ==
          doctest::Approx(slow.user_rows[u].factor_curvature).epsilon(bound));
    CHECK(fast.user_rows[u].bias_curvature ==
          doctest::Approx(slow.user_rows[u].bias_curvature).epsilon(bound));
  }
}

template <class Scalar>
std::vector<sgd_kernel<Scalar>> kernels_for(std::size_t factors) {
  std::vector<sgd_kernel<Scalar>> kernels;
  for (const auto level : kindred::test::levels_of_this_machine())
    kernels.push_back(select_sgd_kernel<Scalar>(padded(factors), level));
  kernels.push_back(
      kindred::kernel::detail::sgd_kernel_for<wide::sgd_pass, Scalar>(padded(factors)));
  return kernels;
}

}  // namespace

TEST_CASE_TEMPLATE("a pass takes the documented steps at every level and row length", Scalar, float,
                   double) {
  for (const std::size_t factors : {1U, 13U, 16U, 32U, 40U, 64U, 128U, 150U})
    for (const auto kernel : kernels_for<Scalar>(factors))
      for (const bool adagrad : {false, true})
        for (const bool weighted : {false, true}) {
          CAPTURE(factors);
          CAPTURE(adagrad);
          CAPTURE(weighted);
          check_against_reference<Scalar>(factors,
                                          {.mean = Scalar(3),
                                           .learning_rate = Scalar(0.02),
                                           .bias_learning_rate = Scalar(0.03),
                                           .regularization = Scalar(0.05),
                                           .bias_regularization = Scalar(0.04),
                                           .per_factor = Scalar(1.0 / static_cast<double>(factors)),
                                           .adagrad = adagrad},
                                          weighted, kernel);
        }
}

TEST_CASE("nonnegative factors stay so, and biases can be left alone") {
  for (const auto kernel : kernels_for<float>(24))
    check_against_reference<float>(24,
                                   {.learning_rate = 0.02F,
                                    .regularization = 0.05F,
                                    .per_factor = 1.0F / 24,
                                    .nonnegative = true},
                                   false, kernel);
}

TEST_CASE("a step goes down the gradient of the documented loss") {
  // One rating: the move divided by the rate is minus the gradient, which central differences give.
  problem<double> x(1, 1, 5, 1);
  x.user_rows[0].decay = x.item_rows[0].decay = 1;
  const sgd_step<double> step{.mean = 3,
                              .learning_rate = 1e-3,
                              .bias_learning_rate = 1e-3,
                              .regularization = 0.3,
                              .bias_regularization = 0.2,
                              .per_factor = 0.2};
  const auto loss = [&](const problem<double>& at) {
    double prediction = step.mean + at.user_rows[0].bias + at.item_rows[0].bias;
    double norm = 0;
    for (std::size_t f = 0; f < 5; ++f) {
      prediction += at.p[f] * at.q[f];
      norm += at.p[f] * at.p[f] + at.q[f] * at.q[f];
    }
    const double error = static_cast<double>(at.list[0].value) - prediction;
    const double bias_norm =
        at.user_rows[0].bias * at.user_rows[0].bias + at.item_rows[0].bias * at.item_rows[0].bias;
    return 0.5 * static_cast<double>(at.weights[0]) * error * error +
           0.5 * step.regularization * norm + 0.5 * step.bias_regularization * bias_norm;
  };
  const auto slope = [&](auto&& parameter) {
    constexpr double h = 1e-5;
    problem<double> up = x;
    problem<double> down = x;
    parameter(up) += h;
    parameter(down) -= h;
    return (loss(up) - loss(down)) / (2 * h);
  };
  problem<double> moved = x;
  select_sgd_kernel<double>(x.stride)({x.list.data(), x.weights.data(), 1}, moved.matrices(), step);
  const auto check = [&](auto&& parameter) {
    const double move = parameter(moved) - parameter(x);
    CHECK(move / -step.learning_rate == doctest::Approx(slope(parameter)).epsilon(1e-6));
  };
  for (std::size_t f = 0; f < 5; ++f) {
    check([f](problem<double>& at) -> double& { return at.p[f]; });
    check([f](problem<double>& at) -> double& { return at.q[f]; });
  }
  check([](problem<double>& at) -> double& { return at.user_rows[0].bias; });
  check([](problem<double>& at) -> double& { return at.item_rows[0].bias; });
}

}  // namespace kindred::sgd_test
