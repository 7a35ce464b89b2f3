#pragma once

#include <kindred/model/svdpp_options.hpp>

#include <cstdint>

namespace kindred::detail {

template <class Writer>
void write_options(Writer& out, const svdpp_options& options) {
  out.set("factors", options.factors);
  out.set("epochs", options.epochs);
  out.set("learning_rate", options.learning_rate);
  out.set("learning_rate_decay", options.learning_rate_decay);
  out.set("bias_regularization", options.bias_regularization);
  out.set("factor_regularization", options.factor_regularization);
  out.set("implicit_regularization", options.implicit_regularization);
  out.set("batch", options.batch);
  out.set("clip", options.clip);
  out.set("init_scale", options.init_scale);
  out.set("seed", options.seed);
}

template <class Reader>
[[nodiscard]] svdpp_options read_svdpp_options(const Reader& in) {
  return {.factors = in.template get<int>("factors"),
          .epochs = in.template get<int>("epochs"),
          .learning_rate = in.template get<double>("learning_rate"),
          .learning_rate_decay = in.template get<double>("learning_rate_decay"),
          .bias_regularization = in.template get<double>("bias_regularization"),
          .factor_regularization = in.template get<double>("factor_regularization"),
          .implicit_regularization = in.template get<double>("implicit_regularization"),
          .batch = in.template get<int>("batch"),
          .clip = in.template get<bool>("clip"),
          .init_scale = in.template get<double>("init_scale"),
          .seed = in.template get<std::uint64_t>("seed")};
}

}  // namespace kindred::detail
