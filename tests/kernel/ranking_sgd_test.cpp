#include <kindred/core/random.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/kernel/ranking_sgd.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "simd_levels.hpp"

// The code of AVX-512, sixteen floats a register, compiled for whatever this machine has.
#define KINDRED_TARGET wide_ranking
#define KINDRED_VECTOR_BYTES 64
#include <kindred/kernel/detail/exponential_body.inl>
#include <kindred/kernel/detail/pack_body.inl>
#include <kindred/kernel/detail/ranking_sgd_body.inl>

// Inside the namespace, since POSIX has a global function called index.
namespace kindred::ranking_sgd_test {
#undef KINDRED_TARGET
#undef KINDRED_VECTOR_BYTES

using namespace kindred::kernel;

namespace {

constexpr pair_loss all_losses[] = {pair_loss::logistic, pair_loss::hinge, pair_loss::pointwise};

/// Parameters in double precision, and the objective by its definition.
struct problem {
  std::size_t factors;
  std::vector<std::vector<double>> users;  ///< each row its factors and, behind them, its bias
  std::vector<std::vector<double>> items;
  std::vector<double> user_decays;
  std::vector<double> item_decays;
  std::vector<std::vector<double>> user_curvatures;  ///< of the factors and of the bias
  std::vector<std::vector<double>> item_curvatures;

  problem(std::size_t num_users, std::size_t num_items, std::size_t length) : factors(length) {
    std::uint64_t draw = 0;
    const counter_rng random(3);
    const auto fill = [&](std::size_t count, auto& rows, auto& decays, auto& curvatures) {
      for (std::size_t r = 0; r < count; ++r) {
        rows.emplace_back();
        for (std::size_t f = 0; f <= factors; ++f)
          rows[r].push_back(static_cast<float>(random.uniform(draw++) - 0.4));
        decays.push_back(static_cast<float>(0.5 + random.uniform(draw++)));
        curvatures.push_back({static_cast<float>(1 + random.uniform(draw++)),
                              static_cast<float>(1 + random.uniform(draw++))});
      }
    };
    fill(num_users, users, user_decays, user_curvatures);
    fill(num_items, items, item_decays, item_curvatures);
  }

  [[nodiscard]] double score(index user, index item) const {
    const auto& p = users[static_cast<std::size_t>(user)];
    const auto& q = items[static_cast<std::size_t>(item)];
    double sum = p[factors] + q[factors];
    for (std::size_t f = 0; f < factors; ++f) sum += p[f] * q[f];
    return sum;
  }
  [[nodiscard]] double loss(const ranking_triple& t, pair_loss chosen) const {
    const double x = score(t.user, t.positive);
    const double y = score(t.user, t.negative);
    const auto w = static_cast<double>(t.weight);
    const auto softplus = [](double z) {
      return std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z)));
    };
    if (chosen == pair_loss::logistic) return w * softplus(y - x);
    if (chosen == pair_loss::hinge) return w * std::max(0.0, 1 + y - x);
    return w * softplus(-x) + softplus(y);
  }
  [[nodiscard]] double objective(const ranking_triple& t, pair_loss chosen,
                                 const ranking_step& s) const {
    const auto penalty = [&](const std::vector<double>& row, double decay) {
      double squares = 0;
      for (std::size_t f = 0; f < factors; ++f) squares += row[f] * row[f];
      return decay / 2 *
             (static_cast<double>(s.regularization) * squares +
              static_cast<double>(s.bias_regularization) * row[factors] * row[factors]);
    };
    const auto u = static_cast<std::size_t>(t.user);
    const auto i = static_cast<std::size_t>(t.positive);
    const auto j = static_cast<std::size_t>(t.negative);
    return loss(t, chosen) + penalty(users[u], user_decays[u]) + penalty(items[i], item_decays[i]) +
           penalty(items[j], item_decays[j]);
  }

  /// One step down central differences of the objective. Returns the loss before it.
  double step(const ranking_triple& t, pair_loss chosen, const ranking_step& s) {
    const double before = loss(t, chosen);
    struct row {
      std::vector<double>* values;
      std::vector<double>* curvatures;
      std::vector<double> slopes;
    };
    const auto u = static_cast<std::size_t>(t.user);
    const auto i = static_cast<std::size_t>(t.positive);
    const auto j = static_cast<std::size_t>(t.negative);
    row rows[] = {{&users[u], &user_curvatures[u], {}},
                  {&items[i], &item_curvatures[i], {}},
                  {&items[j], &item_curvatures[j], {}}};
    for (row& r : rows)
      for (double& value : *r.values) {
        constexpr double h = 1e-5;
        const double middle = value;
        value = middle + h;
        const double above = objective(t, chosen, s);
        value = middle - h;
        const double below = objective(t, chosen, s);
        value = middle;
        r.slopes.push_back((above - below) / (2 * h));
      }
    for (row& r : rows) {
      double squares = 0;
      for (std::size_t f = 0; f < factors; ++f) squares += r.slopes[f] * r.slopes[f];
      const auto rate = [&](float base, double curvature) {
        return static_cast<double>(base) / (s.adagrad ? std::sqrt(curvature) : 1);
      };
      for (std::size_t f = 0; f <= factors; ++f)
        (*r.values)[f] -=
            r.slopes[f] * (f < factors ? rate(s.learning_rate, (*r.curvatures)[0])
                                       : rate(s.bias_learning_rate, (*r.curvatures)[1]));
      if (!s.adagrad) continue;
      (*r.curvatures)[0] += static_cast<double>(s.per_factor) * squares;
      (*r.curvatures)[1] += r.slopes[factors] * r.slopes[factors];
    }
    return before;
  }
};

