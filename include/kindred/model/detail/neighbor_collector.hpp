#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/neighbor_lists.hpp>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <mutex>
#include <span>
#include <thread>
#include <utility>
#include <vector>

namespace kindred::detail {

/// A mutex of one byte, for what is held for some nanoseconds and seldom wanted by two threads.
class spin_mutex {
 public:
  void lock() noexcept {
    while (taken_.exchange(true, std::memory_order_acquire)) std::this_thread::yield();
  }
  void unlock() noexcept { taken_.store(false, std::memory_order_release); }

 private:
  std::atomic<bool> taken_{false};
};

/// Gathers neighbours for many rows from many threads, and keeps the nearest of each row. What it
/// has in the end does not depend on the order of the offers.
class neighbor_collector {
 public:
  /// Keeps `most` a row, or all for 0; none nearer than `least`. `negative` similarities count by
  /// their absolute value, or not at all.
  neighbor_collector(std::size_t rows, std::size_t most, double least, bool negative)
      : most_(most),
        least_(std::max(static_cast<float>(least), smallest)),
        negative_(negative),
        rows_(rows),
        thresholds_(rows) {
    for (auto& threshold : thresholds_) threshold.store(least_, std::memory_order_relaxed);
  }

  [[nodiscard]] std::size_t most() const noexcept { return most_; }

  /// How near a neighbour of `row` must be at least; rises with time. Never NaN, never 0.
  [[nodiscard]] float threshold(std::size_t row) const noexcept {
    return thresholds_[row].load(std::memory_order_relaxed);
  }
  [[nodiscard]] float nearness(float similarity) const noexcept {
    return negative_ ? std::abs(similarity) : similarity;
  }

  /// Considers a neighbour of `row`, which must not be offered it twice; NaN and infinity are never
  /// kept. O(1) on average. Safe from any thread.
  void offer(std::size_t row, neighbor candidate) {
    if (nearness(candidate.similarity) >= threshold(row)) keep(row, candidate);
  }

  /// Drops all but the nearest of `row`. Not together with offers to it.
  void shrink(std::size_t row) {
    auto& kept = rows_[row].kept;
    if (most_ == 0 || kept.size() <= most_) return;
    const auto last = kept.begin() + static_cast<std::ptrdiff_t>(most_ - 1);
    std::nth_element(kept.begin(), last, kept.end(), nearer);
    kept.resize(most_);
    thresholds_[row].store(std::abs(kept.back().similarity), std::memory_order_relaxed);
  }

  void clear(std::size_t row) {
    rows_[row].kept.clear();
    thresholds_[row].store(least_, std::memory_order_relaxed);
  }

  /// What a row has kept, after shrink() the nearest, in no order.
  [[nodiscard]] std::span<const neighbor> kept(std::size_t row) const noexcept {
    return rows_[row].kept;
  }

  /// The lists of neighbours; that of the n-th is what row place(n) has kept. Frees it.
  template <class Place>
  [[nodiscard]] neighbor_lists finish(const Place& place, const host_loop& loop) {
    for_each_index(loop, rows_.size(), [&](std::size_t row) {
      shrink(row);
      auto& kept = rows_[row].kept;
      std::sort(kept.begin(), kept.end(),
                [](const neighbor& a, const neighbor& b) { return a.row < b.row; });
    });
    aligned_vector<std::uint64_t> offsets(rows_.size() + 1, 0);
    for (std::size_t n = 0; n < rows_.size(); ++n)
      offsets[n + 1] = offsets[n] + rows_[place(n)].kept.size();
    aligned_vector<index> rows(static_cast<std::size_t>(offsets.back()));
    aligned_vector<float> similarities(rows.size());
    for_each_index(loop, rows_.size(), [&](std::size_t n) {
      auto& kept = rows_[place(n)].kept;
      auto at = static_cast<std::size_t>(offsets[n]);
      for (const neighbor& one : kept) {
        rows[at] = one.row;
        similarities[at++] = one.similarity;
      }
      kept = {};
    });
    return {std::move(offsets), std::move(rows), std::move(similarities)};
  }

 private:
  static constexpr float smallest = std::numeric_limits<float>::min();

  struct collected {
    std::vector<neighbor> kept;
    spin_mutex busy;
  };

  void keep(std::size_t row, neighbor candidate) {
    if (!std::isfinite(candidate.similarity)) return;
    const std::lock_guard hold(rows_[row].busy);
    auto& kept = rows_[row].kept;
    kept.push_back(candidate);
    if (most_ != 0 && kept.size() >= 2 * most_) shrink(row);
  }

  std::size_t most_;
  float least_;
  bool negative_;
  std::vector<collected> rows_;
  std::vector<std::atomic<float>> thresholds_;
};

}  // namespace kindred::detail
