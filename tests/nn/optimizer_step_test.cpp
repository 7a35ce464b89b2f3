#include <kindred/nn/optimizer_step.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace kindred::optimizer_step_test {
namespace {

constexpr std::size_t row = kernel::gradient_step_multiple;

/// A row of parameters with what its optimizer keeps.
class stepper {
 public:
  stepper(const nn::optimizer& chosen, float start)
      : chosen_(chosen), kernel_(kernel::select_gradient_step(nn::rule_of(chosen))) {
    w_.fill(start);
    nn::start_state(chosen_, w_, a_.data(), b_.data());
  }
  [[nodiscard]] float w() const { return w_[3]; }
  void step(float gradient, std::uint64_t t, double factor = 1,
            const std::function<void(kernel::gradient_step&)>& with = {}) {
    kernel::gradient_step by = nn::step_of(chosen_, t, factor);
    if (with) with(by);
    std::array<float, row> gradients{};
    gradients.fill(gradient);
    kernel_(by, gradients.data(), row, w_.data(), a_.data(), b_.data());
  }

 private:
  nn::optimizer chosen_;
  kernel::gradient_step_kernel kernel_;
  std::array<float, row> w_{};
  std::array<float, row> a_{};
  std::array<float, row> b_{};
};

constexpr double start = 0.5;
constexpr double gradients[] = {0.3, -1.2, 0.7};

/// Three steps against the textbook: `follow` makes its step t with g from w.
template <class Follow>
void check_three_steps(const nn::optimizer& chosen, Follow follow) {
  stepper of(chosen, static_cast<float>(start));
  double w = start;
  for (int t = 1; t <= 3; ++t) {
    const double g = gradients[t - 1];
    of.step(static_cast<float>(g), static_cast<std::uint64_t>(t));
    follow(w, g, t);
    CHECK(static_cast<double>(of.w()) == doctest::Approx(w).epsilon(2e-6));
  }
}

/// What `chosen` finds as the minimum of 2 (w - 3)^2 from w = 1.
double minimum_of_quadratic(const nn::optimizer& chosen, std::uint64_t steps,
                            const std::function<void(kernel::gradient_step&)>& with = {}) {
  stepper of(chosen, 1);
  for (std::uint64_t t = 1; t <= steps; ++t) {
    const double left = 1 - static_cast<double>(t - 1) / static_cast<double>(steps);
    of.step(4 * (of.w() - 3), t, left, with);
  }
  return static_cast<double>(of.w());
}

}  // namespace

TEST_CASE("sgd, momentum and nesterov step as on paper") {
  check_three_steps(nn::sgd{.learning_rate = 0.1}, [](double& w, double g, int) { w -= 0.1 * g; });
  double v = 0;
  check_three_steps(nn::momentum{.learning_rate = 0.1, .beta = 0.8}, [&](double& w, double g, int) {
    v = 0.8 * v - 0.1 * g;  // the velocity as Polyak has it, with the rate inside
    w += v;
  });
  v = 0;
  check_three_steps(nn::nesterov{.learning_rate = 0.1, .beta = 0.8}, [&](double& w, double g, int) {
    const double before = v;  // Sutskever's, in terms of the point where the gradient is taken
    v = 0.8 * v - 0.1 * g;
    w += -0.8 * before + 1.8 * v;
  });
}

TEST_CASE("adagrad and rmsprop step as on paper") {
  double s = 0.2;
  check_three_steps(nn::adagrad{.learning_rate = 0.1, .initial_square = 0.2, .epsilon = 1e-3},
                    [&](double& w, double g, int) {
                      s += g * g;
                      w -= 0.1 * g / (std::sqrt(s) + 1e-3);
                    });
  s = 0;
  check_three_steps(nn::rmsprop{.learning_rate = 0.1, .beta = 0.7, .epsilon = 1e-3},
                    [&](double& w, double g, int) {
                      s = 0.7 * s + 0.3 * g * g;
                      w -= 0.1 * g / (std::sqrt(s) + 1e-3);
                    });
}

TEST_CASE("adam and adamw step as on paper") {
  for (const double decay : {0.0, 0.3}) {
    double m = 0;
    double v = 0;
    const auto follow = [&](double& w, double g, int t) {
      w -= 0.1 * decay * w;
      m = 0.9 * m + 0.1 * g;
      v = 0.99 * v + 0.01 * g * g;
      const double m_hat = m / (1 - std::pow(0.9, t));
      const double v_hat = v / (1 - std::pow(0.99, t));
      w -= 0.1 * m_hat / (std::sqrt(v_hat) + 0.01);
    };
    if (decay > 0)
      check_three_steps(
          nn::adamw{.learning_rate = 0.1, .beta2 = 0.99, .epsilon = 0.01, .weight_decay = decay},
          follow);
    else
      check_three_steps(nn::adam{.learning_rate = 0.1, .beta2 = 0.99, .epsilon = 0.01}, follow);
  }
}

TEST_CASE("ftrl steps as on paper") {
  double z = -start * 0.7 / 0.2;
  double n = 0;
  check_three_steps(
      nn::ftrl{.learning_rate = 0.2, .beta = 0.7, .l1 = 0.4, .l2 = 0.1},
      [&](double& w, double g, int) {
        const double sigma = (std::sqrt(n + g * g) - std::sqrt(n)) / 0.2;
        z += g - sigma * w;
        n += g * g;
        const double sign = z < 0 ? -1 : 1;
        w = std::abs(z) <= 0.4 ? 0 : -(z - sign * 0.4) / ((0.7 + std::sqrt(n)) / 0.2 + 0.1);
      });
}

