#pragma once

#include <kindred/core/random.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/nn/matrix.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace kindred::nn {

/// How parameters begin: drawn uniformly from [center - spread, center + spread].
struct initial_values {
  float center = 0;
  float spread = 0;
};

/// The variance-preserving start of Glorot and Bengio ("Understanding the difficulty of training
/// deep feedforward neural networks", AISTATS 2010, eq. 16).
[[nodiscard]] inline initial_values glorot_uniform(std::size_t inputs, std::size_t outputs) {
  return {0, std::sqrt(6.0F / static_cast<float>(inputs + outputs))};
}

/// The same for rectifiers (He, Zhang, Ren, Sun, "Delving deep into rectifiers", ICCV 2015, eq.
/// 10).
[[nodiscard]] inline initial_values he_uniform(std::size_t inputs) {
  return {0, std::sqrt(6.0F / static_cast<float>(inputs))};
}

/// What becomes of a parameter in a step of training.
enum class parameter_role {
  weight,  ///< goes down its gradient, which penalties and weight decay add to
  bias,    ///< goes down its gradient alone
  average  ///< is no parameter of the loss: a moving average of what is added up as its gradient
};

/// A matrix of parameters in the arena of its network.
struct parameter_block {
  std::string name;  ///< such as "hidden.0.weights"
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::size_t offset = 0;  ///< of its first float; rows are padded(columns) apart
  initial_values initial{};
  parameter_role role = parameter_role::weight;

  [[nodiscard]] std::size_t size() const noexcept { return rows * padded(columns); }
  /// This block of an arena of parameters, gradients, or optimizer state.
  template <class Float>
  [[nodiscard]] matrix_view<Float> in(Float* arena) const noexcept {
    return {arena + offset, rows, columns, padded(columns)};
  }
};

/// What parameters a network has, and where they lie in one array: its arena. Layers add theirs as
/// they are built.
class parameter_layout {
 public:
  parameter_layout() = default;

  /// Room for a matrix; `name` gets the names of the scopes before it.
  parameter_block add(const std::string& name, std::size_t rows, std::size_t columns,
                      initial_values initial, parameter_role role = parameter_role::weight) {
    blocks_.push_back({prefix_ + name, rows, columns, size_, initial, role});
    size_ += blocks_.back().size();
    return blocks_.back();
  }

  /// Calls `build()` with `scope` and a dot before every name that it adds.
  template <class Build>
  auto within(const std::string& scope, const Build& build) {
    const scope_guard restores{prefix_, std::exchange(prefix_, prefix_ + scope + '.')};
    return build();
  }

  /// Room in the second arena, for what layer::derive() makes of the parameters: `size` floats, a
  /// multiple of padded(1). Returns where it begins.
  std::size_t add_derived(std::size_t size) {
    derived_ += size;
    return derived_ - size;
  }

  [[nodiscard]] const std::vector<parameter_block>& blocks() const noexcept { return blocks_; }
  /// Floats in the arena, padding included.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// Floats in the second arena.
  [[nodiscard]] std::size_t derived_size() const noexcept { return derived_; }

  /// An arena with its initial values, a function of the seed alone; zeros in the padding.
  [[nodiscard]] aligned_vector<float> initialize(std::uint64_t seed) const {
    aligned_vector<float> arena(size_, 0.0F);
    for (std::size_t b = 0; b < blocks_.size(); ++b) {
      const matrix values = blocks_[b].in(arena.data());
      const initial_values initial = blocks_[b].initial;
      const counter_rng random(seed, 0x6e6e0000U + b);
      for (std::size_t r = 0; r < values.rows; ++r)
        for (std::size_t c = 0; c < values.columns; ++c)
          values.row(r)[c] =
              initial.center +
              initial.spread * static_cast<float>(2 * random.uniform(r * values.columns + c) - 1);
    }
    return arena;
  }

 private:
  class scope_guard {
   public:
    scope_guard(std::string& prefix, std::string outer)
        : prefix_(prefix), outer_(std::move(outer)) {}
    scope_guard(const scope_guard&) = delete;
    scope_guard& operator=(const scope_guard&) = delete;
    ~scope_guard() { prefix_ = std::move(outer_); }

   private:
    std::string& prefix_;
    std::string outer_;
  };

  std::vector<parameter_block> blocks_;
  std::size_t size_ = 0;
  std::size_t derived_ = 0;
  std::string prefix_;
};

}  // namespace kindred::nn
