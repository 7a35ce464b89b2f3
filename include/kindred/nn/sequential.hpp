#pragma once

#include <kindred/core/error.hpp>
#include <kindred/nn/layer.hpp>
#include <kindred/nn/matrix.hpp>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

namespace kindred::nn {

/// Layers one after another, each fed by the one before.
class sequential final : public layer {
 public:
  /// Throws option_error if there is none, or if one does not fit the one before it.
  explicit sequential(std::vector<layer_ptr> layers)
      : layer(checked(layers).front()->inputs(), checked(layers).back()->outputs()),
        layers_(std::move(layers)) {
    for (const layer_ptr& each : layers_) widest_ = std::max(widest_, padded(each->outputs()));
  }

  [[nodiscard]] std::size_t state_size(std::size_t rows, bool training) const noexcept override {
    std::size_t size = training ? 2 * rows * widest_ : 0;
    for (const layer_ptr& each : layers_) size += each->state_size(rows, training);
    for (std::size_t k = 0; k + 1 < layers_.size(); ++k)
      size += rows * padded(layers_[k]->outputs());
    return size;
  }

  void derive(const float* parameters, float* derived) const noexcept override {
    for (const layer_ptr& each : layers_) each->derive(parameters, derived);
  }

  void forward(const pass& pass, const_matrix in, matrix out,
               float* state) const noexcept override {
    for (std::size_t k = 0; k < layers_.size(); ++k) {
      float* const own = state;
      state += layers_[k]->state_size(in.rows, pass.training);
      const matrix result =
          k + 1 < layers_.size() ? take(in.rows, layers_[k]->outputs(), state) : out;
      layers_[k]->forward(pass, in, result, own);
      in = result;
    }
  }

  void backward(const pass& pass, const_matrix in, const_matrix out, matrix d_out, matrix d_in,
                float* state) const noexcept override {
    // The notes of the layers lie as forward() laid them; they are walked from the end.
    float* gradients = state + state_size(in.rows, true) - 2 * in.rows * widest_;
    float* spare = gradients + in.rows * widest_;
    float* end = gradients;
    for (std::size_t k = layers_.size(); k-- > 0;) {
      const layer& each = *layers_[k];
      if (k + 1 < layers_.size()) end -= in.rows * padded(each.outputs());
      const const_matrix result =
          k + 1 < layers_.size()
              ? const_matrix{end, in.rows, each.outputs(), padded(each.outputs())}
              : out;
      end -= each.state_size(in.rows, true);
      const_matrix from = in;
      matrix to = d_in;
      if (k > 0) {
        const std::size_t width = padded(each.inputs());
        from = {end - in.rows * width, in.rows, each.inputs(), width};
        to = {gradients, in.rows, each.inputs(), width};
      }
      each.backward(pass, from, result, d_out, to, end);
      d_out = to;
      std::swap(gradients, spare);
    }
  }

  [[nodiscard]] std::string_view name() const noexcept override { return "sequential"; }

  void plan(network_plan& to, const plan_view& in, const plan_view& out) const override {
    plan_view from = in;
    for (std::size_t k = 0; k < layers_.size(); ++k) {
      const std::size_t columns = layers_[k]->outputs();
      const plan_view result =
          k + 1 < layers_.size() ? to.add_matrix(columns, padded(columns)) : out;
      layers_[k]->plan(to, from, result);
      from = result;
    }
  }

 private:
  [[nodiscard]] static const std::vector<layer_ptr>& checked(const std::vector<layer_ptr>& layers) {
    require_option(!layers.empty(), "layers", layers.size(), "at least one");
    for (std::size_t k = 1; k < layers.size(); ++k)
      require_option(layers[k]->inputs() == layers[k - 1]->outputs(), "layers", layers[k]->inputs(),
                     "as many inputs as the layer before has outputs");
    return layers;
  }

  [[nodiscard]] static matrix take(std::size_t rows, std::size_t columns, float*& from) noexcept {
    const matrix taken{from, rows, columns, padded(columns)};
    from += rows * taken.stride;
    return taken;
  }

  std::vector<layer_ptr> layers_;
  std::size_t widest_ = 0;
};

}  // namespace kindred::nn
