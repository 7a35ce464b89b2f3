#include <kindred/nn/schedule.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <numbers>
#include <string>

namespace kindred::schedule_test {
namespace {

/// Ten epochs of 20 steps.
double factor(const nn::schedule& schedule, std::uint64_t step) {
  return nn::rate_factor(schedule, {.step = step, .steps = 200, .steps_per_epoch = 20});
}

}  // namespace

TEST_CASE("schedules follow their closed forms") {
  for (std::uint64_t step = 0; step < 200; ++step) {
    const auto s = static_cast<double>(step);
    CHECK(factor({}, step) == 1);
    CHECK(factor({.decay = nn::step_decay{.factor = 0.5, .epochs = 3}}, step) == (step < 60    ? 1
                                                                                  : step < 120 ? 0.5
                                                                                  : step < 180
                                                                                      ? 0.25
                                                                                      : 0.125));
    CHECK(factor({.decay = nn::exponential_decay{.factor = 0.8}}, step) ==
          doctest::Approx(std::exp(std::log(0.8) * s / 20)));
    // cos^2 of the half angle
    const double half = std::cos(std::numbers::pi * s / 400);
    CHECK(factor({.decay = nn::cosine_decay{}}, step) == doctest::Approx(half * half));
    CHECK(factor({.decay = nn::cosine_decay{.floor = 0.1}}, step) ==
          doctest::Approx(0.1 + 0.9 * half * half));
  }
}

TEST_CASE("a warm-up rises in a line and hands over to any decay") {
  CHECK(factor({.warmup_steps = 4}, 0) == 0.25);
  CHECK(factor({.warmup_steps = 4}, 2) == 0.75);
  CHECK(factor({.warmup_steps = 4}, 3) == 1);
  CHECK(factor({.warmup_steps = 4}, 199) == 1);
  const nn::schedule cosine{.decay = nn::cosine_decay{}, .warmup_steps = 100};
  CHECK(factor(cosine, 49) == 0.5);
  CHECK(factor(cosine, 100) == 1);
  CHECK(factor(cosine, 150) == doctest::Approx(0.5));
  const nn::schedule steps{.decay = nn::step_decay{.factor = 0.5, .epochs = 1}, .warmup_steps = 30};
  CHECK(factor(steps, 24) == doctest::Approx(0.5 * 25 / 30));
  CHECK(factor(steps, 40) == 0.25);
  // a warm-up that the fit is too short for
  CHECK(factor({.decay = nn::cosine_decay{}, .warmup_steps = 1000}, 199) == 0.2);
}

TEST_CASE("a schedule outside its range is named") {
  const auto message = [](const nn::schedule& schedule) -> std::string {
    try {
      nn::check_option(schedule);
    } catch (const kindred::option_error& e) {
      return e.what();
    }
    return "";
  };
  CHECK(message({}).empty());
  CHECK(message({.decay = nn::step_decay{}}).empty());
  CHECK(message({.decay = nn::step_decay{.factor = 0}}) ==
        "option step_decay.factor = 0 is not in (0, 1]");
  CHECK(message({.decay = nn::step_decay{.epochs = 0}}) ==
        "option step_decay.epochs = 0 is not in [1, 2147483647]");
  CHECK(message({.decay = nn::exponential_decay{.factor = 1.5}}) ==
        "option exponential_decay.factor = 1.5 is not in (0, 1]");
  CHECK(message({.decay = nn::cosine_decay{.floor = -0.5}}) ==
        "option cosine_decay.floor = -0.5 is not in [0, 1]");
}

}  // namespace kindred::schedule_test
