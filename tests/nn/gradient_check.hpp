#pragma once

#include <kindred/core/random.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/nn/layer.hpp>
#include <kindred/nn/parameters.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace kindred::test {

/// A matrix with room of its own.
class owned_matrix {
 public:
  owned_matrix(std::size_t rows, std::size_t columns)
      : values_(rows * nn::padded(columns), 0.0F), rows_(rows), columns_(columns) {}

  [[nodiscard]] nn::matrix view() noexcept {
    return {values_.data(), rows_, columns_, nn::padded(columns_)};
  }
  [[nodiscard]] float& operator()(std::size_t r, std::size_t c) noexcept {
    return view().row(r)[c];
  }

  /// Normal numbers times `scale`.
  void draw(std::uint64_t seed, double scale = 1) {
    const counter_rng random(seed);
    for (std::size_t r = 0; r < rows_; ++r)
      for (std::size_t c = 0; c < columns_; ++c)
        (*this)(r, c) = static_cast<float>(scale * random.normal(r * columns_ + c));
  }

  [[nodiscard]] bool padding_is_zero() const noexcept {
    for (std::size_t r = 0; r < rows_; ++r)
      for (std::size_t c = columns_; c < nn::padded(columns_); ++c)
        if (values_[r * nn::padded(columns_) + c] != 0) return false;
    return true;
  }

 private:
  aligned_vector<float> values_;
  std::size_t rows_;
  std::size_t columns_;
};

/// Compares the gradients of a layer with central differences of sum(weights * outputs), in all
/// parameters and inputs.
class gradient_check {
 public:
  gradient_check(const nn::layer& layer, const nn::parameter_layout& layout, std::size_t rows = 7,
                 std::uint64_t seed = 5)
      : layer_(layer),
        layout_(layout),
        parameters_(layout.initialize(seed)),
        gradients_(layout.size(), 0.0F),
        derived_(layout.derived_size(), 0.0F),
        state_(layer.state_size(rows, true)),
        in_(rows, layer.inputs()),
        out_(rows, layer.outputs()),
        weights_(rows, layer.outputs()) {
    in_.draw(seed + 1);
    weights_.draw(seed + 2);
    // Biases begin at zero, where a mistake would hide.
    const counter_rng random(seed, 9);
    for (const nn::parameter_block& block : layout.blocks())
      for (std::size_t r = 0; r < block.rows; ++r)
        for (float& value : block.in(parameters_.data()).row(r))
          value += 0.3F * static_cast<float>(random.normal(counter_++));
  }

  [[nodiscard]] owned_matrix& in() noexcept { return in_; }

  void run(double step = 1e-2, double tolerance = 1e-2) {
    owned_matrix d_in(in_.view().rows, layer_.inputs());
    owned_matrix d_out = weights_;
    const nn::pass pass = pass_of();
    (void)loss();
    layer_.derive(parameters_.data(), derived_.data());
    layer_.backward(pass, in_.view(), out_.view(), d_out.view(), d_in.view(), state_.data());
    CHECK(out_.padding_is_zero());
    CHECK(d_in.padding_is_zero());
    for (const nn::parameter_block& block : layout_.blocks()) {
      if (block.role == nn::parameter_role::average) continue;
      const nn::matrix found = block.in(gradients_.data());
      for (std::size_t r = 0; r < block.rows; ++r)
        for (std::size_t c = 0; c < block.columns; ++c) {
          CAPTURE(block.name);
          compare(found.row(r)[c], block.in(parameters_.data()).row(r)[c], step, tolerance);
        }
      for (std::size_t k = 0; k < block.size(); ++k)
        if (k % found.stride >= found.columns) REQUIRE(found.data[k] == 0);
    }
    for (std::size_t r = 0; r < in_.view().rows; ++r)
      for (std::size_t c = 0; c < layer_.inputs(); ++c)
        compare(d_in(r, c), in_(r, c), step, tolerance);
  }

 private:
  [[nodiscard]] nn::pass pass_of() noexcept {
    return {.parameters = parameters_.data(),
            .derived = derived_.data(),
            .gradients = gradients_.data(),
            .training = true,
            .seed = 3,
            .first_sample = 100};
  }

  double loss() {
    layer_.forward(pass_of(), in_.view(), out_.view(), state_.data());
    double total = 0;
    for (std::size_t r = 0; r < out_.view().rows; ++r)
      for (std::size_t c = 0; c < layer_.outputs(); ++c)
        total += static_cast<double>(out_(r, c)) * static_cast<double>(weights_(r, c));
    return total;
  }

  void compare(float found, float& at, double step, double tolerance) {
    const float middle = at;
    const auto half = static_cast<float>(step);
    at = middle + half;
    const double above = loss();
    at = middle - half;
    const double below = loss();
    at = middle;
    const double expected = (above - below) / (2 * step);
    CHECK(std::abs(static_cast<double>(found) - expected) <=
          tolerance * std::max(1.0, std::abs(expected)));
  }

  const nn::layer& layer_;
  const nn::parameter_layout& layout_;
  aligned_vector<float> parameters_;
  aligned_vector<float> gradients_;
  aligned_vector<float> derived_;
  aligned_vector<float> state_;
  owned_matrix in_;
  owned_matrix out_;
  owned_matrix weights_;
  std::uint64_t counter_ = 0;
};

}  // namespace kindred::test
