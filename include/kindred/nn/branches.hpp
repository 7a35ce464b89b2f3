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

/// A layer that sees the columns from `first` on, a multiple of padded(1).
struct branch {
  std::size_t first = 0;
  layer_ptr body{};
};

/// What becomes of the outputs of branches.
enum class joining {
  concatenate,
  align,  ///< concatenates, with zeros between: each begins at a multiple of padded(1)
  add
};

/// Layers beside each other, which may look at the same columns: a wide and a deep part, the towers
/// of users and items, the heads of several tasks.
class branches final : public layer {
 public:
  /// Throws option_error if there is none, if one sees columns that there are not, or if outputs to
  /// be added differ in number.
  branches(std::size_t inputs, std::vector<branch> parts, joining join)
      : layer(inputs, checked(inputs, parts, join)), parts_(std::move(parts)), join_(join) {
    for (const branch& part : parts_) widest_ = std::max(widest_, padded(part.body->inputs()));
  }

  [[nodiscard]] std::size_t state_size(std::size_t rows, bool training) const noexcept override {
    std::size_t size = training ? rows * widest_ : 0;
    for (const branch& part : parts_) size += room(part, rows, training);
    return size;
  }

  void derive(const float* parameters, float* derived) const noexcept override {
    for (const branch& part : parts_) part.body->derive(parameters, derived);
  }

  void forward(const pass& pass, const_matrix in, matrix out,
               float* state) const noexcept override {
    clear(out);
    std::size_t column = 0;
    for (const branch& part : parts_) {
      const layer& body = *part.body;
      const matrix result = result_of(part, in.rows, state);
      body.forward(pass, in.part(part.first, body.inputs()), result,
                   notes_of(part, in.rows, state));
      for (std::size_t r = 0; r < in.rows; ++r)
        for (std::size_t c = 0; c < body.outputs(); ++c) out.row(r)[column + c] += result.row(r)[c];
      column += advance(body, join_);
      state += room(part, in.rows, pass.training);
    }
  }

  void backward(const pass& pass, const_matrix in, const_matrix /*out*/, matrix d_out, matrix d_in,
                float* state) const noexcept override {
    float* const gradients = state + state_size(in.rows, true) - in.rows * widest_;
    clear(d_in);
    std::size_t column = 0;
    for (const branch& part : parts_) {
      const layer& body = *part.body;
      const matrix d_result = gradient_of(part, in.rows, state);
      clear(d_result);
      for (std::size_t r = 0; r < in.rows; ++r)
        std::copy_n(d_out.row(r).data() + column, body.outputs(), d_result.row(r).data());
      const matrix d_part{gradients, in.rows, body.inputs(), padded(body.inputs())};
      body.backward(pass, in.part(part.first, body.inputs()), result_of(part, in.rows, state),
                    d_result, d_part, notes_of(part, in.rows, state));
      for (std::size_t r = 0; r < in.rows; ++r)
        for (std::size_t c = 0; c < body.inputs(); ++c)
          d_in.row(r)[part.first + c] += d_part.row(r)[c];
      column += advance(body, join_);
      state += room(part, in.rows, true);
    }
  }

  [[nodiscard]] std::string_view name() const noexcept override { return "branches"; }

  void plan(network_plan& to, const plan_view& in, const plan_view& out) const override {
    std::size_t column = out.first;
    for (const branch& part : parts_) {
      const std::size_t columns = part.body->outputs();
      const plan_view result = to.add_matrix(columns, padded(columns));
      part.body->plan(to, {in.matrix, in.first + part.first, part.body->inputs()}, result);
      to.steps.emplace_back(copy_plan{.in = result,
                                      .out = {out.matrix, column, columns},
                                      .adds = join_ == joining::add && &part != &parts_.front()});
      column += advance(*part.body, join_);
    }
  }

 private:
  [[nodiscard]] static std::size_t checked(std::size_t inputs, const std::vector<branch>& parts,
                                           joining join) {
    require_option(!parts.empty(), "branches", parts.size(), "at least one");
    std::size_t outputs = 0;
    for (const branch& part : parts) {
      require_option(part.first % padded(1) == 0 && part.first + part.body->inputs() <= inputs,
                     "first", part.first, "a multiple of 16 within the inputs");
      require_option(join != joining::add || part.body->outputs() == parts[0].body->outputs(),
                     "outputs", part.body->outputs(), "the same in all branches that are added");
      outputs += advance(*part.body, join);
    }
    return join == joining::add ? parts[0].body->outputs() : outputs;
  }

  /// From the first output of a branch to that of the next.
  [[nodiscard]] static std::size_t advance(const layer& body, joining join) noexcept {
    if (join == joining::add) return 0;
    return join == joining::align ? padded(body.outputs()) : body.outputs();
  }

  /// The output of a branch, its gradient, and its notes.
  [[nodiscard]] static matrix result_of(const branch& part, std::size_t rows,
                                        float* state) noexcept {
    const std::size_t columns = part.body->outputs();
    return {state, rows, columns, padded(columns)};
  }
  [[nodiscard]] static matrix gradient_of(const branch& part, std::size_t rows,
                                          float* state) noexcept {
    matrix result = result_of(part, rows, state);
    result.data += rows * result.stride;
    return result;
  }
  [[nodiscard]] static float* notes_of(const branch& part, std::size_t rows,
                                       float* state) noexcept {
    return state + 2 * rows * padded(part.body->outputs());
  }
  [[nodiscard]] static std::size_t room(const branch& part, std::size_t rows,
                                        bool training) noexcept {
    return 2 * rows * padded(part.body->outputs()) + part.body->state_size(rows, training);
  }

  std::vector<branch> parts_;
  joining join_;
  std::size_t widest_ = 0;
};

}  // namespace kindred::nn
