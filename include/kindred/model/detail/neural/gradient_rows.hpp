#pragma once

#include <kindred/backend/network_kernels.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/feature_encoder.hpp>
#include <kindred/model/detail/neural/table_reads.hpp>
#include <kindred/nn/clipping.hpp>
#include <kindred/nn/embedding.hpp>
#include <kindred/nn/sample.hpp>

#include <algorithm>
#include <cstddef>
#include <span>

namespace kindred::detail {

/// The gradients of the rows of an embedding table that a batch read, each added up in the order of
/// the samples.
class gradient_rows {
 public:
  /// All must outlive it. For memory see table_reads.
  gradient_rows(const nn::embedding_layout& input, const feature_encoder& features,
                std::size_t samples)
      : input_(input), reads_(features, samples) {
    const auto slots = static_cast<std::size_t>(features.slots());
    gradients_.reserve(std::min(reads_.most(), slots) * input.stride());
  }

  /// Notes what `samples` read, in place of what was noted before.
  void note(std::span<const nn::sample> samples) {
    reads_.note(samples);
    gradients_.resize(size() * input_.stride());
  }

  /// How many rows were read; they are numbered by place from 0.
  [[nodiscard]] std::size_t size() const noexcept { return reads_.slots().size(); }
  [[nodiscard]] index slot(std::size_t place) const noexcept { return reads_.slots()[place]; }
  [[nodiscard]] const float* gradient(std::size_t place) const noexcept {
    return gradients_.data() + place * input_.stride();
  }

  /// Adds up the gradient of one of them; row n of the matrix at `d_inputs` is the gradient of the
  /// input of sample n.
  void add_up(std::size_t place, const float* d_inputs) noexcept {
    float* const sum = gradients_.data() + place * input_.stride();
    std::fill_n(sum, input_.stride(), 0.0F);
    for (const embedding_read& one : reads_.of_row(place))
      input_.scatter(d_inputs + one.sample * input_.columns(), one.field, one.value, sum);
  }

  /// Of all of them together.
  [[nodiscard]] double squared_norm() const noexcept { return nn::squared_norm(gradients_); }

 private:
  const nn::embedding_layout& input_;
  table_reads reads_;
  aligned_vector<float> gradients_;  ///< by place
};

}  // namespace kindred::detail
