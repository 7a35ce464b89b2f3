#pragma once

#include <kindred/core/error.hpp>
#include <kindred/kernel/thinning.hpp>
#include <kindred/nn/layer.hpp>
#include <kindred/nn/matrix.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

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

  [[nodiscard]] std::string_view name() const noexcept override { return "dropout"; }

  void plan(network_plan& to, const plan_view& in, const plan_view& out) const override {
    to.steps.emplace_back(dropout_plan{.in = in, .out = out, .rate = rate_, .stream = stream_});
  }

 private:
  void apply(const pass& pass, const_matrix from, matrix to) const noexcept {
    if (!pass.training || rate_ == 0) return copy(from, to);
    const kernel::thinning thin{pass.seed, stream_, rate_};
    const std::size_t width = padded(from.columns);
    for (std::size_t r = 0; r < from.rows; ++r)
      for (std::size_t c = 0; c < width; c += thin.at_once)
        thin(pass.first_sample + r, width, c / thin.at_once, from.data + r * from.stride + c,
             to.data + r * to.stride + c);
  }

  float rate_;
  std::uint64_t stream_;
};

}  // namespace kindred::nn
