#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

namespace kindred::detail::live {

/// A thread that works when it is asked to, and else does not exist.
class worker {
 public:
  /// `work` looks for itself what is to be done; it throws nothing.
  explicit worker(std::function<void(const std::stop_token&)> work) : work_(std::move(work)) {}

  /// Has the work done: now or, if it is being done, once more after that.
  /// Throws std::system_error if there can be no thread.
  void start() {
    const std::lock_guard lock(mutex_);
    again_ = true;
    if (busy_) return;
    // The thread before this one has nothing left to do: to wait for it takes no time.
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
    busy_ = true;
  }

  /// Returns when nothing is being done.
  void wait() {
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [&] { return !busy_; });
  }

  [[nodiscard]] bool busy() const {
    const std::lock_guard lock(mutex_);
    return busy_;
  }

 private:
  void run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (std::exchange(again_, false) && !stop.stop_requested()) {
      lock.unlock();
      work_(stop);
      lock.lock();
    }
    busy_ = false;
    idle_.notify_all();
  }

  std::function<void(const std::stop_token&)> work_;
  mutable std::mutex mutex_;
  std::condition_variable idle_;
  bool busy_ = false;
  bool again_ = false;
  std::jthread thread_;  ///< last, so that it is stopped first
};

}  // namespace kindred::detail::live
