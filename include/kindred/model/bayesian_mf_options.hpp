#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/option_fields.hpp>

#include <cstdint>

namespace kindred {

/// Options of `bayesian_mf`. There is no penalty and no learning rate to tune.
struct bayesian_mf_options {
  int factors = 30;  ///< length of the latent vectors, in [1, 1024]
  int burn_in = 20;  ///< sweeps until the chain is where it belongs, >= 0
  int samples = 40;  ///< that predictions are averaged over, in [1, 10000]
  int thinning = 2;  ///< sweeps from one of them to the next, >= 1
  /// The precision of a rating around what is predicted, > 0; 0 samples it along.
  double noise_precision = 0;
  /// Holds `predict` to the range of the training ratings. `score` is never held.
  bool clip = true;
  std::uint64_t seed = 42;

  friend bool operator==(const bayesian_mf_options&, const bayesian_mf_options&) = default;
};

template <maybe_const<bayesian_mf_options> Options, class Field>
void for_each_option(Options& o, const Field& field) {
  field("factors", o.factors);
  field("burn_in", o.burn_in);
  field("samples", o.samples);
  field("thinning", o.thinning);
  field("noise_precision", o.noise_precision);
  field("clip", o.clip);
  field("seed", o.seed);
}

/// Throws option_error for the first option outside its range.
inline void check_options(const bayesian_mf_options& o) {
  require_option(o.factors >= 1 && o.factors <= 1024, "factors", o.factors, "[1, 1024]");
  require_option(o.burn_in >= 0 && o.burn_in <= 1000000, "burn_in", o.burn_in, "[0, 1000000]");
  require_option(o.samples >= 1 && o.samples <= 10000, "samples", o.samples, "[1, 10000]");
  require_option(o.thinning >= 1 && o.thinning <= 1000, "thinning", o.thinning, "[1, 1000]");
  require_option(o.noise_precision >= 0 && o.noise_precision < 1e9, "noise_precision",
                 o.noise_precision, "[0, 1e9)");
}

}  // namespace kindred
