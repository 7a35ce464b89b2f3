#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/random.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kindred {

/// What to try for one parameter: some values, or a range to draw from.
struct search_parameter {
  std::string name{};            ///< without comma, quote or line break
  std::vector<double> values{};  ///< to choose from; if there are none, the range is drawn from:
  double low = 0;
  double high = 0;           ///< >= low
  bool logarithmic = false;  ///< draw uniformly by the logarithm; low > 0
};

/// The parameters that are searched, their names different.
using search_space = std::vector<search_parameter>;

/// One point of a search space.
class parameter_values {
 public:
  parameter_values(const search_space& space, std::vector<double> values)
      : space_(&space), values_(std::move(values)) {}

  /// The value of a parameter; throws option_error if there is none of that name.
  [[nodiscard]] double operator[](std::string_view name) const {
    for (std::size_t p = 0; p < values_.size(); ++p)
      if ((*space_)[p].name == name) return values_[p];
    throw option_error("parameter", detail::quoted(name), "the search space");
  }
  /// The same where it is a whole number, rounded.
  [[nodiscard]] int whole(std::string_view name) const {
    return static_cast<int>(std::lround((*this)[name]));
  }

 private:
  const search_space* space_;
  std::vector<double> values_;
};

/// Throws option_error for the first parameter that is not as it should be.
inline void check_options(const search_space& space) {
  require_option(!space.empty(), "space", std::string_view("{}"), "at least one parameter");
  for (std::size_t p = 0; p < space.size(); ++p) {
    const auto& [name, values, low, high, logarithmic] = space[p];
    bool valid = !name.empty() && name.find_first_of(",\"\r\n") == std::string::npos;
    for (std::size_t other = 0; other < p; ++other) valid = valid && space[other].name != name;
    require_option(valid, "name", name, "the different names without comma, quote or line break");
    for (const double value : values)
      require_option(std::isfinite(value), name, value, "the finite numbers");
    if (!values.empty()) continue;
    require_option(std::isfinite(low) && (!logarithmic || low > 0), name + ".low", low,
                   logarithmic ? "(0, inf)" : "the finite numbers");
    require_option(std::isfinite(high) && high >= low, name + ".high", high, "[low, inf)");
  }
}

namespace detail {

inline constexpr std::uint64_t search_stream = 0x73656172;

/// All combinations, the last parameter changing fastest. Throws option_error for a range, which
/// has no values.
[[nodiscard]] inline std::vector<std::vector<double>> grid_points(const search_space& space) {
  std::vector<std::vector<double>> points(1);
  for (const search_parameter& parameter : space) {
    require_option(!parameter.values.empty(), parameter.name, std::string_view("{}"),
                   "the lists of values that make a grid");
    std::vector<std::vector<double>> longer;
    for (const std::vector<double>& point : points)
      for (const double value : parameter.values) {
        longer.push_back(point);
        longer.back().push_back(value);
      }
    points = std::move(longer);
  }
  return points;
}

[[nodiscard]] inline double draw_value(const search_parameter& parameter, const counter_rng& rng,
                                       std::uint64_t draw) {
  const auto& [name, values, low, high, logarithmic] = parameter;
  if (!values.empty())
    return values[static_cast<std::size_t>(
        rng.below(draw, static_cast<std::uint32_t>(values.size())))];
  const double share = rng.uniform(draw);
  const double value = logarithmic ? std::exp(std::lerp(std::log(low), std::log(high), share))
                                   : std::lerp(low, high, share);
  return std::clamp(value, low, high);
}

/// Independent points; a longer list begins with the shorter one.
[[nodiscard]] inline std::vector<std::vector<double>> random_points(const search_space& space,
                                                                    int count, std::uint64_t seed) {
  const counter_rng rng(seed, search_stream);
  std::vector<std::vector<double>> points(static_cast<std::size_t>(count));
  std::uint64_t draw = 0;
  for (std::vector<double>& point : points)
    for (const search_parameter& parameter : space)
      point.push_back(draw_value(parameter, rng, draw++));
  return points;
}

}  // namespace detail

}  // namespace kindred