TEST_CASE("ftrl without penalties is the descent of McMahan's equation 1") {
  double n = 0;
  check_three_steps(nn::ftrl{.learning_rate = 0.2, .beta = 0.7}, [&](double& w, double g, int) {
    n += g * g;
    w -= 0.2 / (0.7 + std::sqrt(n)) * g;
  });
}

TEST_CASE("every optimizer finds the minimum of a quadratic") {
  CHECK(minimum_of_quadratic(nn::sgd{.learning_rate = 0.1}, 200) == doctest::Approx(3));
  CHECK(minimum_of_quadratic(nn::momentum{.learning_rate = 0.02}, 500) == doctest::Approx(3));
  CHECK(minimum_of_quadratic(nn::nesterov{.learning_rate = 0.02}, 500) == doctest::Approx(3));
  CHECK(minimum_of_quadratic(nn::adagrad{.learning_rate = 1}, 500) == doctest::Approx(3));
  CHECK(minimum_of_quadratic(nn::rmsprop{.learning_rate = 0.02}, 1000) ==
        doctest::Approx(3).epsilon(1e-4));
  CHECK(minimum_of_quadratic(nn::adam{.learning_rate = 0.05}, 1000) ==
        doctest::Approx(3).epsilon(1e-4));
  CHECK(minimum_of_quadratic(nn::ftrl{.learning_rate = 1}, 2000) ==
        doctest::Approx(3).epsilon(1e-4));
}

TEST_CASE("penalties move the minimum to where calculus has it") {
  // 2 (w - 3)^2 + l2 w^2 / 2 + l1 |w| is least at (12 - l1) / (4 + l2).
  const auto penalties = [](kernel::gradient_step& step) {
    step.l1 = 2;
    step.l2 = 1;
  };
  CHECK(minimum_of_quadratic(nn::sgd{.learning_rate = 0.1}, 300, penalties) == doctest::Approx(2));
  CHECK(minimum_of_quadratic(nn::adam{.learning_rate = 0.05}, 1000, penalties) ==
        doctest::Approx(2).epsilon(1e-4));
}

TEST_CASE("the mean of ftrl's parameters is the solution of the lasso") {
  // The l1 of ftrl stands against the sum of all gradients: in n steps on (w - c)^2 / 2 with
  // l1 = n lambda, the parameter is 0 while the sum of its gradients is below l1, near c from then
  // on, and c - lambda in the mean; where |c| < lambda it is exactly 0 all the time.
  constexpr int steps = 20000;
  constexpr double lambda = 0.5;
  for (const double c : {2.0, -1.25, 0.45, -0.3}) {
    CAPTURE(c);
    stepper of(nn::ftrl{.learning_rate = 4, .l1 = steps * lambda}, 0);
    double sum = 0;
    for (int t = 1; t <= steps; ++t) {
      sum += static_cast<double>(of.w());
      of.step(of.w() - static_cast<float>(c), static_cast<std::uint64_t>(t));
    }
    const double shrunk = std::max(std::abs(c) - lambda, 0.0);
    CHECK(sum / steps == doctest::Approx(c < 0 ? -shrunk : shrunk).epsilon(0.01));
    if (shrunk == 0) CHECK(of.w() == 0);
  }
}

TEST_CASE("a row that is seldom read is stepped with the number of all steps") {
  const nn::adam chosen{.learning_rate = 0.1, .epsilon = 1e-3};
  stepper often(chosen, 1);
  stepper seldom(chosen, 1);
  for (std::uint64_t t = 1; t <= 9; ++t) often.step(1, t);
  const float before = seldom.w();
  seldom.step(1, 10);
  const double m_hat = 0.1 / (1 - std::pow(0.9, 10));
  const double v_hat = 0.001 / (1 - std::pow(0.999, 10));
  CHECK(static_cast<double>(before - seldom.w()) ==
        doctest::Approx(0.1 * m_hat / (std::sqrt(v_hat) + 1e-3)).epsilon(1e-5));
}

TEST_CASE("what is kept starts as documented") {
  const std::vector<float> w = {1, -2, 0};
  std::vector<float> a(3, 7);
  std::vector<float> b(3, 7);
  nn::start_state(nn::sgd{}, w, nullptr, nullptr);
  nn::start_state(nn::adagrad{.initial_square = 0.5}, w, a.data(), nullptr);
  CHECK(a == std::vector<float>{0.5F, 0.5F, 0.5F});
  nn::start_state(nn::momentum{}, w, a.data(), nullptr);
  CHECK(a == std::vector<float>(3));
  nn::start_state(nn::ftrl{.learning_rate = 0.5, .beta = 2}, w, a.data(), b.data());
  CHECK(a == std::vector<float>{-4, 8, 0});
  CHECK(b == std::vector<float>(3));
  CHECK(kernel::state_arrays(nn::rule_of(nn::sgd{})) == 0);
  CHECK(kernel::state_arrays(nn::rule_of(nn::rmsprop{})) == 1);
  CHECK(kernel::state_arrays(nn::rule_of(nn::adamw{})) == 2);
}

}  // namespace kindred::optimizer_step_test