/// The same parameters as the kernels take them.
struct kernel_problem {
  explicit kernel_problem(const problem& x)
      : stride((x.factors + sgd_row_multiple - 1) / sgd_row_multiple * sgd_row_multiple) {
    const auto fill = [&](const auto& rows, const auto& decays, const auto& curvatures,
                          aligned_vector<float>& factors, aligned_vector<sgd_row<float>>& states) {
      factors.assign(rows.size() * stride, 0.0F);
      states.resize(rows.size());
      for (std::size_t r = 0; r < rows.size(); ++r) {
        for (std::size_t f = 0; f < x.factors; ++f)
          factors[r * stride + f] = static_cast<float>(rows[r][f]);
        states[r] = {.factor_curvature = static_cast<float>(curvatures[r][0]),
                     .bias_curvature = static_cast<float>(curvatures[r][1]),
                     .bias = static_cast<float>(rows[r][x.factors]),
                     .decay = static_cast<float>(decays[r])};
      }
    };
    fill(x.users, x.user_decays, x.user_curvatures, p, users);
    fill(x.items, x.item_decays, x.item_curvatures, q, items);
  }
  sgd_matrices<float> matrices() {
    return {p.data(), q.data(), users.data(), items.data(), stride};
  }

  std::size_t stride;
  aligned_vector<float> p;
  aligned_vector<float> q;
  aligned_vector<sgd_row<float>> users;
  aligned_vector<sgd_row<float>> items;
};

void check_same(const kernel_problem& fast, const problem& slow) {
  double worst = 0;
  const auto compare = [&](float a, double b) {
    worst = std::max(worst, std::abs(static_cast<double>(a) - b));
  };
  const auto side = [&](const auto& rows, const auto& curvatures, const auto& factors,
                        const auto& states) {
    for (std::size_t r = 0; r < rows.size(); ++r) {
      for (std::size_t f = 0; f < fast.stride; ++f)
        compare(factors[r * fast.stride + f], f < slow.factors ? rows[r][f] : 0.0);
      compare(states[r].bias, rows[r][slow.factors]);
      compare(states[r].factor_curvature, curvatures[r][0]);
      compare(states[r].bias_curvature, curvatures[r][1]);
    }
  };
  side(slow.users, slow.user_curvatures, fast.p, fast.users);
  side(slow.items, slow.item_curvatures, fast.q, fast.items);
  CHECK(worst < 2e-4);
}

/// Few users and items: many groups of four share a row, and many do not. The count leaves a rest.
std::vector<ranking_triple> some_triples(std::size_t count, std::uint32_t users,
                                         std::uint32_t items) {
  const counter_rng random(4);
  std::vector<ranking_triple> triples;
  for (std::size_t n = 0; n < count; ++n) {
    const auto positive = static_cast<index>(random.below(4 * n, items));
    const auto other = static_cast<index>(random.below(4 * n + 1, items - 1));
    triples.push_back({static_cast<index>(random.below(4 * n + 2, users)), positive,
                       other < positive ? other : other + 1,
                       static_cast<float>(0.5 + random.uniform(4 * n + 3))});
  }
  return triples;
}

std::vector<ranking_sgd_kernel> kernels_of(pair_loss loss, std::size_t stride) {
  std::vector<ranking_sgd_kernel> kernels;
  for (const auto level : test::levels_of_this_machine())
    kernels.push_back(select_ranking_sgd_kernel(loss, stride, level));
  kernels.push_back(
      kernel::detail::ranking_sgd_kernel_for<wide_ranking::ranking_pass>(loss, stride));
  return kernels;
}

}  // namespace

TEST_CASE("a ranking pass steps down the gradient of the documented loss, triple by triple") {
  for (const std::size_t factors : {1U, 13U, 32U, 40U, 64U, 128U})
    for (const pair_loss loss : all_losses)
      for (const bool adagrad : {false, true}) {
        CAPTURE(factors);
        CAPTURE(static_cast<int>(loss));
        CAPTURE(adagrad);
        const ranking_step step{.learning_rate = 0.05F,
                                .bias_learning_rate = 0.03F,
                                .regularization = 0.05F,
                                .bias_regularization = 0.04F,
                                .per_factor = 1 / static_cast<float>(factors),
                                .adagrad = adagrad};
        const problem start(29, 23, factors);
        const auto triples = some_triples(203, 29, 23);
        problem slow = start;
        double expected = 0;
        for (const ranking_triple& t : triples) expected += slow.step(t, loss, step);
        for (const auto pass : kernels_of(loss, kernel_problem(start).stride)) {
          kernel_problem fast(start);
          CHECK(pass(triples.data(), triples.size(), fast.matrices(), step) ==
                doctest::Approx(expected).epsilon(1e-4));
          check_same(fast, slow);
        }
      }
}

TEST_CASE("losses of scores far apart are finite, and what is not a number stays so") {
  for (const pair_loss loss : all_losses)
    for (const auto pass : kernels_of(loss, 16))
      for (const double bias : {-1e4, 1e4}) {
        problem x(4, 8, 2);
        x.items[0][2] = bias;
        const ranking_triple triple{0, 0, 1, 0.5F};
        kernel_problem far(x);
        CHECK(pass(&triple, 1, far.matrices(), {.learning_rate = 0.1F}) ==
              doctest::Approx(x.loss(triple, loss)).epsilon(1e-5));
        kernel_problem broken(x);
        broken.items[0].bias = std::numeric_limits<float>::quiet_NaN();
        CHECK(std::isnan(pass(&triple, 1, broken.matrices(), {.learning_rate = 0.1F})));
      }
}

}  // namespace kindred::ranking_sgd_test
