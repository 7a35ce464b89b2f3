#pragma once

#include <kindred/core/error.hpp>
#include <kindred/data/features.hpp>
#include <kindred/nn/option_fields.hpp>
#include <kindred/nn/rating_loss.hpp>
#include <kindred/nn/tower.hpp>
#include <kindred/nn/training_options.hpp>

namespace kindred::detail {

// What the options of all networks that rate have in common. They stay aggregates, for designated
// initializers: so this is no base of theirs.

/// Throws option_error, and data_error for features that there are not.
template <class Options>
void check_network_options(const Options& o) {
  require_option(o.dimensions >= 1 && o.dimensions <= 1024, "dimensions", o.dimensions,
                 "[1, 1024]");
  nn::check_option(o.tower);
  if constexpr (requires { o.loss; }) nn::check_option(o.loss);
  require_option(o.negatives >= 0 && o.negatives <= 1000, "negatives", o.negatives, "[0, 1000]");
  nn::check_option(o.training);
  check_options(o.features);
}

/// Those of them that a model file holds: all but the features.
template <class Options, class Field>
void for_each_network_option(Options& o, const Field& field) {
  field("dimensions", o.dimensions);
  field("tower", o.tower);
  field("biases", o.biases);
  if constexpr (requires { o.loss; }) field("loss", o.loss);
  field("negatives", o.negatives);
  field("clip", o.clip);
  field("training", o.training);
}

}  // namespace kindred::detail
