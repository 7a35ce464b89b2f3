#pragma once

#include <kindred/kernel/axpy.hpp>
#include <kindred/nn/activation.hpp>
#include <kindred/nn/layer.hpp>
#include <kindred/nn/matrix.hpp>
#include <kindred/nn/parameters.hpp>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

namespace kindred::nn {

/// An activation as a layer of its own.
class activated final : public layer {
 public:
  activated(std::size_t columns, activation function)
      : layer(columns, columns), function_(function) {}

  void forward(const pass& /*pass*/, const_matrix in, matrix out,
               float* /*state*/) const noexcept override {
    copy(in, out);
    activate(function_, out);
  }
  void backward(const pass& /*pass*/, const_matrix in, const_matrix out, matrix d_out, matrix d_in,
                float* /*state*/) const noexcept override {
    multiply_by_derivative(function_, needs_input(function_) ? in : out, d_out);
    copy(d_out, d_in);
  }

  [[nodiscard]] std::string_view name() const noexcept override { return "activated"; }

 private:
  activation function_;
};

/// How a dense layer is built.
struct dense_options {
  std::size_t outputs = 1;
  activation function = activation::linear;
  bool bias = true;
};

/// y = f(x W + b), with W of inputs x outputs. The weights begin He uniform before a rectifier,
/// else Glorot uniform; the biases at zero.
class dense final : public layer {
 public:
  dense(parameter_layout& layout, std::size_t inputs, const dense_options& options)
      : layer(inputs, options.outputs),
        function_(options.function),
        weights_(layout.add("weights", inputs, options.outputs, initial_weights(inputs, options))),
        has_bias_(options.bias) {
    if (has_bias_) bias_ = layout.add("bias", 1, options.outputs, {}, parameter_role::bias);
    turned_ = layout.add_derived(outputs() * padded(inputs));
  }

  [[nodiscard]] std::size_t state_size(std::size_t rows, bool training) const noexcept override {
    return training && needs_input(function_) ? rows * padded(outputs()) : 0;
  }

  void derive(const float* parameters, float* derived) const noexcept override {
    transpose(weights_.in(parameters), turned(derived));
  }

  void forward(const pass& pass, const_matrix in, matrix out,
               float* state) const noexcept override {
    if (has_bias_) {
      const float* bias = bias_.in(pass.parameters).data;
      for (std::size_t r = 0; r < out.rows; ++r)
        std::copy_n(bias, padded(outputs()), out.data + r * out.stride);
    }
    multiply(in, weights_.in(pass.parameters), out, has_bias_);
    if (pass.training && needs_input(function_)) copy(out, sums(out.rows, state));
    activate(function_, out);
  }

  void backward(const pass& pass, const_matrix in, const_matrix out, matrix d_out, matrix d_in,
                float* state) const noexcept override {
    multiply_by_derivative(
        function_, needs_input(function_) ? const_matrix(sums(out.rows, state)) : out, d_out);
    multiply_transposed(in, d_out, weights_.in(pass.gradients));
    if (has_bias_)
      for (std::size_t r = 0; r < d_out.rows; ++r)
        kernel::axpy(1.0F, d_out.row(r).data(), d_out.columns, bias_.in(pass.gradients).data);
    multiply(d_out, turned(pass.derived), d_in);
  }

  [[nodiscard]] std::string_view name() const noexcept override { return "dense"; }

  void plan(network_plan& to, const plan_view& in, const plan_view& out) const override {
    const std::size_t stride = padded(outputs());
    to.steps.emplace_back(
        dense_plan{.in = in,
                   .sums = needs_input(function_) ? to.add_matrix(outputs(), stride) : out,
                   .out = out,
                   .weights = weights_.offset,
                   .stride = stride,
                   .has_bias = has_bias_,
                   .bias = bias_.offset,
                   .function = function_});
  }

 private:
  [[nodiscard]] static initial_values initial_weights(std::size_t inputs,
                                                      const dense_options& options) {
    const bool rectifier = options.function == activation::relu ||
                           options.function == activation::leaky_relu ||
                           options.function == activation::gelu;
    return rectifier ? he_uniform(inputs) : glorot_uniform(inputs, options.outputs);
  }

  /// What the function was applied to.
  [[nodiscard]] matrix sums(std::size_t rows, float* state) const noexcept {
    return {state, rows, outputs(), padded(outputs())};
  }
  /// The weights transposed, so that both directions read matrices row by row.
  template <class Float>
  [[nodiscard]] matrix_view<Float> turned(Float* derived) const noexcept {
    return {derived + turned_, outputs(), inputs(), padded(inputs())};
  }

  activation function_;
  parameter_block weights_;
  parameter_block bias_;
  bool has_bias_;
  std::size_t turned_ = 0;
};

}  // namespace kindred::nn
