#pragma once

#include <kindred/serve/live_rating.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

namespace kindred {

/// How a `live_recommender` does. Counts are since it was made or loaded.
struct live_metrics {
  using seconds = std::chrono::duration<double>;

  live_counts counts;  ///< what became of the ratings that arrived

  std::size_t users = 0;        ///< in the snapshot
  std::size_t items = 0;        ///< likewise
  std::size_t ratings = 0;      ///< in all
  std::size_t queued = 0;       ///< pushed, not yet taken in
  std::size_t stale_users = 0;  ///< with ratings that the snapshot does not show yet
  std::size_t pending = 0;      ///< ratings that are not in the base
  std::size_t refreshed = 0;    ///< items whose rows are newer than the base

  std::uint64_t snapshots = 0;
  seconds last_refresh{};  ///< what it took to bring up to date what a snapshot needed
  seconds max_refresh{};
  seconds last_swap{};  ///< what it took to put it in place of the one before
  seconds max_swap{};
  seconds last_lag{};  ///< from the arrival of a snapshot's oldest rating until it was seen
  seconds max_lag{};
  seconds last_source_lag{};  ///< the same from the rating's own time, if it has one

  std::uint64_t compactions = 0;  ///< new bases, of updates, too
  std::uint64_t refits = 0;
  bool working = false;        ///< in the background
  std::uint64_t failures = 0;  ///< of background work
  std::string last_failure{};

  /// Root mean squared error of predictions just before ratings came, of the last thousand or so;
  /// NaN where there are none.
  double error = std::numeric_limits<double>::quiet_NaN();
  /// By which share that has grown since the first thousand after the last fit.
  double drift = 0;
};

}  // namespace kindred
