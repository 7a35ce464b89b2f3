#pragma once

#include <kindred/core/error.hpp>
#include <kindred/kernel/pointwise_loss.hpp>

#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <variant>

/// Losses of one output of a network against one target. A batch's loss is the mean of `value` over
/// its rows, by their weights where they have some, and `derivative` is by the output.
namespace kindred::nn {

/// (output - target)^2. Its mean is the MSE.
struct squared_error {
  static constexpr std::string_view name = "squared_error";

  [[nodiscard]] static constexpr kernel::squared_loss arithmetic() noexcept { return {}; }
  [[nodiscard]] float value(float output, float target) const noexcept {
    return arithmetic().value(output, target);
  }
  [[nodiscard]] float derivative(float output, float target) const noexcept {
    return arithmetic().derivative(output, target);
  }

  friend bool operator==(const squared_error&, const squared_error&) = default;
};

/// |output - target|, with derivative 0 where they are equal. Its mean is the MAE.
struct absolute_error {
  static constexpr std::string_view name = "absolute_error";

  [[nodiscard]] static constexpr kernel::absolute_loss arithmetic() noexcept { return {}; }
  [[nodiscard]] float value(float output, float target) const noexcept {
    return arithmetic().value(output, target);
  }
  [[nodiscard]] float derivative(float output, float target) const noexcept {
    return arithmetic().derivative(output, target);
  }

  friend bool operator==(const absolute_error&, const absolute_error&) = default;
};

/// Half the squared error e up to |e| = delta, and from there on the line that continues it (Huber,
/// "Robust estimation of a location parameter", 1964).
struct huber {
  static constexpr std::string_view name = "huber";
  double delta = 1;  ///< > 0

  [[nodiscard]] constexpr kernel::huber_loss arithmetic() const noexcept {
    return {static_cast<float>(delta)};
  }
  [[nodiscard]] float value(float output, float target) const noexcept {
    return arithmetic().value(output, target);
  }
  [[nodiscard]] float derivative(float output, float target) const noexcept {
    return arithmetic().derivative(output, target);
  }

  friend bool operator==(const huber&, const huber&) = default;
};

/// Binary cross-entropy: -target log p - (1 - target) log(1 - p), where p is the sigmoid of the
/// output. Targets are in [0, 1].
struct cross_entropy {
  static constexpr std::string_view name = "cross_entropy";

  [[nodiscard]] static constexpr kernel::logistic_loss arithmetic() noexcept { return {}; }
  [[nodiscard]] float value(float output, float target) const noexcept {
    return arithmetic().value(output, target);
  }
  [[nodiscard]] float derivative(float output, float target) const noexcept {
    return arithmetic().derivative(output, target);
  }

  friend bool operator==(const cross_entropy&, const cross_entropy&) = default;
};

/// What is taken of one output and one target.
template <class Loss>
concept pointwise = requires(const Loss& loss, float x) {
  loss.value(x, x);
  loss.derivative(x, x);
};

/// Any of them, so that one is chosen as `.loss = nn::huber{.delta = 0.5}`.
using rating_loss = std::variant<squared_error, absolute_error, huber, cross_entropy>;

/// Its arithmetic alone.
[[nodiscard]] inline kernel::pointwise_loss arithmetic_of(const rating_loss& chosen) {
  return std::visit([](const auto& loss) -> kernel::pointwise_loss { return loss.arithmetic(); },
                    chosen);
}

/// Throws option_error for the first field outside its range.
inline void check_option(const rating_loss& chosen) {
  if (const auto* loss = std::get_if<huber>(&chosen))
    require_option(loss->delta > 0 && loss->delta < 1e12, "huber.delta", loss->delta, "(0, 1e12)");
}

/// Throws data_error for the first target that the loss cannot be taken of, with its row, counted
/// from 0.
inline void check_targets(const rating_loss& chosen, std::span<const float> targets) {
  const bool label = std::holds_alternative<cross_entropy>(chosen);
  for (std::size_t row = 0; row < targets.size(); ++row) {
    const float target = targets[row];
    if (label ? target >= 0 && target <= 1 : std::isfinite(target)) continue;
    const std::string_view name = std::visit([](const auto& l) { return l.name; }, chosen);
    throw data_error(std::string(name) + (label ? ": label " : ": target ") +
                     kindred::detail::to_text(target) + " of row " + kindred::detail::to_text(row) +
                     (label ? " is not in [0, 1]" : " is not finite"));
  }
}

}  // namespace kindred::nn
