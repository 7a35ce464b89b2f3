#pragma once

#include <kindred/kernel/dot.hpp>
#include <kindred/nn/layer.hpp>
#include <kindred/nn/matrix.hpp>
#include <kindred/nn/parameters.hpp>

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace kindred::nn {

namespace detail {

/// Writes the only number of a row, and zeros behind it.
inline void set_only(matrix out, std::size_t row, float value) noexcept {
  float* const to = out.data + row * out.stride;
  std::fill(to, to + padded(1), 0.0F);
  to[0] = value;
}

}  // namespace detail

/// The sum of the inner products of all pairs of fields, whose vectors lie side by side in the
/// input (Rendle, "Factorization machines", ICDM 2010, eq. 1 and lemma 3.1; by field as in DeepFM,
/// Guo et al., IJCAI 2017). One output; O(inputs).
class pairwise_products final : public layer {
 public:
  pairwise_products(std::size_t fields, std::size_t dimensions)
      : layer(fields * dimensions, 1), fields_(fields), dimensions_(dimensions) {}

  [[nodiscard]] std::size_t state_size(std::size_t rows,
                                       bool /*training*/) const noexcept override {
    return rows * padded(dimensions_);
  }

  [[nodiscard]] std::string_view name() const noexcept override { return "pairwise_products"; }

  void plan(network_plan& to, const plan_view& in, const plan_view& out) const override {
    to.steps.emplace_back(pairs_plan{.in = in, .out = out, .fields = fields_});
  }

  void forward(const pass& /*pass*/, const_matrix in, matrix out,
               float* state) const noexcept override {
    for (std::size_t r = 0; r < in.rows; ++r) {
      const float* const x = in.row(r).data();
      float* const sums = state + r * padded(dimensions_);
      std::fill(sums, sums + dimensions_, 0.0F);
      float squares = 0;
      for (std::size_t f = 0; f < fields_; ++f)
        for (std::size_t d = 0; d < dimensions_; ++d) {
          const float v = x[f * dimensions_ + d];
          sums[d] += v;
          squares += v * v;
        }
      float total = 0;
      for (std::size_t d = 0; d < dimensions_; ++d) total += sums[d] * sums[d];
      detail::set_only(out, r, (total - squares) / 2);
    }
  }

  void backward(const pass& /*pass*/, const_matrix in, const_matrix /*out*/, matrix d_out,
                matrix d_in, float* state) const noexcept override {
    for (std::size_t r = 0; r < in.rows; ++r) {
      const float* const x = in.row(r).data();
      const float* const sums = state + r * padded(dimensions_);
      const float d = d_out.row(r)[0];
      float* const to = d_in.data + r * d_in.stride;
      for (std::size_t f = 0; f < fields_; ++f)
        for (std::size_t k = 0; k < dimensions_; ++k)
          to[f * dimensions_ + k] = d * (sums[k] - x[f * dimensions_ + k]);
      std::fill(to + inputs(), to + padded(inputs()), 0.0F);
    }
  }

 private:
  std::size_t fields_;
  std::size_t dimensions_;
};

/// The sum of the input and a bias: what linear terms come to. One output.
class total final : public layer {
 public:
  total(parameter_layout& layout, std::size_t inputs)
      : layer(inputs, 1), bias_(layout.add("bias", 1, 1, {}, parameter_role::bias)) {}

  void forward(const pass& pass, const_matrix in, matrix out,
               float* /*state*/) const noexcept override {
    for (std::size_t r = 0; r < in.rows; ++r) {
      float sum = *bias_.in(pass.parameters).data;
      for (const float x : in.row(r)) sum += x;
      detail::set_only(out, r, sum);
    }
  }

  void backward(const pass& pass, const_matrix /*in*/, const_matrix /*out*/, matrix d_out,
                matrix d_in, float* /*state*/) const noexcept override {
    for (std::size_t r = 0; r < d_in.rows; ++r) {
      const float d = d_out.row(r)[0];
      *bias_.in(pass.gradients).data += d;
      float* const to = d_in.data + r * d_in.stride;
      std::fill(to, to + inputs(), d);
      std::fill(to + inputs(), to + padded(inputs()), 0.0F);
    }
  }

  [[nodiscard]] std::string_view name() const noexcept override { return "total"; }

  void plan(network_plan& to, const plan_view& in, const plan_view& out) const override {
    to.steps.emplace_back(total_plan{.in = in, .out = out, .bias = bias_.offset});
  }

 private:
  parameter_block bias_;
};

/// The products, element by element, of the first half of the input with the second: generalised
/// matrix factorization (He et al., "Neural collaborative filtering", WWW 2017, eq. 9).
class halves_product final : public layer {
 public:
  explicit halves_product(std::size_t dimensions) : layer(2 * dimensions, dimensions) {}

  [[nodiscard]] std::string_view name() const noexcept override { return "halves_product"; }

  void plan(network_plan& to, const plan_view& in, const plan_view& out) const override {
    to.steps.emplace_back(halves_plan{.in = in, .out = out});
  }

  void forward(const pass& /*pass*/, const_matrix in, matrix out,
               float* /*state*/) const noexcept override {
    for (std::size_t r = 0; r < in.rows; ++r) {
      const float* const x = in.row(r).data();
      float* const to = out.data + r * out.stride;
      for (std::size_t d = 0; d < outputs(); ++d) to[d] = x[d] * x[outputs() + d];
      std::fill(to + outputs(), to + padded(outputs()), 0.0F);
    }
  }

  void backward(const pass& /*pass*/, const_matrix in, const_matrix /*out*/, matrix d_out,
                matrix d_in, float* /*state*/) const noexcept override {
    for (std::size_t r = 0; r < in.rows; ++r) {
      const float* const x = in.row(r).data();
      const auto d = d_out.row(r);
      float* const to = d_in.data + r * d_in.stride;
      for (std::size_t k = 0; k < d.size(); ++k) {
        to[k] = d[k] * x[outputs() + k];
        to[outputs() + k] = d[k] * x[k];
      }
      std::fill(to + inputs(), to + padded(inputs()), 0.0F);
    }
  }
};

/// The inner product of the first half of the input with the second. One output.
class inner_product final : public layer {
 public:
  explicit inner_product(std::size_t dimensions) : layer(2 * dimensions, 1) {}

  [[nodiscard]] std::string_view name() const noexcept override { return "inner_product"; }

  void forward(const pass& /*pass*/, const_matrix in, matrix out,
               float* /*state*/) const noexcept override {
    const std::size_t half = inputs() / 2;
    for (std::size_t r = 0; r < in.rows; ++r) {
      const float* const x = in.row(r).data();
      detail::set_only(out, r, kernel::dot(x, x + half, half));
    }
  }

  void backward(const pass& /*pass*/, const_matrix in, const_matrix /*out*/, matrix d_out,
                matrix d_in, float* /*state*/) const noexcept override {
    const std::size_t half = inputs() / 2;
    for (std::size_t r = 0; r < in.rows; ++r) {
      const float* const x = in.row(r).data();
      const float d = d_out.row(r)[0];
      float* const to = d_in.data + r * d_in.stride;
      for (std::size_t k = 0; k < half; ++k) {
        to[k] = d * x[half + k];
        to[half + k] = d * x[k];
      }
      std::fill(to + inputs(), to + padded(inputs()), 0.0F);
    }
  }
};

}  // namespace kindred::nn
