#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/option_fields.hpp>

#include <cstdint>

namespace kindred {

/// The most singular vectors of `graph_filter`.
inline constexpr int most_graph_factors = 4096;

/// Options of `graph_filter`.
struct graph_filter_options {
  /// How fast an interaction counts less with the number of interactions: of the user who has the
  /// other, of the item that is asked about, and of the item that is scored. In [0, 2]; 0.5 each is
  /// the filter of the paper. A greater target_exponent ranks popular items lower.
  double user_exponent = 0.75;
  double source_exponent = 0.7;
  double target_exponent = 0.25;
  int factors = 256;      ///< singular vectors of the low-pass filter, in [0, 4096]
  double low_pass = 0.3;  ///< what that filter weighs, >= 0; 0.3 in the paper
  int iterations = 5;     ///< of the search for singular vectors, >= 1
  std::uint64_t seed = 42;

  friend bool operator==(const graph_filter_options&, const graph_filter_options&) = default;
};

template <maybe_const<graph_filter_options> Options, class Field>
void for_each_option(Options& o, const Field& field) {
  field("user_exponent", o.user_exponent);
  field("source_exponent", o.source_exponent);
  field("target_exponent", o.target_exponent);
  field("factors", o.factors);
  field("low_pass", o.low_pass);
  field("iterations", o.iterations);
  field("seed", o.seed);
}

/// Throws option_error for the first option outside its range.
inline void check_options(const graph_filter_options& o) {
  const auto require_exponent = [](double exponent, const char* name) {
    require_option(exponent >= 0 && exponent <= 2, name, exponent, "[0, 2]");
  };
  require_exponent(o.user_exponent, "user_exponent");
  require_exponent(o.source_exponent, "source_exponent");
  require_exponent(o.target_exponent, "target_exponent");
  require_option(o.factors >= 0 && o.factors <= most_graph_factors, "factors", o.factors,
                 "[0, 4096]");
  require_option(o.low_pass >= 0 && o.low_pass < 1e12, "low_pass", o.low_pass, "[0, 1e12)");
  require_option(o.iterations >= 1, "iterations", o.iterations, "[1, 2147483647]");
}

}  // namespace kindred
