#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/neighbor_lists.hpp>

#include <algorithm>
#include <atomic>
#include <bit>
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

/// Which neighbours are kept. What it tells of similarities it tells in integers, which compile to
/// vectors: positive floats are ordered as their bits are.
struct neighbor_limits {
  std::size_t most = 0;   ///< how many a row, 0 for all
  float least = 0;        ///< how near at least
  std::int32_t mask = 0;  ///< without the sign if negative similarities count by absolute value

  neighbor_limits(std::size_t most_kept, double least_near, bool keep_negative) noexcept
      : most(most_kept),
        least(std::max(static_cast<float>(least_near), std::numeric_limits<float>::min())),
        mask(keep_negative ? std::numeric_limits<std::int32_t>::max() : -1) {}

  [[nodiscard]] float nearness(float similarity) const noexcept {
    return std::bit_cast<float>(std::bit_cast<std::int32_t>(similarity) & mask);
  }
  /// The similarity of a neighbour that may be kept: one that is near enough, but not infinitely.
  /// 0 for others.
  [[nodiscard]] float wanted(float similarity) const noexcept {
    constexpr std::int32_t infinity = 0x7f800000;
    const auto bits = std::bit_cast<std::int32_t>(similarity);
    const auto near = bits & mask;
    const auto yes = static_cast<std::int32_t>(near >= std::bit_cast<std::int32_t>(least)) &
                     static_cast<std::int32_t>(near < infinity);
    return std::bit_cast<float>(bits & -yes);
  }
};

/// The nearest of the neighbours that one row was offered, and some more, until it is shrunk. An
/// offer costs O(1) on average.
class nearest_neighbors {
 public:
  explicit nearest_neighbors(float least = 0) noexcept : threshold_(least) {}

  /// How near a neighbour must be to be of use; rises.
  [[nodiscard]] float threshold() const noexcept { return threshold_; }
  [[nodiscard]] std::span<const neighbor> kept() const noexcept { return kept_; }

  /// Keeps a neighbour for now; not if it is infinitely near.
  void add(neighbor one, std::size_t most) {
    if (!std::isfinite(one.similarity)) return;
    kept_.push_back(one);
    if (most != 0 && kept_.size() >= 2 * most) shrink(most);
  }
  /// Drops all but the nearest.
  void shrink(std::size_t most) {
    if (most == 0 || kept_.size() <= most) return;
    const auto last = kept_.begin() + static_cast<std::ptrdiff_t>(most - 1);
    std::nth_element(kept_.begin(), last, kept_.end(), nearer);
    kept_.resize(most);
    threshold_ = std::abs(kept_.back().similarity);
  }
  void clear(float least) noexcept {
    kept_.clear();
    threshold_ = least;
  }
  /// Sorts by row. `all` has a zero for each row, before and after.
  void sort(std::vector<float>& all) {
    constexpr std::size_t few = 16;  // so few that looking through all rows takes longer
    if (kept_.size() * few < all.size()) {
      std::sort(kept_.begin(), kept_.end(),
                [](const neighbor& a, const neighbor& b) { return a.row < b.row; });
      return;
    }
    for (const neighbor& one : kept_) all[static_cast<std::size_t>(one.row)] = one.similarity;
    auto at = kept_.begin();
    for (std::size_t row = 0; row < all.size(); ++row) {
      if (all[row] == 0) continue;
      *at++ = {static_cast<index>(row), all[row]};
      all[row] = 0;
    }
  }

 private:
  std::vector<neighbor> kept_;
  float threshold_;
};

/// Gathers neighbours for many rows from many threads. What it has in the end does not depend on
/// the order of the offers.
class neighbor_collector {
 public:
  neighbor_collector(std::size_t rows, const neighbor_limits& limits)
      : limits_(limits), rows_(rows), thresholds_(rows) {
    for (std::size_t row = 0; row < rows; ++row) clear(row);
  }

  [[nodiscard]] const neighbor_limits& limits() const noexcept { return limits_; }
  /// How near a neighbour of a row must be to be of use; rises. Safe from any thread.
  [[nodiscard]] float threshold(std::size_t row) const noexcept {
    return thresholds_[row].load(std::memory_order_relaxed);
  }

  /// Considers neighbours of `row`, each of which may be offered once. Safe from any thread.
  void offer(std::size_t row, std::span<const neighbor> some) {
    const std::lock_guard hold(rows_[row].busy);
    nearest_neighbors& nearest = rows_[row].nearest;
    for (const neighbor& one : some)
      if (limits_.nearness(one.similarity) >= nearest.threshold()) nearest.add(one, limits_.most);
    thresholds_[row].store(nearest.threshold(), std::memory_order_relaxed);
  }

  /// What a row has kept, in no order. This and the next are not for a row that is being offered
  /// some.
  [[nodiscard]] std::span<const neighbor> nearest(std::size_t row) {
    rows_[row].nearest.shrink(limits_.most);
    return rows_[row].nearest.kept();
  }
  void clear(std::size_t row) noexcept {
    rows_[row].nearest.clear(limits_.least);
    thresholds_[row].store(limits_.least, std::memory_order_relaxed);
  }

  /// The lists of neighbours, the n-th being what row place(n) has kept. Nothing is left then.
  template <class Place>
  [[nodiscard]] neighbor_lists finish(const Place& place, const host_loop& loop) {
    aligned_vector<std::uint64_t> offsets(rows_.size() + 1, 0);
    for_each_index(loop, rows_.size(),
                   [&](std::size_t n) { offsets[n + 1] = nearest(place(n)).size(); });
    for (std::size_t n = 0; n < rows_.size(); ++n) offsets[n + 1] += offsets[n];
    aligned_vector<index> rows(static_cast<std::size_t>(offsets.back()));
    aligned_vector<float> similarities(rows.size());
    loop(rows_.size(), [&](std::size_t first, std::size_t last) {
      std::vector<float> all(rows_.size());
      for (std::size_t n = first; n < last; ++n) {
        nearest_neighbors& nearest = rows_[place(n)].nearest;
        nearest.sort(all);
        auto at = static_cast<std::size_t>(offsets[n]);
        for (const neighbor& one : nearest.kept()) {
          rows[at] = one.row;
          similarities[at++] = one.similarity;
        }
        nearest = nearest_neighbors();
      }
    });
    return {std::move(offsets), std::move(rows), std::move(similarities)};
  }

 private:
  struct collected {
    nearest_neighbors nearest;
    spin_mutex busy;
  };

  neighbor_limits limits_;
  std::vector<collected> rows_;
  std::vector<std::atomic<float>> thresholds_;
};

}  // namespace kindred::detail
