#pragma once

#include <kindred/backend/als_kernels.hpp>
#include <kindred/backend/cuda/als_plan.hpp>
#include <kindred/backend/cuda/memory.cuh>
#include <kindred/backend/cuda/stream.cuh>
#include <kindred/core/types.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace kindred::gpu {

/// Room for some entries on the device, those of one side or of either.
struct device_entries {
  device_array<index> others;
  device_array<float> values;
  device_array<float> weights;

  device_entries() = default;
  device_entries(const als_entries& like, std::size_t count)
      : others(count, "entries of least squares"),
        values(like.values.empty() ? 0 : count, "their values"),
        weights(like.weights.empty() ? 0 : count, "their weights") {}

  /// Of one entry.
  [[nodiscard]] static std::size_t bytes(const als_entries& like) noexcept {
    return sizeof(index) + (like.values.empty() ? 0 : sizeof(float)) +
           (like.weights.empty() ? 0 : sizeof(float));
  }

  /// All entries of a side.
  void write(const als_entries& from) {
    others.write(from.others);
    values.write(from.values);
    weights.write(from.weights);
  }
  /// `count` of them from the `first` on, when the stream comes to it.
  void stream_from(const als_entries& from, std::size_t first, std::size_t count, stream& queue) {
    queue.copy(from.others.subspan(first, count), others.data());
    if (!from.values.empty()) queue.copy(from.values.subspan(first, count), values.data());
    if (!from.weights.empty()) queue.copy(from.weights.subspan(first, count), weights.data());
  }
};

/// One side of a problem in device memory. Its entries are there as well, or pinned.
struct als_rows {
  als_entries from;
  std::vector<std::size_t> runs;  ///< of rows; where they begin, and the end
  device_array<index> offsets;
  device_array<index> order;
  device_array<float> penalties;
  device_array<float> rows;
  device_array<float> gramian;
  device_entries entries;
  std::array<pinned_range, 3> pinned;

  /// Runs have `streamed` entries at most; with 0 all entries are one run, and stay.
  als_rows(const als_entries& side, std::size_t stride, bool with_gramian, std::size_t streamed)
      : from(side),
        runs(runs_of_rows(side.offsets, streamed > 0 ? streamed : side.others.size())),
        offsets(side.offsets.size(), "the offsets of rows"),
        order(size(), "the order of rows"),
        penalties(size(), "the penalties of rows"),
        rows(size() * stride, "rows of factors"),
        gramian(with_gramian ? stride * stride : 0, "a Gramian"),
        entries(side, streamed > 0 ? 0 : side.others.size()) {
    offsets.write(side.offsets);
    order.write(order_of_rows(side.offsets, runs));
    penalties.write(side.penalties);
    rows.zero();
    gramian.zero();
    if (streamed == 0)
      entries.write(side);
    else
      pinned = {pinned_range::where_possible(side.others),
                pinned_range::where_possible(side.values),
                pinned_range::where_possible(side.weights)};
  }

  [[nodiscard]] std::size_t size() const noexcept { return from.offsets.size() - 1; }
  /// Where the entries of a run begin, or end with that of the one before.
  [[nodiscard]] std::size_t begin(std::size_t run) const noexcept {
    return static_cast<std::size_t>(from.offsets[runs[run]]);
  }
};

}  // namespace kindred::gpu
