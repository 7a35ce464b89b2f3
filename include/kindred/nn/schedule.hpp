#pragma once

#include <kindred/core/error.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <string_view>
#include <variant>

namespace kindred::nn {

/// Where in a fit a batch stands. Steps are batches.
struct schedule_position {
  std::uint64_t step = 0;             ///< from 0
  std::uint64_t steps = 1;            ///< of the whole fit, > step
  std::uint64_t steps_per_epoch = 1;  ///< > 0
};

/// The learning rate stays as it is.
struct no_decay {
  static constexpr std::string_view name = "no_decay";

  friend bool operator==(const no_decay&, const no_decay&) = default;
};

/// It is multiplied by `factor` after every `epochs` epochs.
struct step_decay {
  static constexpr std::string_view name = "step_decay";
  double factor = 0.5;  ///< in (0, 1]
  int epochs = 10;      ///< >= 1

  friend bool operator==(const step_decay&, const step_decay&) = default;
};

/// It is multiplied by `factor` in every epoch, a little in each step.
struct exponential_decay {
  static constexpr std::string_view name = "exponential_decay";
  double factor = 0.9;  ///< in (0, 1]

  friend bool operator==(const exponential_decay&, const exponential_decay&) = default;
};

/// It falls as floor + (1 - floor) (1 + cos(pi x)) / 2, where x goes from 0 at the end of the
/// warm-up to 1 at the end of the fit (Loshchilov and Hutter, "SGDR: stochastic gradient descent
/// with warm restarts", ICLR 2017, eq. 5, without the restarts).
struct cosine_decay {
  static constexpr std::string_view name = "cosine_decay";
  double floor = 0;  ///< share of the learning rate that it ends at, in [0, 1]

  friend bool operator==(const cosine_decay&, const cosine_decay&) = default;
};

/// How the learning rate changes from batch to batch:
/// `.schedule = {.decay = nn::cosine_decay{}, .warmup_steps = 200}`.
struct schedule {
  std::variant<no_decay, step_decay, exponential_decay, cosine_decay> decay{};
  /// In the first steps the learning rate rises in a line to what it would be without them: step k,
  /// from 1, has k / warmup_steps of it (Goyal et al., "Accurate, large minibatch SGD", 2017).
  std::uint64_t warmup_steps = 0;

  friend bool operator==(const schedule&, const schedule&) = default;
};

/// Throws option_error for the first field outside its range.
inline void check_option(const schedule& chosen) {
  const auto require_factor = [](std::string_view name, double factor) {
    require_option(factor > 0 && factor <= 1, name, factor, "(0, 1]");
  };
  if (const auto* decay = std::get_if<step_decay>(&chosen.decay)) {
    require_factor("step_decay.factor", decay->factor);
    require_option(decay->epochs >= 1, "step_decay.epochs", decay->epochs, "[1, 2147483647]");
  } else if (const auto* exponential = std::get_if<exponential_decay>(&chosen.decay)) {
    require_factor("exponential_decay.factor", exponential->factor);
  } else if (const auto* cosine = std::get_if<cosine_decay>(&chosen.decay)) {
    require_option(cosine->floor >= 0 && cosine->floor <= 1, "cosine_decay.floor", cosine->floor,
                   "[0, 1]");
  }
}

namespace detail {

[[nodiscard]] inline double decay_factor(const no_decay&, const schedule_position&, double) {
  return 1;
}
[[nodiscard]] inline double decay_factor(const step_decay& decay, const schedule_position& at,
                                         double) {
  const std::uint64_t period = at.steps_per_epoch * static_cast<std::uint64_t>(decay.epochs);
  const std::uint64_t periods = at.step / period;
  return std::pow(decay.factor, static_cast<double>(periods));
}
[[nodiscard]] inline double decay_factor(const exponential_decay& decay,
                                         const schedule_position& at, double) {
  return std::pow(decay.factor,
                  static_cast<double>(at.step) / static_cast<double>(at.steps_per_epoch));
}
[[nodiscard]] inline double decay_factor(const cosine_decay& decay, const schedule_position&,
                                         double progress) {
  return decay.floor + (1 - decay.floor) * (1 + std::cos(std::numbers::pi * progress)) / 2;
}

}  // namespace detail

/// What the learning rate of a step is multiplied by, in (0, 1].
[[nodiscard]] inline double rate_factor(const schedule& chosen, const schedule_position& at) {
  const std::uint64_t warmup = std::min(chosen.warmup_steps, at.steps);
  const double risen =
      at.step < warmup ? static_cast<double>(at.step + 1) / static_cast<double>(chosen.warmup_steps)
                       : 1;
  const double progress =
      at.step < warmup ? 0
                       : static_cast<double>(at.step - warmup) /
                             static_cast<double>(std::max<std::uint64_t>(at.steps - warmup, 1));
  return risen * std::visit([&](const auto& d) { return detail::decay_factor(d, at, progress); },
                            chosen.decay);
}

}  // namespace kindred::nn
