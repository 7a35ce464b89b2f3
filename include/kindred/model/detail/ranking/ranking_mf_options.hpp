#pragma once

#include <kindred/backend/rating_tiles.hpp>
#include <kindred/core/error.hpp>
#include <kindred/kernel/ranking_sgd.hpp>
#include <kindred/model/detail/ranking/ranking_setup.hpp>
#include <kindred/model/interaction_value.hpp>
#include <kindred/train/learning_rate.hpp>

#include <concepts>
#include <cstddef>

namespace kindred::detail {

/// Options of bpr, warp or logistic_mf.
template <class Options>
concept ranking_mf_options = requires {
  { Options::loss } -> std::convertible_to<kernel::pair_loss>;
};

}  // namespace kindred::detail

namespace kindred {

/// As core/option_fields.hpp says; those that only some have, too.
template <detail::ranking_mf_options Options, class Field>
void for_each_option(Options& o, const Field& field) {
  field("factors", o.factors);
  field("epochs", o.epochs);
  if constexpr (requires { o.negatives; }) field("negatives", o.negatives);
  if constexpr (requires { o.trials; }) field("trials", o.trials);
  field("popularity_power", o.popularity_power);
  if constexpr (requires { o.alpha; }) field("alpha", o.alpha);
  field("values", o.values);
  field("schedule", o.schedule);
  field("learning_rate", o.learning_rate);
  field("learning_rate_decay", o.learning_rate_decay);
  field("regularization", o.regularization);
  field("bias_regularization", o.bias_regularization);
  field("biases", o.biases);
  field("init_scale", o.init_scale);
  field("seed", o.seed);
  field("blocks", o.blocks);
}

}  // namespace kindred

namespace kindred::detail {

/// Throws option_error for the first option outside its range.
template <class Options>
void check_ranking_mf_options(const Options& o) {
  constexpr double most = 1e6;
  require_option(o.factors >= 1 && o.factors <= 4096, "factors", o.factors, "[1, 4096]");
  require_option(o.epochs >= 1, "epochs", o.epochs, "[1, 2147483647]");
  if constexpr (requires { o.negatives; })
    require_option(o.negatives >= 1 && o.negatives <= 1024, "negatives", o.negatives, "[1, 1024]");
  if constexpr (requires { o.trials; })
    require_option(o.trials >= 1 && o.trials <= 65536, "trials", o.trials, "[1, 65536]");
  require_option(o.popularity_power >= 0 && o.popularity_power <= 2, "popularity_power",
                 o.popularity_power, "[0, 2]");
  if constexpr (requires { o.alpha; })
    require_option(o.alpha > 0 && o.alpha < most, "alpha", o.alpha, "(0, 1e6)");
  check_option(o.values);
  const auto schedule = static_cast<int>(o.schedule);
  constexpr auto last_schedule = static_cast<int>(learning_rate_schedule::adagrad);
  require_option(schedule >= 0 && schedule <= last_schedule, "schedule", schedule,
                 "{constant, inverse_time, adagrad}");
  require_option(o.learning_rate > 0 && o.learning_rate < most, "learning_rate", o.learning_rate,
                 "(0, 1e6)");
  require_option(o.learning_rate_decay >= 0 && o.learning_rate_decay < most, "learning_rate_decay",
                 o.learning_rate_decay, "[0, 1e6)");
  require_option(o.regularization >= 0 && o.regularization < most, "regularization",
                 o.regularization, "[0, 1e6)");
  require_option(o.bias_regularization >= 0 && o.bias_regularization < most, "bias_regularization",
                 o.bias_regularization, "[0, 1e6)");
  require_option(o.init_scale > 0 && o.init_scale < 1e3, "init_scale", o.init_scale, "(0, 1e3)");
  constexpr int most_blocks = static_cast<int>(rating_tiles::max_blocks);
  require_option(o.blocks >= 0 && o.blocks <= most_blocks && o.blocks % 2 == 0, "blocks", o.blocks,
                 "{0, 2, 4, ..., 1024}");
}

template <class Options>
[[nodiscard]] ranking_setup setup_of(const Options& o) {
  ranking_setup setup{.loss = Options::loss,
                      .factors = static_cast<std::size_t>(o.factors),
                      .popularity_power = o.popularity_power,
                      .values = o.values,
                      .schedule = o.schedule,
                      .learning_rate = o.learning_rate,
                      .learning_rate_decay = o.learning_rate_decay,
                      .regularization = o.regularization,
                      .bias_regularization = o.bias_regularization,
                      .biases = o.biases,
                      .init_scale = o.init_scale,
                      .seed = o.seed};
  if constexpr (requires { o.negatives; }) setup.negatives = static_cast<std::size_t>(o.negatives);
  if constexpr (requires { o.trials; }) setup.trials = static_cast<std::size_t>(o.trials);
  if constexpr (requires { o.alpha; }) setup.alpha = o.alpha;
  return setup;
}

}  // namespace kindred::detail
