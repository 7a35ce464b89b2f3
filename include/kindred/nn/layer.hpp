#pragma once

#include <kindred/backend/network_plan.hpp>
#include <kindred/core/error.hpp>
#include <kindred/core/random.hpp>
#include <kindred/nn/matrix.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace kindred::nn {

/// What a layer works with, beside its input: a pass over some consecutive samples of a batch.
struct pass {
  const float* parameters = nullptr;  ///< the network's arena
  const float* derived = nullptr;     ///< what derive() made of them, for backward()
  float* gradients = nullptr;         ///< where backward() adds to, laid out alike
  bool training = false;              ///< whether dropout drops, and normalisation takes statistics
  std::uint64_t seed = 0;             ///< for what a layer draws at random
  std::uint64_t first_sample = 0;     ///< number of row 0, different in every batch of a fit
  float share = 1;                    ///< of the batch's samples, those in this pass
};

/// A differentiable function of rows of numbers, such as a dense layer or a whole network: an
/// immutable recipe, whose parameters lie in an arena (parameters.hpp) and whose notes between the
/// two directions lie in `state`. So one layer serves any number of threads.
///
/// To add one, derive from it: its gradients are what tests/nn/gradient_check.hpp checks.
class layer {
 public:
  layer(std::size_t inputs, std::size_t outputs) noexcept : inputs_(inputs), outputs_(outputs) {}
  layer(const layer&) = delete;
  layer& operator=(const layer&) = delete;
  virtual ~layer() = default;

  /// Numbers in a row of its input and of its output.
  [[nodiscard]] std::size_t inputs() const noexcept { return inputs_; }
  [[nodiscard]] std::size_t outputs() const noexcept { return outputs_; }

  /// Floats that it notes in a pass over `rows` samples: a multiple of padded(1), increasing with
  /// `rows`. Less when it need not go backward.
  [[nodiscard]] virtual std::size_t state_size([[maybe_unused]] std::size_t rows,
                                               [[maybe_unused]] bool training) const noexcept {
    return 0;
  }

  /// Makes of the parameters what backward() needs beside them, once a step: into the second arena.
  virtual void derive([[maybe_unused]] const float* parameters,
                      [[maybe_unused]] float* derived) const noexcept {}

  /// Computes `out`, padding included, from `in`. They do not overlap.
  virtual void forward(const pass& pass, const_matrix in, matrix out,
                       float* state) const noexcept = 0;

  /// After forward() with the same arguments, and `training` set: adds the gradient of a loss by
  /// the parameters to pass.gradients, and puts that by the input into `d_in`, padding included,
  /// given that by the output in `d_out`, which it may overwrite.
  virtual void backward(const pass& pass, const_matrix in, const_matrix out, matrix d_out,
                        matrix d_in, float* state) const noexcept = 0;

  /// For messages.
  [[nodiscard]] virtual std::string_view name() const noexcept { return "a layer of your own"; }

  /// Says in a plan what it makes of the columns `in`, and that this goes to `out`, for a backend
  /// with memory of its own. Throws option_error for a layer that these do not have.
  virtual void plan([[maybe_unused]] network_plan& to, [[maybe_unused]] const plan_view& in,
                    [[maybe_unused]] const plan_view& out) const {
    throw option_error("layer", std::string(name()),
                       "{dense, dropout, branches, total, halves_product, pairwise_products} on "
                       "this backend");
  }

 private:
  std::size_t inputs_;
  std::size_t outputs_;
};

using layer_ptr = std::unique_ptr<const layer>;

}  // namespace kindred::nn
