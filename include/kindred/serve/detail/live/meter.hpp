#pragma once

#include <kindred/serve/live_metrics.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace kindred::detail::live {

[[nodiscard]] inline std::int64_t unix_now() {
  using namespace std::chrono;
  return duration_cast<std::chrono::seconds>(system_clock::now().time_since_epoch()).count();
}

/// Keeps `live_metrics`; safe from any thread.
class meter {
 public:
  using clock = std::chrono::steady_clock;

  [[nodiscard]] live_metrics get() const {
    const std::lock_guard lock(mutex_);
    return metrics_;
  }

  /// Calls `change(metrics)`.
  template <class Change>
  void change(const Change& change) {
    const std::lock_guard lock(mutex_);
    change(metrics_);
  }

  void failed(std::string what) {
    change([&](live_metrics& m) {
      ++m.failures;
      m.last_failure = std::move(what);
    });
  }

 private:
  mutable std::mutex mutex_;
  live_metrics metrics_;
};

/// When the ratings came that no snapshot shows yet.
class lag_watch {
 public:
  /// Ratings that arrived at a moment, the earliest of which has a time of its own in Unix seconds.
  void see(std::chrono::steady_clock::time_point arrived, std::int64_t earliest) noexcept {
    arrived_ = arrived_ ? std::min(*arrived_, arrived) : arrived;
    earliest_ = std::min(earliest_, earliest);
  }

  /// A snapshot shows them all.
  void note(live_metrics& m) {
    using std::chrono::system_clock;
    if (arrived_) {
      m.last_lag = std::chrono::steady_clock::now() - *arrived_;
      m.max_lag = std::max(m.max_lag, m.last_lag);
    }
    if (earliest_ != std::numeric_limits<std::int64_t>::max())
      m.last_source_lag = live_metrics::seconds(system_clock::now().time_since_epoch()) -
                          live_metrics::seconds(static_cast<double>(earliest_));
    *this = {};
  }

 private:
  std::optional<std::chrono::steady_clock::time_point> arrived_;
  std::int64_t earliest_ = std::numeric_limits<std::int64_t>::max();
};

}  // namespace kindred::detail::live
