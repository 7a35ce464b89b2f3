#pragma once

#include <kindred/backend/network_kernels.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/encoded_rows.hpp>
#include <kindred/data/feature_encoder.hpp>
#include <kindred/nn/sample.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace kindred::detail {

/// What the samples of a batch read of an embedding table.
class table_reads {
 public:
  /// `features` must outlive it. Memory is proportional to the entries of `samples` samples, and 4
  /// bytes a slot.
  table_reads(const feature_encoder& features, std::size_t samples)
      : features_(features),
        place_of_slot_(static_cast<std::size_t>(features.slots()), none),
        most_(samples * (most_entries(features.users()) + most_entries(features.items()) +
                         features.context_fields().size())) {
    reads_.reserve(most_);
    sorted_.reserve(most_);
    ends_.reserve(samples);
    slots_.reserve(std::min(most_, place_of_slot_.size()));
    row_ends_.reserve(slots_.capacity() + 1);
  }

  /// Notes what `samples` read, in place of what was noted before.
  void note(std::span<const nn::sample> samples) {
    note_reads(samples);
    sort_reads();
  }

  /// The most reads of a batch.
  [[nodiscard]] std::size_t most() const noexcept { return most_; }
  /// See network_batch.
  [[nodiscard]] std::span<const embedding_read> reads() const noexcept { return reads_; }
  [[nodiscard]] std::span<const std::uint32_t> ends() const noexcept { return ends_; }
  [[nodiscard]] std::span<const embedding_read> reads_of_row() const noexcept { return sorted_; }
  [[nodiscard]] std::span<const std::uint32_t> row_ends() const noexcept { return row_ends_; }
  [[nodiscard]] std::span<const index> slots() const noexcept { return slots_; }

  /// Those of one row, in the order of the samples.
  [[nodiscard]] std::span<const embedding_read> of_row(std::size_t place) const noexcept {
    const std::size_t begin = place == 0 ? 0 : row_ends_[place - 1];
    return reads_of_row().subspan(begin, row_ends_[place] - begin);
  }

 private:
  static constexpr std::uint32_t none = static_cast<std::uint32_t>(-1);

  [[nodiscard]] static std::size_t most_entries(const encoded_rows& rows) {
    std::size_t most = rows[unknown_index].all().size();
    for (index row = 0; row < rows.size(); ++row) most = std::max(most, rows[row].all().size());
    return most;
  }

  void note_reads(std::span<const nn::sample> samples) {
    reads_.clear();
    ends_.clear();
    slots_.clear();
    row_ends_.clear();
    for (std::size_t n = 0; n < samples.size(); ++n) {
      nn::for_each_field(features_, samples[n], [&](std::size_t f, const encoded_entries& entries) {
        for (std::size_t e = 0; e < entries.size(); ++e) {
          std::uint32_t& place = place_of_slot_[static_cast<std::size_t>(entries.slots[e])];
          if (place == none) {
            place = static_cast<std::uint32_t>(slots_.size());
            slots_.push_back(entries.slots[e]);
            row_ends_.push_back(0);
          }
          ++row_ends_[place];
          reads_.push_back({place, static_cast<std::uint32_t>(n), static_cast<std::uint32_t>(f),
                            entries.values[e]});
        }
      });
      ends_.push_back(static_cast<std::uint32_t>(reads_.size()));
    }
    for (const index slot : slots_) place_of_slot_[static_cast<std::size_t>(slot)] = none;
  }

  /// By place; those of one place stay in the order of the samples.
  void sort_reads() {
    std::uint32_t begin = 0;
    for (std::uint32_t& end : row_ends_) begin += std::exchange(end, begin);
    sorted_.resize(reads_.size());
    for (const embedding_read& one : reads_) sorted_[row_ends_[one.place]++] = one;
  }

  const feature_encoder& features_;
  std::vector<std::uint32_t> place_of_slot_;  ///< none, between batches
  std::size_t most_;
  std::vector<embedding_read> reads_;
  std::vector<embedding_read> sorted_;
  std::vector<std::uint32_t> ends_;      ///< of the reads of each sample
  std::vector<std::uint32_t> row_ends_;  ///< of the sorted reads of each place
  std::vector<index> slots_;             ///< that were read, by place
};

}  // namespace kindred::detail
