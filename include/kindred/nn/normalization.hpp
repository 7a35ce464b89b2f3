#pragma once

#include <kindred/nn/layer.hpp>
#include <kindred/nn/matrix.hpp>
#include <kindred/nn/parameters.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string_view>

namespace kindred::nn {

namespace detail {

inline constexpr float variance_floor = 1e-5F;

/// out = scale x + shift by column, from the normalised x.
inline void scale_and_shift(const_matrix x, const float* scale, const float* shift,
                            matrix out) noexcept {
  for (std::size_t r = 0; r < x.rows; ++r) {
    const float* from = x.data + r * x.stride;
    float* to = out.data + r * out.stride;
    for (std::size_t c = 0; c < padded(x.columns); ++c) to[c] = scale[c] * from[c] + shift[c];
  }
}

/// Adds the gradients by scale and shift, and makes d_out that by the normalised x.
inline void through_scale(const_matrix x, const float* scale, matrix d_out, float* d_scale,
                          float* d_shift) noexcept {
  for (std::size_t r = 0; r < x.rows; ++r) {
    const float* from = x.data + r * x.stride;
    float* d = d_out.data + r * d_out.stride;
    for (std::size_t c = 0; c < x.columns; ++c) {
      d_scale[c] += d[c] * from[c];
      d_shift[c] += d[c];
      d[c] *= scale[c];
    }
  }
}

}  // namespace detail

/// Brings each sample to mean 0 and variance 1 over its columns, then scales and shifts by column
/// (Ba, Kiros, Hinton, "Layer normalization", 2016).
class layer_norm final : public layer {
 public:
  layer_norm(parameter_layout& layout, std::size_t columns)
      : layer(columns, columns),
        scale_(layout.add("scale", 1, columns, {1, 0}, parameter_role::bias)),
        shift_(layout.add("shift", 1, columns, {}, parameter_role::bias)) {}

  [[nodiscard]] std::size_t state_size(std::size_t rows,
                                       bool /*training*/) const noexcept override {
    return rows * padded(inputs()) + padded(rows);
  }

  [[nodiscard]] std::string_view name() const noexcept override { return "layer_norm"; }

  void forward(const pass& pass, const_matrix in, matrix out,
               float* state) const noexcept override {
    const matrix normal = normalised(in.rows, state);
    float* const inverse = state + in.rows * normal.stride;
    const auto count = static_cast<float>(in.columns);
    for (std::size_t r = 0; r < in.rows; ++r) {
      const auto x = in.row(r);
      float sum = 0;
      for (const float v : x) sum += v;
      const float mean = sum / count;
      float squares = 0;
      for (const float v : x) squares += (v - mean) * (v - mean);
      inverse[r] = 1 / std::sqrt(squares / count + detail::variance_floor);
      float* to = normal.data + r * normal.stride;
      for (std::size_t c = 0; c < x.size(); ++c) to[c] = (x[c] - mean) * inverse[r];
      std::fill(to + x.size(), to + normal.stride, 0.0F);
    }
    detail::scale_and_shift(normal, scale_.in(pass.parameters).data,
                            shift_.in(pass.parameters).data, out);
  }

  void backward(const pass& pass, const_matrix in, const_matrix /*out*/, matrix d_out, matrix d_in,
                float* state) const noexcept override {
    const matrix normal = normalised(in.rows, state);
    const float* const inverse = state + in.rows * normal.stride;
    detail::through_scale(normal, scale_.in(pass.parameters).data, d_out,
                          scale_.in(pass.gradients).data, shift_.in(pass.gradients).data);
    const auto count = static_cast<float>(in.columns);
    for (std::size_t r = 0; r < in.rows; ++r) {
      const auto d = d_out.row(r);
      const auto x = normal.row(r);
      float sum = 0;
      float along = 0;
      for (std::size_t c = 0; c < d.size(); ++c) {
        sum += d[c];
        along += d[c] * x[c];
      }
      float* to = d_in.data + r * d_in.stride;
      for (std::size_t c = 0; c < d.size(); ++c)
        to[c] = inverse[r] * (d[c] - (sum + x[c] * along) / count);
      std::fill(to + d.size(), to + padded(d.size()), 0.0F);
    }
  }

 private:
  [[nodiscard]] matrix normalised(std::size_t rows, float* state) const noexcept {
    return {state, rows, inputs(), padded(inputs())};
  }

