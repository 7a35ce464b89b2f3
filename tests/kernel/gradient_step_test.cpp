#include <kindred/core/random.hpp>
#include <kindred/kernel/gradient_step.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "simd_levels.hpp"

namespace kindred::gradient_step_test {

using kindred::kernel::gradient_step;
using kindred::kernel::select_gradient_step;
using kindred::kernel::simd_level;
using kindred::kernel::step_rule;

namespace {

constexpr step_rule rules[] = {step_rule::sgd,         step_rule::momentum, step_rule::nesterov,
                               step_rule::mean_square, step_rule::adam,     step_rule::ftrl};

/// Every feature at once.
constexpr gradient_step everything{.rate = 0.03F,
                                   .gradient_scale = 0.7F,
                                   .gradient_bound = 0.2F,
                                   .l1 = 0.01F,
                                   .l2 = 0.05F,
                                   .weight_decay = 0.002F,
                                   .first = {0.9F, 0.1F},
                                   .second = {0.99F, 0.01F},
                                   .epsilon = 1e-3F,
                                   .proximal_l1 = 0.2F,
                                   .proximal_l2 = 0.3F,
                                   .alpha = 0.4F,
                                   .beta = 0.8F};

struct parameter {
  double w, m, s;
};

/// The equations of the header, one number at a time.
parameter stepped(step_rule rule, const gradient_step& by, double gradient, parameter p) {
  const auto number = [](float x) { return static_cast<double>(x); };
  const double bound = number(by.gradient_bound);
  const double sign = p.w > 0 ? 1 : (p.w < 0 ? -1 : 0);
  double g = std::clamp(number(by.gradient_scale) * gradient, -bound, bound) + number(by.l2) * p.w +
             number(by.l1) * sign;
  const double rate = number(by.rate);
  if (rule == step_rule::ftrl) {
    g *= rate;
    p.m += g - (std::sqrt(p.s + g * g) - std::sqrt(p.s)) / number(by.alpha) * p.w;
    p.s += g * g;
    const double threshold = number(by.proximal_l1);
    p.w = 0;
    if (std::abs(p.m) > threshold)
      p.w = -(p.m - (p.m > 0 ? threshold : -threshold)) /
            ((number(by.beta) + std::sqrt(p.s)) / number(by.alpha) + number(by.proximal_l2));
    return p;
  }
  const double keep = number(by.first.keep);
  const bool has_m = rule != step_rule::sgd && rule != step_rule::mean_square;
  const bool has_s = rule == step_rule::mean_square || rule == step_rule::adam;
  if (has_m) p.m = keep * p.m + number(by.first.take) * g;
  if (has_s) p.s = number(by.second.keep) * p.s + number(by.second.take) * g * g;
  double direction = has_m ? p.m : g;
  if (rule == step_rule::nesterov) direction = g + keep * p.m;
  if (has_s) direction /= std::sqrt(p.s) + number(by.epsilon);
  p.w = p.w * (1 - number(by.weight_decay)) - rate * direction;
  return p;
}

struct arrays {
  std::vector<float> w, g, a, b;

