#pragma once

#include <kindred/core/host_device.hpp>
#include <kindred/kernel/sigmoid.hpp>

#include <cmath>
#include <variant>

/// The arithmetic of the losses of nn/rating_loss.hpp, which says what they are, for the processor
/// and for a GPU; `derivative` is by the output, and `rating` what the output stands for.
namespace kindred::kernel {

struct squared_loss {
  [[nodiscard]] KINDRED_HOST_DEVICE float value(float output, float target) const noexcept {
    return (output - target) * (output - target);
  }
  [[nodiscard]] KINDRED_HOST_DEVICE float derivative(float output, float target) const noexcept {
    return 2 * (output - target);
  }
  [[nodiscard]] KINDRED_HOST_DEVICE float rating(float output) const noexcept { return output; }
};

struct absolute_loss {
  [[nodiscard]] KINDRED_HOST_DEVICE float value(float output, float target) const noexcept {
    return std::abs(output - target);
  }
  [[nodiscard]] KINDRED_HOST_DEVICE float derivative(float output, float target) const noexcept {
    return output > target ? 1.0F : (output < target ? -1.0F : output - target);
  }
  [[nodiscard]] KINDRED_HOST_DEVICE float rating(float output) const noexcept { return output; }
};

struct huber_loss {
  float bend = 1;

  [[nodiscard]] KINDRED_HOST_DEVICE float value(float output, float target) const noexcept {
    const float error = std::abs(output - target);
    return error <= bend ? error * error / 2 : bend * (error - bend / 2);
  }
  [[nodiscard]] KINDRED_HOST_DEVICE float derivative(float output, float target) const noexcept {
    const float error = output - target;
    return error > bend ? bend : (error < -bend ? -bend : error);
  }
  [[nodiscard]] KINDRED_HOST_DEVICE float rating(float output) const noexcept { return output; }
};

struct logistic_loss {
  [[nodiscard]] KINDRED_HOST_DEVICE float value(float output, float target) const noexcept {
    return (output > 0 ? output * (1 - target) : -output * target) + softplus(-std::abs(output));
  }
  [[nodiscard]] KINDRED_HOST_DEVICE float derivative(float output, float target) const noexcept {
    return sigmoid(output) - target;
  }
  [[nodiscard]] KINDRED_HOST_DEVICE float rating(float output) const noexcept {
    return sigmoid(output);
  }
};

using pointwise_loss = std::variant<squared_loss, absolute_loss, huber_loss, logistic_loss>;

}  // namespace kindred::kernel
