#pragma once

#include <kindred/core/option_fields.hpp>
#include <kindred/nn/clipping.hpp>
#include <kindred/nn/schedule.hpp>
#include <kindred/nn/tower.hpp>
#include <kindred/nn/training_options.hpp>

#include <concepts>
#include <string_view>

/// The options of networks, field by field (core/option_fields.hpp).
namespace kindred::nn {

template <maybe_const<tower_options> Options, class Field>
void for_each_option(Options& o, const Field& field) {
  field("hidden", o.hidden);
  field("function", o.function);
  field("normalize", o.normalize);
  field("dropout", o.dropout);
}

template <maybe_const<schedule> Options, class Field>
void for_each_option(Options& o, const Field& field) {
  field("decay", o.decay);
  field("warmup_steps", o.warmup_steps);
}

template <maybe_const<gradient_clipping> Options, class Field>
void for_each_option(Options& o, const Field& field) {
  field("max_norm", o.max_norm);
  field("max_value", o.max_value);
}

template <maybe_const<training_options> Options, class Field>
void for_each_option(Options& o, const Field& field) {
  field("epochs", o.epochs);
  field("batch_size", o.batch_size);
  field("optimizer", o.optimizer);
  field("schedule", o.schedule);
  field("clipping", o.clipping);
  field("l1", o.l1);
  field("l2", o.l2);
  field("embedding_l2", o.embedding_l2);
  field("hidden_ids", o.hidden_ids);
  field("seed", o.seed);
  field("keep_state", o.keep_state);
}

/// What a variant of options holds: an optimizer, a loss, a decay.
template <class T>
concept named_options = requires {
  { &T::name } -> std::same_as<const std::string_view*>;
};

template <named_options Options, class Field>
void for_each_option([[maybe_unused]] Options& o, [[maybe_unused]] const Field& field) {
  if constexpr (requires { o.learning_rate; }) field("learning_rate", o.learning_rate);
  if constexpr (requires { o.beta; }) field("beta", o.beta);
  if constexpr (requires { o.beta1; }) field("beta1", o.beta1);
  if constexpr (requires { o.beta2; }) field("beta2", o.beta2);
  if constexpr (requires { o.initial_square; }) field("initial_square", o.initial_square);
  if constexpr (requires { o.epsilon; }) field("epsilon", o.epsilon);
  if constexpr (requires { o.weight_decay; }) field("weight_decay", o.weight_decay);
  if constexpr (requires { o.l1; }) field("l1", o.l1);
  if constexpr (requires { o.l2; }) field("l2", o.l2);
  if constexpr (requires { o.delta; }) field("delta", o.delta);
  if constexpr (requires { o.negatives; }) field("negatives", o.negatives);
  if constexpr (requires { o.trials; }) field("trials", o.trials);
  if constexpr (requires { o.popularity_power; }) field("popularity_power", o.popularity_power);
  if constexpr (requires { o.temperature; }) field("temperature", o.temperature);
  if constexpr (requires { o.log_q; }) field("log_q", o.log_q);
  if constexpr (requires { o.factor; }) field("factor", o.factor);
  if constexpr (requires { o.epochs; }) field("epochs", o.epochs);
  if constexpr (requires { o.floor; }) field("floor", o.floor);
}

}  // namespace kindred::nn
