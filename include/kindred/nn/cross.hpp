#pragma once

#include <kindred/core/error.hpp>
#include <kindred/nn/dense.hpp>
#include <kindred/nn/layer.hpp>
#include <kindred/nn/matrix.hpp>
#include <kindred/nn/parameters.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace kindred::nn {

/// Explicit feature crosses, x_{k+1} = x_0 * (x_k W_k + b_k) + x_k, with * element by element (Wang
/// et al., "DCN V2", WWW 2021, eq. 1): `depth` of them cross up to depth + 1 columns.
class cross final : public layer {
 public:
  /// Throws option_error unless depth >= 1.
  cross(parameter_layout& layout, std::size_t columns, std::size_t depth)
      : layer(columns, columns) {
    require_option(depth >= 1, "cross_layers", depth, "at least 1");
    for (std::size_t k = 0; k < depth; ++k)
      maps_.push_back(layout.within(std::to_string(k), [&] {
        return std::make_unique<const dense>(layout, columns, dense_options{.outputs = columns});
      }));
  }

  [[nodiscard]] std::size_t state_size(std::size_t rows, bool training) const noexcept override {
    const std::size_t matrices = training ? 2 * maps_.size() + 2 : 2 * maps_.size();
    return matrices * rows * padded(inputs()) + maps_.front()->state_size(rows, training);
  }

  void derive(const float* parameters, float* derived) const noexcept override {
    for (const auto& map : maps_) map->derive(parameters, derived);
  }

  [[nodiscard]] std::string_view name() const noexcept override { return "cross"; }

  void forward(const pass& pass, const_matrix in, matrix out,
               float* state) const noexcept override {
    const std::size_t count = maps_.size();
    for (std::size_t k = 0; k < count; ++k) {
      const const_matrix x = k == 0 ? in : const_matrix(at(in.rows, k - 1, state));
      const matrix z = at(in.rows, count + k, state);
      maps_[k]->forward(pass, x, z, scratch(in.rows, pass.training, state));
      const matrix next = k + 1 < count ? at(in.rows, k, state) : out;
      for (std::size_t r = 0; r < in.rows; ++r)
        for (std::size_t c = 0; c < padded(inputs()); ++c)
          next.data[r * next.stride + c] =
              in.data[r * in.stride + c] * z.data[r * z.stride + c] + x.data[r * x.stride + c];
    }
  }

  void backward(const pass& pass, const_matrix in, const_matrix /*out*/, matrix d_out, matrix d_in,
                float* state) const noexcept override {
    const std::size_t count = maps_.size();
    const std::size_t width = padded(inputs());
    const matrix d_z = at(in.rows, 2 * count, state);
    const matrix d_x = at(in.rows, 2 * count + 1, state);
    clear(d_in);
    for (std::size_t k = count; k-- > 0;) {
      const const_matrix z = at(in.rows, count + k, state);
      for (std::size_t r = 0; r < in.rows; ++r)
        for (std::size_t c = 0; c < width; ++c) {
          const float d = d_out.data[r * d_out.stride + c];
          d_in.data[r * d_in.stride + c] += d * z.data[r * width + c];
          d_z.data[r * width + c] = d * in.data[r * in.stride + c];
        }
      const const_matrix x = k == 0 ? in : const_matrix(at(in.rows, k - 1, state));
      maps_[k]->backward(pass, x, z, d_z, d_x, scratch(in.rows, true, state));
      add(d_x, d_out);
    }
    add(d_out, d_in);
  }

 private:
  /// x_1 .. x_{depth - 1} and a spare one, the products, and what backward() needs.
  [[nodiscard]] matrix at(std::size_t rows, std::size_t n, float* state) const noexcept {
    return {state + n * rows * padded(inputs()), rows, inputs(), padded(inputs())};
  }
  [[nodiscard]] float* scratch(std::size_t rows, bool training, float* state) const noexcept {
    return state + (training ? 2 * maps_.size() + 2 : 2 * maps_.size()) * rows * padded(inputs());
  }

  std::vector<std::unique_ptr<const dense>> maps_;
};

}  // namespace kindred::nn
