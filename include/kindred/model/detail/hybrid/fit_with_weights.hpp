#pragma once

#include <kindred/data/dataset.hpp>
#include <kindred/data/split.hpp>
#include <kindred/model/blend_options.hpp>
#include <kindred/train/fit_options.hpp>

namespace kindred::detail {

/// Fits `models` and, by `learn(train, validation)`, what weighs them: on `fit.validation` if there
/// is one, else on a held-out share of `train`, after which the models are fitted on the whole.
template <class Parts, class Learn>
void fit_with_weights(Parts& models, const dataset& train, const fit_options& fit,
                      const blend_options& options, const Learn& learn) {
  if (fit.validation) {
    models.fit(train, fit);
    return learn(train, *fit.validation);
  }
  const split held = split_random(train, {options.held_out, options.seed});
  models.fit(held.train, fit);
  learn(held.train, held.test);
  models.fit(train, fit);
}

}  // namespace kindred::detail