  parameter_block scale_;
  parameter_block shift_;
};

/// Brings each column to mean 0 and variance 1 over the samples, then scales and shifts it (Ioffe,
/// Szegedy, "Batch normalization", ICML 2015). The statistics are those of a shard of the batch
/// (Hoffer, Hubara, Soudry, "Train longer, generalize better", NIPS 2017, section 4), so shards
/// need not wait for each other; outside training, their moving averages.
class batch_norm final : public layer {
 public:
  batch_norm(parameter_layout& layout, std::size_t columns)
      : layer(columns, columns),
        scale_(layout.add("scale", 1, columns, {1, 0}, parameter_role::bias)),
        shift_(layout.add("shift", 1, columns, {}, parameter_role::bias)),
        mean_(layout.add("mean", 1, columns, {}, parameter_role::average)),
        variance_(layout.add("variance", 1, columns, {1, 0}, parameter_role::average)) {}

  [[nodiscard]] std::size_t state_size(std::size_t rows,
                                       bool /*training*/) const noexcept override {
    return (rows + 4) * padded(inputs());
  }

  [[nodiscard]] std::string_view name() const noexcept override { return "batch_norm"; }

  void forward(const pass& pass, const_matrix in, matrix out,
               float* state) const noexcept override {
    const std::size_t width = padded(inputs());
    const matrix normal{state, in.rows, inputs(), width};
    float* const mean = state + in.rows * width;
    float* const inverse = mean + width;
    if (pass.training) {
      take_statistics(in, mean, inverse);
    } else {
      std::copy_n(mean_.in(pass.parameters).data, width, mean);
      std::copy_n(variance_.in(pass.parameters).data, width, inverse);
    }
    for (std::size_t c = 0; c < width; ++c)
      inverse[c] = c < inputs() ? 1 / std::sqrt(inverse[c] + detail::variance_floor) : 0.0F;
    for (std::size_t r = 0; r < in.rows; ++r)
      for (std::size_t c = 0; c < width; ++c)
        normal.data[r * width + c] = (in.data[r * in.stride + c] - mean[c]) * inverse[c];
    detail::scale_and_shift(normal, scale_.in(pass.parameters).data,
                            shift_.in(pass.parameters).data, out);
  }

  void backward(const pass& pass, const_matrix in, const_matrix /*out*/, matrix d_out, matrix d_in,
                float* state) const noexcept override {
    const std::size_t width = padded(inputs());
    const matrix normal{state, in.rows, inputs(), width};
    const float* const mean = state + in.rows * width;
    const float* const inverse = mean + width;
    float* const sum = state + (in.rows + 2) * width;
    float* const along = sum + width;
    note_statistics(pass, mean, inverse);
    detail::through_scale(normal, scale_.in(pass.parameters).data, d_out,
                          scale_.in(pass.gradients).data, shift_.in(pass.gradients).data);
    std::fill(sum, along + width, 0.0F);
    for (std::size_t r = 0; r < in.rows; ++r)
      for (std::size_t c = 0; c < width; ++c) {
        const float d = d_out.data[r * d_out.stride + c];
        sum[c] += d;
        along[c] += d * normal.data[r * width + c];
      }
    const float per_row = 1 / static_cast<float>(in.rows);
    for (std::size_t r = 0; r < in.rows; ++r)
      for (std::size_t c = 0; c < width; ++c)
        d_in.data[r * d_in.stride + c] =
            inverse[c] * (d_out.data[r * d_out.stride + c] -
                          (sum[c] + normal.data[r * width + c] * along[c]) * per_row);
  }

 private:
  static void take_statistics(const_matrix in, float* mean, float* variance) noexcept {
    const std::size_t width = padded(in.columns);
    const float per_row = 1 / static_cast<float>(in.rows);
    std::fill(mean, mean + width, 0.0F);
    std::fill(variance, variance + width, 0.0F);
    for (std::size_t r = 0; r < in.rows; ++r)
      for (std::size_t c = 0; c < width; ++c) mean[c] += in.data[r * in.stride + c] * per_row;
    for (std::size_t r = 0; r < in.rows; ++r)
      for (std::size_t c = 0; c < width; ++c) {
        const float x = in.data[r * in.stride + c] - mean[c];
        variance[c] += x * x * per_row;
      }
  }

  void note_statistics(const pass& pass, const float* mean, const float* inverse) const noexcept {
    const auto means = mean_.in(pass.gradients).row(0);
    const auto variances = variance_.in(pass.gradients).row(0);
    for (std::size_t c = 0; c < inputs(); ++c) {
      means[c] += pass.share * mean[c];
      variances[c] += pass.share * (1 / (inverse[c] * inverse[c]) - detail::variance_floor);
    }
  }

  parameter_block scale_;
  parameter_block shift_;
  parameter_block mean_;
  parameter_block variance_;
};

}  // namespace kindred::nn
