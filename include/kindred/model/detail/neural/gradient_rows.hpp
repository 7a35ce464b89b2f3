#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/encoded_rows.hpp>
#include <kindred/data/feature_encoder.hpp>
#include <kindred/nn/clipping.hpp>
#include <kindred/nn/embedding.hpp>
#include <kindred/nn/sample.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace kindred::detail {

/// The gradients of the rows of an embedding table that a batch read, each added up in the order of
/// the samples.
class gradient_rows {
 public:
  /// All must outlive it. Memory is proportional to the entries of `samples` samples, and 4 bytes a
  /// slot.
  gradient_rows(const nn::embedding_layout& input, const feature_encoder& features,
                std::size_t samples)
      : input_(input),
        features_(features),
        place_of_slot_(static_cast<std::size_t>(features.slots()), none) {
    const std::size_t entries =
        samples * (most_entries(features.users()) + most_entries(features.items()) +
                   features.context_fields().size());
    reads_.reserve(entries);
    sorted_.reserve(entries);
    slots_.reserve(std::min(entries, place_of_slot_.size()));
    ends_.reserve(slots_.capacity() + 1);
    gradients_.reserve(slots_.capacity() * input.stride());
  }

  /// Notes what `samples` read, in place of what was noted before.
  void note(std::span<const nn::sample> samples) {
    note_reads(samples);
    sort_reads();
    gradients_.resize(slots_.size() * input_.stride());
  }

  /// How many rows were read; they are numbered by place from 0.
  [[nodiscard]] std::size_t size() const noexcept { return slots_.size(); }
  [[nodiscard]] index slot(std::size_t place) const noexcept { return slots_[place]; }
  [[nodiscard]] const float* gradient(std::size_t place) const noexcept {
    return gradients_.data() + place * input_.stride();
  }

  /// Adds up the gradient of one of them; row n of the matrix at `d_inputs` is the gradient of the
  /// input of sample n.
  void add_up(std::size_t place, const float* d_inputs) noexcept {
    float* const sum = gradients_.data() + place * input_.stride();
    std::fill_n(sum, input_.stride(), 0.0F);
    for (std::size_t k = place == 0 ? 0 : ends_[place - 1]; k < ends_[place]; ++k) {
      const read& one = sorted_[k];
      input_.scatter(d_inputs + one.sample * input_.columns(), one.field, one.value, sum);
    }
  }

  /// Of all of them together.
  [[nodiscard]] double squared_norm() const noexcept { return nn::squared_norm(gradients_); }

 private:
  static constexpr std::uint32_t none = static_cast<std::uint32_t>(-1);

  /// That a sample read an entry.
  struct read {
    std::uint32_t place;  ///< of the slot among those that were read
    std::uint32_t sample;
    std::uint32_t field;
    float value;
  };

  [[nodiscard]] static std::size_t most_entries(const encoded_rows& rows) {
    std::size_t most = rows[unknown_index].all().size();
    for (index row = 0; row < rows.size(); ++row) most = std::max(most, rows[row].all().size());
    return most;
  }

  void note_reads(std::span<const nn::sample> samples) {
    reads_.clear();
    slots_.clear();
    ends_.clear();
    for (std::size_t n = 0; n < samples.size(); ++n)
      nn::for_each_field(features_, samples[n], [&](std::size_t f, const encoded_entries& entries) {
        for (std::size_t e = 0; e < entries.size(); ++e) {
          std::uint32_t& place = place_of_slot_[static_cast<std::size_t>(entries.slots[e])];
          if (place == none) {
            place = static_cast<std::uint32_t>(slots_.size());
            slots_.push_back(entries.slots[e]);
            ends_.push_back(0);
          }
          ++ends_[place];
          reads_.push_back({place, static_cast<std::uint32_t>(n), static_cast<std::uint32_t>(f),
                            entries.values[e]});
        }
      });
    for (const index slot : slots_) place_of_slot_[static_cast<std::size_t>(slot)] = none;
  }

  /// By place; those of one place stay in the order of the samples.
  void sort_reads() {
    std::uint32_t begin = 0;
    for (std::uint32_t& end : ends_) begin += std::exchange(end, begin);
    sorted_.resize(reads_.size());
    for (const read& one : reads_) sorted_[ends_[one.place]++] = one;
  }

  const nn::embedding_layout& input_;
  const feature_encoder& features_;
  std::vector<std::uint32_t> place_of_slot_;  ///< none, between batches
  std::vector<read> reads_;
  std::vector<read> sorted_;
  std::vector<index> slots_;         ///< that were read, by place
  std::vector<std::uint32_t> ends_;  ///< of the reads of each place
  aligned_vector<float> gradients_;  ///< by place
};

}  // namespace kindred::detail
