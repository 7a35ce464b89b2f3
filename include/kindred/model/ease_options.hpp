#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/option_fields.hpp>
#include <kindred/core/types.hpp>
#include <kindred/model/interaction_value.hpp>

namespace kindred {

/// Options of `ease`.
struct ease_options {
  /// L2 penalty on the weights, > 0. The one number to tune: from some tens, for some ten thousand
  /// interactions, to a thousand for millions.
  double regularization = 300;
  /// Share of a user's items that is hidden at random in each of infinitely many training rounds,
  /// in [0, 1): adds dropout / (1 - dropout) times the squared norm of an item's column to the
  /// penalty on its weights, which holds popular items back. Up to 0.7 it may well pay.
  double dropout = 0;
  interaction_value values = interaction_value::one;
  /// Refuses to fit more items than this, >= 1: memory grows with their square, time with their
  /// cube. 30000 take 3.6 GB in single precision.
  index max_items = 30'000;

  friend bool operator==(const ease_options&, const ease_options&) = default;
};

template <maybe_const<ease_options> Options, class Field>
void for_each_option(Options& o, const Field& field) {
  field("regularization", o.regularization);
  field("dropout", o.dropout);
  field("values", o.values);
  field("max_items", o.max_items);
}

/// Throws option_error for the first option outside its range.
inline void check_options(const ease_options& o) {
  require_option(o.regularization > 0 && o.regularization < 1e12, "regularization",
                 o.regularization, "(0, 1e12)");
  require_option(o.dropout >= 0 && o.dropout < 1, "dropout", o.dropout, "[0, 1)");
  check_option(o.values);
  require_option(o.max_items >= 1, "max_items", o.max_items, "[1, 2147483647]");
}

}  // namespace kindred
