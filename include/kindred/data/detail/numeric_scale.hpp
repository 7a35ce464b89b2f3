#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/feature_columns.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>

namespace kindred::detail {

/// Standardises numbers by the mean and the standard deviation of some.
class numeric_scale {
 public:
  static constexpr double limit = 10;  ///< deviations to which a number is held

  numeric_scale() = default;
  /// Throws data_error for a negative deviation.
  numeric_scale(double mean, double deviation, bool some_missing)
      : mean_(mean), deviation_(deviation), some_missing_(some_missing) {
    if (deviation < 0) throw data_error("numeric feature: deviation < 0");
  }

  [[nodiscard]] static numeric_scale of(const numeric_column& column, std::span<const index> rows) {
    std::size_t count = 0;
    double sum = 0;
    for (const index row : rows)
      if (const auto number = column[row]) {
        sum += double{*number};
        ++count;
      }
    const bool some_missing = count < rows.size();
    if (count == 0) return {0, 0, some_missing};
    const double mean = sum / static_cast<double>(count);
    double squares = 0;
    for (const index row : rows)
      if (const auto number = column[row])
        squares += (double{*number} - mean) * (double{*number} - mean);
    return {mean, std::sqrt(squares / static_cast<double>(count)), some_missing};
  }

  [[nodiscard]] double mean() const noexcept { return mean_; }
  [[nodiscard]] double deviation() const noexcept { return deviation_; }
  [[nodiscard]] bool some_missing() const noexcept { return some_missing_; }

  /// How many inputs there are: the number and, if some of the numbers were missing, whether it is.
  [[nodiscard]] index size() const noexcept { return some_missing_ ? 2 : 1; }
  /// Calls `sink(input, value)` if there is anything to say.
  template <class Sink>
  void encode(std::optional<float> number, Sink& sink) const {
    if (number) {
      const double distance = double{*number} - mean_;
      sink(0, deviation_ == 0
                  ? 0.0F
                  : static_cast<float>(std::clamp(distance / deviation_, -limit, limit)));
    } else if (some_missing_) {
      sink(1, 1.0F);
    }
  }

 private:
  double mean_ = 0;
  double deviation_ = 0;
  bool some_missing_ = false;
};

}  // namespace kindred::detail
