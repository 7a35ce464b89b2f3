#pragma once

#include <kindred/nn/layer.hpp>
#include <kindred/nn/matrix.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string_view>

namespace kindred::nn {

/// Brings each sample to length 1, so that inner products become cosines: y = x / |x|, with |x|^2
/// raised by 1e-12, so that zeros stay zeros.
class unit_length final : public layer {
 public:
  explicit unit_length(std::size_t columns) : layer(columns, columns) {}

  [[nodiscard]] std::size_t state_size(std::size_t rows,
                                       bool /*training*/) const noexcept override {
    return padded(rows);
  }

  [[nodiscard]] std::string_view name() const noexcept override { return "unit_length"; }

  void forward(const pass& /*pass*/, const_matrix in, matrix out,
               float* state) const noexcept override {
    for (std::size_t r = 0; r < in.rows; ++r) {
      float squares = 1e-12F;
      for (const float x : in.row(r)) squares += x * x;
      state[r] = 1 / std::sqrt(squares);
      const float* const from = in.data + r * in.stride;
      float* const to = out.data + r * out.stride;
      for (std::size_t c = 0; c < inputs(); ++c) to[c] = from[c] * state[r];
      std::fill(to + inputs(), to + padded(inputs()), 0.0F);
    }
  }

  void backward(const pass& /*pass*/, const_matrix /*in*/, const_matrix out, matrix d_out,
                matrix d_in, float* state) const noexcept override {
    for (std::size_t r = 0; r < d_in.rows; ++r) {
      const auto y = out.row(r);
      const auto d = d_out.row(r);
      float along = 0;
      for (std::size_t c = 0; c < y.size(); ++c) along += d[c] * y[c];
      float* const to = d_in.data + r * d_in.stride;
      for (std::size_t c = 0; c < y.size(); ++c) to[c] = state[r] * (d[c] - along * y[c]);
      std::fill(to + inputs(), to + padded(inputs()), 0.0F);
    }
  }
};

}  // namespace kindred::nn
