#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/option_fields.hpp>
#include <kindred/model/interaction_value.hpp>

namespace kindred {

/// Options of `slim`.
struct slim_options {
  double l1 = 1;    ///< penalty on the sum of the weights' absolute values, >= 0; makes them few
  double l2 = 100;  ///< penalty on half the sum of their squares, >= 0; with l1, not both 0
  bool nonnegative = true;  ///< no weight is less than 0
  interaction_value values = interaction_value::one;
  /// An item's weights are found once no step of a sweep lowers its objective by more than this
  /// share of what it is without weights; in (0, 1).
  double tolerance = 1e-5;
  int max_sweeps = 1000;  ///< ends the sweeps of an item even so; >= 1

  friend bool operator==(const slim_options&, const slim_options&) = default;
};

template <maybe_const<slim_options> Options, class Field>
void for_each_option(Options& o, const Field& field) {
  field("l1", o.l1);
  field("l2", o.l2);
  field("nonnegative", o.nonnegative);
  field("values", o.values);
  field("tolerance", o.tolerance);
  field("max_sweeps", o.max_sweeps);
}

/// Throws option_error for the first option outside its range.
inline void check_options(const slim_options& o) {
  require_option(o.l1 >= 0 && o.l1 < 1e12, "l1", o.l1, "[0, 1e12)");
  require_option(o.l2 >= 0 && o.l2 < 1e12, "l2", o.l2, "[0, 1e12)");
  require_option(o.l1 + o.l2 > 0, "l2", o.l2, "(0, 1e12) where l1 is 0");
  check_option(o.values);
  require_option(o.tolerance > 0 && o.tolerance < 1, "tolerance", o.tolerance, "(0, 1)");
  require_option(o.max_sweeps >= 1, "max_sweeps", o.max_sweeps, "[1, 2147483647]");
}

}  // namespace kindred