  explicit arrays(std::size_t count) : w(count), g(count), a(count), b(count) {
    const kindred::counter_rng random(3);
    for (std::size_t i = 0; i < count; ++i) {
      w[i] = static_cast<float>(random.uniform(4 * i) - 0.5);
      g[i] = static_cast<float>(random.uniform(4 * i + 1) - 0.5);
      a[i] = static_cast<float>(random.uniform(4 * i + 2));
      b[i] = static_cast<float>(random.uniform(4 * i + 3));
    }
  }
  void step(step_rule rule, const gradient_step& by, simd_level level, std::size_t first = 0,
            std::size_t count = 0) {
    select_gradient_step(rule, level)(by, g.data() + first, count > 0 ? count : w.size(),
                                      w.data() + first, a.data() + first, b.data() + first);
  }
};

}  // namespace

TEST_CASE("a gradient step follows its equations at every level") {
  for (const step_rule rule : rules) {
    for (const simd_level level : kindred::test::levels_of_this_machine()) {
      CAPTURE(static_cast<int>(rule));
      CAPTURE(static_cast<int>(level));
      arrays of(96);
      const arrays before = of;
      of.step(rule, everything, level);
      double worst = 0;
      for (std::size_t i = 0; i < of.w.size(); ++i) {
        const auto a = static_cast<double>(before.a[i]);
        const auto b = static_cast<double>(before.b[i]);
        const bool one = rule == step_rule::mean_square;  // its only array is of squares
        const parameter p = stepped(rule, everything, static_cast<double>(before.g[i]),
                                    {static_cast<double>(before.w[i]), a, one ? a : b});
        worst = std::max(worst, std::abs(static_cast<double>(of.w[i]) - p.w));
        worst = std::max(worst, std::abs(static_cast<double>(of.a[i]) - (one ? p.s : p.m)));
        worst = std::max(worst, std::abs(static_cast<double>(of.b[i]) - (one ? b : p.s)));
      }
      CHECK(worst < 1e-6);
    }
  }
}

TEST_CASE("the bits of a step do not depend on where the array is cut") {
  for (const step_rule rule : rules) {
    for (const simd_level level : kindred::test::levels_of_this_machine()) {
      arrays whole(160);
      arrays cut(160);
      for (int n = 0; n < 3; ++n) {
        whole.step(rule, everything, level);
        cut.step(rule, everything, level, 16, 96);
        cut.step(rule, everything, level, 0, 16);
        cut.step(rule, everything, level, 112, 48);
      }
      CHECK(whole.w == cut.w);
      CHECK(whole.a == cut.a);
      CHECK(whole.b == cut.b);
    }
  }
}

TEST_CASE("padding stays zero") {
  const std::vector<float> zeros(16);
  for (const step_rule rule : rules) {
    for (const simd_level level : kindred::test::levels_of_this_machine()) {
      for (const float start : {0.0F, 0.1F}) {
        arrays of(16);
        of.w = of.g = of.a = of.b = zeros;
        if (rule == step_rule::mean_square) of.a.assign(16, start);
        for (int n = 0; n < 3; ++n) of.step(rule, everything, level);
        CHECK(of.w == zeros);
      }
    }
  }
}

TEST_CASE("a step without penalties leaves parameters to their gradients") {
  const gradient_step bare = everything.unregularized();
  CHECK(bare.rate == everything.rate);
  CHECK(bare.gradient_bound == everything.gradient_bound);
  for (const step_rule rule : {step_rule::sgd, step_rule::momentum, step_rule::adam}) {
    arrays of(16);
    of.g.assign(16, 0);
    of.a.assign(16, 0);
    const std::vector<float> before = of.w;
    of.step(rule, bare, simd_level::baseline);
    CHECK(of.w == before);
    of.step(rule, everything, simd_level::baseline);
    CHECK(of.w != before);
  }
}

TEST_CASE("averages end at zero, and never among the subnormal numbers") {
  for (const simd_level level : kindred::test::levels_of_this_machine()) {
    arrays of(16);
    of.g.assign(16, 0);
    const gradient_step step{.first = {0.5F, 0.5F}, .second = {0.9F, 0.1F}, .epsilon = 1};
    for (int n = 0; n < 1000; ++n) {
      of.step(step_rule::adam, step, level);
      const auto subnormal = [](float x) { return std::fpclassify(x) == FP_SUBNORMAL; };
      REQUIRE(std::none_of(of.a.begin(), of.a.end(), subnormal));
      REQUIRE(std::none_of(of.b.begin(), of.b.end(), subnormal));
    }
    CHECK(of.a == std::vector<float>(16));
    CHECK(of.b == std::vector<float>(16));
  }
}

TEST_CASE("a gradient that is not a number is not hidden") {
  for (const step_rule rule : rules) {
    for (const simd_level level : kindred::test::levels_of_this_machine()) {
      arrays of(16);
      of.g[5] = std::numeric_limits<float>::quiet_NaN();
      of.step(rule, everything, level);
      CHECK(std::isnan(of.w[5]));
      CHECK(std::isfinite(of.w[4]));
    }
  }
}

}  // namespace kindred::gradient_step_test
