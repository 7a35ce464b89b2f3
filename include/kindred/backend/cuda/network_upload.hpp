#pragma once

#include <kindred/backend/cuda/network_sizes.hpp>
#include <kindred/backend/network_kernels.hpp>
#include <kindred/core/types.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace kindred::gpu {

/// What a device sees of a batch.
struct uploaded_batch {
  const embedding_read* reads = nullptr;
  const std::uint32_t* ends = nullptr;
  const embedding_read* reads_of_row = nullptr;
  const std::uint32_t* part_begins = nullptr;  ///< of the reads of each part of a row, and the end
  const std::uint32_t* first_part = nullptr;   ///< of each row, and the end
  const index* slots = nullptr;
  const float* targets = nullptr;
  const float* weights = nullptr;  ///< or null: all 1
  std::size_t samples = 0;
  std::size_t rows = 0;
  std::size_t parts = 0;
  std::uint64_t first_sample = 0;
};

/// Packs the arrays of a batch into one block, for one copy to take to the device.
class batch_packer {
 public:
  /// Returns the bytes of `block` that were used, at most network_sizes::block.
  std::size_t pack(const network_batch& batch, std::span<std::byte> block) {
    cut_rows(batch.row_ends);
    block_ = block;
    used_ = 0;
    offsets_ = {.reads = put(batch.reads),
                .ends = put(batch.ends),
                .reads_of_row = put(batch.reads_of_row),
                .part_begins = put(std::span<const std::uint32_t>(part_begins_)),
                .first_part = put(std::span<const std::uint32_t>(first_part_)),
                .slots = put(batch.slots),
                .targets = put(batch.targets),
                .weights = put(batch.weights)};
    batch_ = {.samples = batch.targets.size(),
              .rows = batch.slots.size(),
              .parts = part_begins_.size() - 1,
              .first_sample = batch.first_sample};
    weighted_ = !batch.weights.empty();
    return used_;
  }

  /// What was packed, where the block begins at `base`.
  [[nodiscard]] uploaded_batch at(const std::byte* base) const noexcept {
    uploaded_batch batch = batch_;
    place(batch.reads, base + offsets_.reads);
    place(batch.ends, base + offsets_.ends);
    place(batch.reads_of_row, base + offsets_.reads_of_row);
    place(batch.part_begins, base + offsets_.part_begins);
    place(batch.first_part, base + offsets_.first_part);
    place(batch.slots, base + offsets_.slots);
    place(batch.targets, base + offsets_.targets);
    if (weighted_) place(batch.weights, base + offsets_.weights);
    return batch;
  }

 private:
  struct offsets {
    std::size_t reads = 0;
    std::size_t ends = 0;
    std::size_t reads_of_row = 0;
    std::size_t part_begins = 0;
    std::size_t first_part = 0;
    std::size_t slots = 0;
    std::size_t targets = 0;
    std::size_t weights = 0;
  };

  /// Rows that many samples read are added up in parts, so that no thread has much more to do.
  void cut_rows(std::span<const std::uint32_t> row_ends) {
    part_begins_.clear();
    first_part_.clear();
    std::uint32_t begin = 0;
    for (const std::uint32_t end : row_ends) {
      first_part_.push_back(static_cast<std::uint32_t>(part_begins_.size()));
      for (; begin < end; begin = std::min<std::uint32_t>(end, begin + reads_of_part))
        part_begins_.push_back(begin);
    }
    first_part_.push_back(static_cast<std::uint32_t>(part_begins_.size()));
    part_begins_.push_back(begin);
  }

  template <class T>
  std::size_t put(std::span<const T> from) noexcept {
    const std::size_t offset = used_;
    if (!from.empty()) std::memcpy(block_.data() + offset, from.data(), from.size_bytes());
    constexpr std::size_t to = network_sizes::block_alignment;
    used_ += (from.size_bytes() + to - 1) / to * to;
    return offset;
  }

  template <class T>
  static void place(const T*& pointer, const std::byte* at) noexcept {
    pointer = reinterpret_cast<const T*>(at);
  }

  std::span<std::byte> block_;
  std::size_t used_ = 0;
  offsets offsets_;
  uploaded_batch batch_;
  bool weighted_ = false;
  std::vector<std::uint32_t> part_begins_;
  std::vector<std::uint32_t> first_part_;
};

}  // namespace kindred::gpu
