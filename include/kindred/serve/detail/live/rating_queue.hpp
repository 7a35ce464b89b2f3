#pragma once

#include <kindred/serve/live_rating.hpp>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <stop_token>
#include <utility>
#include <vector>

namespace kindred::detail::live {

using steady_time = std::chrono::steady_clock::time_point;

struct queued_rating {
  live_rating rating;
  steady_time arrived;
};

/// Ratings on their way from any number of threads to one, as many as there is room for.
class rating_queue {
 public:
  explicit rating_queue(std::size_t capacity) : capacity_(capacity) {}

  /// Waits for room; false if it is closed, or asked to stop, before there is some.
  bool push(live_rating rating, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    const auto open = [&] { return closed_ || waiting_.size() < capacity_; };
    return room_.wait(lock, stop, open) && add(std::move(rating));
  }
  bool try_push(live_rating rating) {
    const std::lock_guard lock(mutex_);
    return waiting_.size() < capacity_ && add(std::move(rating));
  }

  void open() { set_closed(false); }
  /// Lets nothing in any more; what is there stays.
  void close() { set_closed(true); }

  /// All that wait.
  [[nodiscard]] std::vector<queued_rating> take() {
    std::vector<queued_rating> taken;
    {
      const std::lock_guard lock(mutex_);
      taken.swap(waiting_);
    }
    if (taken.size() >= capacity_) room_.notify_all();
    return taken;
  }

  /// Returns when there is something, if `eager`, or much, if not; at the deadline; or when asked
  /// to stop.
  void wait(steady_time deadline, bool eager, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    const std::size_t enough = eager ? 1 : much();
    arrived_.wait_until(lock, stop, deadline, [&] { return waiting_.size() >= enough; });
  }

  [[nodiscard]] std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return waiting_.size();
  }

 private:
  [[nodiscard]] std::size_t much() const noexcept { return (capacity_ + 1) / 2; }

  bool add(live_rating rating) {
    if (closed_) return false;
    waiting_.push_back({std::move(rating), std::chrono::steady_clock::now()});
    if (waiting_.size() == 1 || waiting_.size() == much()) arrived_.notify_all();
    return true;
  }

  void set_closed(bool closed) {
    {
      const std::lock_guard lock(mutex_);
      closed_ = closed;
    }
    room_.notify_all();
  }

  std::size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable_any room_;
  std::condition_variable_any arrived_;
  std::vector<queued_rating> waiting_;
  bool closed_ = false;
};

}  // namespace kindred::detail::live
