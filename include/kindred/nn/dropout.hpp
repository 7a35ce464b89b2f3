#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/random.hpp>
#include <kindred/nn/layer.hpp>
#include <kindred/nn/matrix.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace kindred::nn {

/// In training, sets each number to zero with probability `rate` and divides the others by
/// 1 - rate; else passes them on (Srivastava et al., "Dropout", JMLR 15, 2014). What is dropped
/// depends on the seed, the sample and the column alone.
class dropout final : public layer {
 public:
  /// `stream` tells the dropout layers of a network apart. Throws option_error unless 0 <= rate
  /// < 1.
  dropout(std::size_t columns, float rate, std::uint64_t stream)
      : layer(columns, columns), rate_(rate), stream_(0x64726f70U + (stream << 32)) {
    require_option(rate >= 0 && rate < 1, "dropout", rate, "[0, 1)");
  }

  void forward(const pass& pass, const_matrix in, matrix out,
               float* /*state*/) const noexcept override {
    apply(pass, in, out);
  }
  void backward(const pass& pass, const_matrix /*in*/, const_matrix /*out*/, matrix d_out,
                matrix d_in, float* /*state*/) const noexcept override {
    apply(pass, d_out, d_in);
  }

 private:
  void apply(const pass& pass, const_matrix from, matrix to) const noexcept {
    if (!pass.training || rate_ == 0) return copy(from, to);
    for (std::size_t r = 0; r < from.rows; ++r)
      drop(pass, pass.first_sample + r, from.data + r * from.stride, padded(from.columns),
           to.data + r * to.stride);
  }

  /// Eight numbers share one draw of 128 bits.
  void drop(const pass& pass, std::uint64_t sample, const float* x, std::size_t width,
            float* y) const noexcept {
    const counter_rng random(pass.seed, stream_);
    const auto limit = static_cast<std::uint32_t>(rate_ * 65536.0F);
    const float scale = 1 / (1 - rate_);
    for (std::size_t c = 0; c < width; c += 8) {
      const auto bits = random.block(sample * (width / 8) + c / 8);
      for (std::size_t k = 0; k < 8; ++k) {
        const std::uint32_t draw = bits[k / 2] >> (k % 2 * 16) & 0xFFFFU;
        y[c + k] = draw < limit ? 0.0F : x[c + k] * scale;
      }
    }
  }

  float rate_;
  std::uint64_t stream_;
};

}  // namespace kindred::nn
