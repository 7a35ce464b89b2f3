#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/option_fields.hpp>
#include <kindred/core/types.hpp>

namespace kindred {

/// How `slope_one` brings together what each item of the user says.
enum class slope_one_scheme {
  plain,    ///< the user's mean, plus the mean of the deviations
  weighted  ///< the rating of each plus its deviation, weighted by how many users rated both
};

/// Options of `slope_one`.
struct slope_one_options {
  slope_one_scheme scheme = slope_one_scheme::weighted;
  /// Fewer users than this who rated both items say nothing of the pair, >= 1. A higher number
  /// saves memory.
  index min_support = 1;
  /// Holds `predict` to the range of the training ratings. `score` is never held.
  bool clip = true;

  friend bool operator==(const slope_one_options&, const slope_one_options&) = default;
};

template <maybe_const<slope_one_options> Options, class Field>
void for_each_option(Options& o, const Field& field) {
  field("scheme", o.scheme);
  field("min_support", o.min_support);
  field("clip", o.clip);
}

/// Throws option_error for the first option outside its range.
inline void check_options(const slope_one_options& o) {
  require_option(o.scheme == slope_one_scheme::plain || o.scheme == slope_one_scheme::weighted,
                 "scheme", static_cast<int>(o.scheme), "{plain, weighted}");
  require_option(o.min_support >= 1, "min_support", o.min_support, "[1, 2147483647]");
}

}  // namespace kindred
