#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/encoded_rows.hpp>
#include <kindred/kernel/axpy.hpp>
#include <kindred/kernel/dot.hpp>
#include <kindred/nn/matrix.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace kindred::detail {

/// The numbers of a factorization machine.
struct fm_parameters {
  double bias = 0;
  std::size_t factors = 0;
  shared_array<float> weights;  ///< one a slot
  shared_array<float> vectors;  ///< slots x factors

  /// From an embedding table whose rows end in the weight.
  [[nodiscard]] static fm_parameters of_table(double bias, nn::const_matrix table) {
    const std::size_t factors = table.columns - 1;
    aligned_vector<float> weights(table.rows);
    aligned_vector<float> vectors(table.rows * factors);
    for (std::size_t slot = 0; slot < table.rows; ++slot) {
      std::copy_n(table.row(slot).data(), factors, vectors.data() + slot * factors);
      weights[slot] = table.row(slot)[factors];
    }
    return {bias, factors, std::move(weights), std::move(vectors)};
  }

  [[nodiscard]] float weight(index slot) const noexcept {
    return weights[static_cast<std::size_t>(slot)];
  }
  [[nodiscard]] const float* vector(index slot) const noexcept {
    return vectors.data() + static_cast<std::size_t>(slot) * factors;
  }
};

/// What the fields of each user, or of each item, come to: by these, a factorization machine is a
/// biased matrix factorization.
class fm_vectors {
 public:
  fm_vectors() = default;

  /// One row for each of `rows`, then one for any other. O(entries x factors).
  fm_vectors(const encoded_rows& rows, const fm_parameters& machine) : factors_(machine.factors) {
    const std::size_t count = static_cast<std::size_t>(rows.size()) + 1;
    aligned_vector<float> sums(count * factors_, 0.0F);
    aligned_vector<float> biases(count, 0.0F);
    aligned_vector<float> field(factors_);
    for (std::size_t r = 0; r < count; ++r) {
      float* const sum = sums.data() + r * factors_;
      const encoded_row row = rows[static_cast<index>(r)];
      for (std::size_t f = 0; f < row.fields(); ++f) {
        std::fill(field.begin(), field.end(), 0.0F);
        const encoded_entries entries = row[f];
        for (std::size_t e = 0; e < entries.size(); ++e) {
          biases[r] += entries.values[e] * machine.weight(entries.slots[e]);
          kernel::axpy(entries.values[e], machine.vector(entries.slots[e]), factors_, field.data());
        }
        biases[r] += kernel::dot(sum, field.data(), factors_);
        kernel::axpy(1.0F, field.data(), factors_, sum);
      }
    }
    sums_ = std::move(sums);
    biases_ = std::move(biases);
  }

  /// The sum of the vectors of the fields.
  [[nodiscard]] const float* vector(index row) const noexcept {
    return sums_.data() + at(row) * factors_;
  }
  /// Weights, and products of pairs of fields.
  [[nodiscard]] float bias(index row) const noexcept { return biases_[at(row)]; }

  /// Of all rows in place.
  [[nodiscard]] const float* vectors() const noexcept { return sums_.data(); }
  [[nodiscard]] const float* biases() const noexcept { return biases_.data(); }

 private:
  [[nodiscard]] std::size_t at(index row) const noexcept {
    // A negative one converts to one beyond.
    return std::min(static_cast<std::size_t>(row), biases_.size() - 1);
  }

  std::size_t factors_ = 0;
  shared_array<float> sums_;
  shared_array<float> biases_;
};

/// Row `user` of users with row `item` of items, in `contexts` contexts; `slot_of(c)` is the slot
/// of context c.
template <class SlotOf>
[[nodiscard]] float fm_output(const fm_parameters& machine, const fm_vectors& users, index user,
                              const fm_vectors& items, index item, std::size_t contexts,
                              const SlotOf& slot_of) noexcept {
  const std::size_t factors = machine.factors;
  const float* const of_user = users.vector(user);
  const float* const of_item = items.vector(item);
  float sum = static_cast<float>(machine.bias) + users.bias(user) + items.bias(item) +
              kernel::dot(of_user, of_item, factors);
  for (std::size_t c = 0; c < contexts; ++c) {
    const index slot = slot_of(c);
    const float* const of_context = machine.vector(slot);
    sum += machine.weight(slot) + kernel::dot(of_user, of_context, factors) +
           kernel::dot(of_item, of_context, factors);
    for (std::size_t d = 0; d < c; ++d)
      sum += kernel::dot(machine.vector(slot_of(d)), of_context, factors);
  }
  return sum;
}

}  // namespace kindred::detail
