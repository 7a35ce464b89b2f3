#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

namespace kindred::detail::live {

/// How well ratings were predicted just before they came (Dawid, "Present position and potential
/// developments: the prequential approach", JRSS A 147(2), 1984): the root mean squared error of
/// the last ones, older ones weighing less and less, against that of the first after a fit.
class error_watch {
 public:
  void add(double squared_error) noexcept {
    if (!std::isfinite(squared_error)) return;
    ++count_;
    const double share = 1.0 / static_cast<double>(std::min(count_, window));
    mean_ += share * (squared_error - mean_);
    if (count_ == window) reference_ = mean_;
  }

  /// NaN before the first rating.
  [[nodiscard]] double error() const noexcept {
    return count_ == 0 ? std::numeric_limits<double>::quiet_NaN() : std::sqrt(mean_);
  }
  /// By which share the error has grown; 0 until there is something to compare with.
  [[nodiscard]] double drift() const noexcept {
    return count_ <= window || reference_ <= 0 ? 0.0 : std::sqrt(mean_ / reference_) - 1;
  }

 private:
  static constexpr std::size_t window = 1000;

  std::size_t count_ = 0;
  double mean_ = 0;
  double reference_ = 0;
};

}  // namespace kindred::detail::live
