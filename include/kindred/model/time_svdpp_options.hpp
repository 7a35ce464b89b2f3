#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/option_fields.hpp>
#include <kindred/model/svdpp_options.hpp>

namespace kindred {

/// Options of `time_svdpp`. The defaults suit star ratings.
struct time_svdpp_options {
  svdpp_options svdpp{};              ///< of what does not depend on time
  double drift_regularization = 0.1;  ///< on the squares of s_u and a_u, for each rating, >= 0
  /// On that of each bias of a day or of a part of the time, once however many ratings, >= 0.
  double time_regularization = 20;
  /// By which power of the time the drift grows, in (0, 1].
  double drift_exponent = 0.4;
  int bins = 10;  ///< equal parts of the time of all ratings, in [1, 10000]

  friend bool operator==(const time_svdpp_options&, const time_svdpp_options&) = default;
};

template <maybe_const<time_svdpp_options> Options, class Field>
void for_each_option(Options& o, const Field& field) {
  field("svdpp", o.svdpp);
  field("drift_regularization", o.drift_regularization);
  field("time_regularization", o.time_regularization);
  field("drift_exponent", o.drift_exponent);
  field("bins", o.bins);
}

/// Throws option_error for the first option outside its range.
inline void check_options(const time_svdpp_options& o) {
  check_options(o.svdpp);
  require_option(o.drift_regularization >= 0 && o.drift_regularization < 1e6,
                 "drift_regularization", o.drift_regularization, "[0, 1e6)");
  require_option(o.time_regularization >= 0 && o.time_regularization < 1e6, "time_regularization",
                 o.time_regularization, "[0, 1e6)");
  require_option(o.drift_exponent > 0 && o.drift_exponent <= 1, "drift_exponent", o.drift_exponent,
                 "(0, 1]");
  require_option(o.bins >= 1 && o.bins <= 10000, "bins", o.bins, "[1, 10000]");
}

}  // namespace kindred
